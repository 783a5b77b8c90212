"""What users of a native provider know: replacement on changes, tight diffs, debug lines, live status."""

from collections.abc import Callable, Iterator

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

WEB = 'TunnelGroupBackend("web", labels={"app": "web", "dc": "fra"}, description="Website", metadata="m"'
PROGRAM = f"{WEB})"


@pytest.fixture(scope="module")
def deployed(engine, pulumi_home, tmp_path_factory) -> Iterator[Stack]:  # type: ignore[no-untyped-def]
    """One deployed stack for all previews."""
    with Emulator(api_keys=(KEY,)) as server:
        settings = {"NGROK_API_KEY": KEY, "NGROK_API_BASE_URL": server.url}
        made = Stack(engine, pulumi_home, tmp_path_factory.mktemp("deployed"), "shop", f"{WEB})", settings)
        made.up()
        yield made


def changed(text: str) -> list[str]:
    """The lines of a ``--diff`` that tell of properties."""
    lines = [" ".join(line.split()) for line in text.split("Resources:")[0].splitlines()]
    return [line for line in lines if line[:2] in ("+ ", "- ", "~ ") and not line.startswith("~ pulumi")]


# What a diff says ---------------------------------------------------------------------------------------------------


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("arguments", "shown", "summary"),
    [
        (
            'labels={"app": "web", "dc": "fra"}, description="Shop", metadata="m"',
            ['~ description: "Website" => "Shop"'],
            "[diff: ~description]",
        ),
        ('labels={"app": "web", "dc": "fra"}, metadata="m"', ['- description: "Website"'], "[diff: -description]"),
    ],
)
def test_a_diff_shows_what_changes_and_nothing_else(
    deployed: Stack, arguments: str, shown: list[str], summary: str
) -> None:
    deployed.program(f'TunnelGroupBackend("web", {arguments})')
    assert changed(deployed.preview("--diff").text) == shown
    assert summary in deployed.preview().text


@pytest.mark.nightly
def test_a_changed_secret_is_named_and_stays_secret(new_stack: Callable[..., Stack]) -> None:
    program = (
        'TunnelGroupBackend("web", labels={{"a": pulumi.Output.secret("{0}")}}, metadata=pulumi.Output.secret("{0}"))'
    )
    stack = new_stack(program.format("hush-1"))
    stack.up()
    stack.program(program.format("hush-2"))
    said = stack.preview("--diff").text
    assert "~ metadata: [secret] => [secret]" in said
    assert "~ a: [secret] => [secret]" in said
    assert "[diff: ~labels,metadata]" in stack.preview().text
    assert "hush" not in said


@pytest.mark.nightly
def test_label_keys_of_every_form_are_shown_and_deployed(stack: Stack, emulator: Emulator) -> None:
    odd = ["a b", 'q"x', "[0]", "*", "a\\b", "dir\\", "ü.ß", "__internal", "x" * 40]
    labels = {"app": "web", "dc": "fra", **dict.fromkeys(odd, "new")}
    program = 'TunnelGroupBackend("web", labels=LABELS, description="Website", metadata="m")'
    stack.program(program.replace("LABELS", repr(labels)))
    lines = changed(stack.preview("--diff").text)
    for key in ("a b", 'q"x', "[0]", "ü.ß", "x" * 40):
        assert any(line.startswith(f"+ {key}") for line in lines), key
    stack.up()
    (backend,) = emulator.account(KEY).backends.values()
    assert backend.labels == labels
    stack.program(program.replace("LABELS", repr(dict.fromkeys(labels, "newer"))))
    stack.up()
    assert set(backend.labels.values()) == {"newer"}
    stack.preview("--expect-no-changes")


# Replacement --------------------------------------------------------------------------------------------------------


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("watched", "first"),
    [('"labels"', False)],
)
def test_replace_on_changes_replaces(stack: Stack, emulator: Emulator, watched: str, first: bool) -> None:
    (old,) = emulator.account(KEY).backends
    options = f"opts=pulumi.ResourceOptions(replace_on_changes=[{watched}], delete_before_replace={first})"
    stack.program(f"{WEB}, {options})")
    stack.preview("--expect-no-changes")
    stack.program(f"{WEB}, {options})".replace('"app": "web"', '"app": "shop"'))
    assert "1 to replace" in stack.preview().text
    stack.up()
    written = emulator.requests.writes
    assert written == (["DELETE", "POST"] if first else ["POST", "DELETE"])
    (new,) = emulator.account(KEY).backends.values()
    assert new.id != old
    assert new.labels["app"] == "shop"


# What is told while it goes on --------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_debug_shows_each_api_call_and_nothing_secret(stack: Stack, emulator: Emulator) -> None:
    (id_,) = emulator.account(KEY).backends
    program = f"{WEB})".replace("Website", "Shop")
    stack.program(program)
    emulator.fault(method="PATCH", status=503, error_code=9, message="Down.")
    said = stack.up("--debug", "--refresh").text
    path = f"/backends/tunnel_group/{id_}"
    calls = [line.strip() for line in said.split("Diagnostics:")[1].splitlines() if "/backends/" in line]
    assert len(calls) == 3
    assert calls[0].startswith("debug: GET /backends/tunnel_group?limit=100: HTTP 200 in ")
    assert f"debug: PATCH {path}: HTTP 503 in " in calls[1]
    assert "(attempt 1, operation op_" in calls[1]
    assert f"debug: PATCH {path}: HTTP 200 in " in calls[2]
    assert "(attempt 2, operation op_" in calls[2]
    row = said.split("Diagnostics:")[1].split("pulumi-python:dynamic/ngrok:TunnelGroupBackend (web):")[1]
    assert f"PATCH {path}" in row.split("\n\n")[0], "on the resource's own row"
    for secret in (KEY, "Bearer", "Shop"):
        assert all(secret not in call for call in calls)

    stack.program(f"{WEB})")
    assert "/backends/tunnel_group" not in stack.up("--refresh").text


@pytest.mark.nightly
def test_a_wait_shows_live_on_the_row_and_not_in_the_summary(stack: Stack, emulator: Emulator) -> None:
    emulator.fault(method="PATCH", status=429, error_code=226, headers={"Retry-After": "2"})
    stack.program(f"{WEB})".replace("Website", "Shop"))
    said = stack.up().text
    line = "ngrok's limit of requests per minute is reached (ERR_NGROK_226): waiting 2 s, then going on"
    rows = [row for row in said.splitlines() if line in row]
    assert rows
    assert all("TunnelGroupBackend web" in row for row in rows)
    assert "Diagnostics:" not in said


# Stands in for the engine's log where its address is not to be had: the server is started without its argument.
