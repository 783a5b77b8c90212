"""Changes made behind Pulumi's back: what counts as drift, how it shows, and how it is repaired."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from pulumi_ngrok_tg.emulator import EmulatedAccount, Emulator
from tests.conftest import KEY
from tests.e2e.adopting import ARGUMENTS, WEB, adopting
from tests.e2e.stack import Stack

PROGRAM = """
    web = TunnelGroupBackend("web", labels={"app": "web"}, description="Website", metadata="m1")
    pulumi.export("id", web.id)
    pulumi.export("tunnels", web.tunnels.apply(lambda tunnels: [t.id for t in tunnels]))
"""


@pytest.fixture
def account(emulator: Emulator) -> EmulatedAccount:
    return emulator.account(KEY)


@pytest.mark.parametrize(
    ("name", "drifted", "wanted", "shown"),
    [("description", "by hand", "Website", '"by hand" => "Website"')],
)
def test_drift_shows_as_its_propertys_diff_and_up_repairs_it(
    stack: Stack, account: EmulatedAccount, emulator: Emulator, name: str, drifted: object, wanted: object, shown: str
) -> None:
    (backend,) = account.backends.values()
    setattr(backend, name, drifted)

    said = stack.preview("--refresh", "--diff").text
    assert f"~ {name}" in said
    assert shown in " ".join(said.split())
    assert "1 to update" in said
    assert f"refresh [diff: ~{name}]" in stack.preview("--refresh").text

    stack.up("--refresh")
    assert getattr(backend, name) == wanted
    assert [r.body for r in emulator.requests if r.method != "GET"] == [{name: wanted}]
    stack.preview("--refresh", "--expect-no-changes")


@pytest.mark.nightly
def test_metadata_in_another_spelling_is_never_drift(new_stack: Callable[..., Stack], account: EmulatedAccount) -> None:
    web = account.create(WEB)
    stack = new_stack(adopting(web), "adopting")
    stack.up()
    for arguments in (ARGUMENTS, ARGUMENTS.replace('{"team": "a"}', """'{"team":  "a"}'""")):
        stack.program(adopting(web, arguments=arguments))
        stack.up("--refresh")
        assert "refresh [diff" not in stack.preview("--refresh", "--expect-no-changes").text
        assert "[diff" not in stack.refresh().text
    web.metadata = '{"team": "b"}'
    assert "refresh [diff: ~metadata]" in stack.preview("--refresh").text
    stack.up("--refresh")
    assert web.metadata == '{"team":  "a"}'


@pytest.mark.nightly
def test_a_refresh_takes_drift_into_the_state_and_the_next_up_undoes_it(stack: Stack, account: EmulatedAccount) -> None:
    (backend,) = account.backends.values()
    backend.description = "by hand"
    stack.refresh()
    assert stack.resource("web")["outputs"]["description"] == "by hand"
    assert stack.resource("web")["inputs"]["description"] == "by hand"
    assert "~description" in stack.preview().text
    stack.up()
    assert backend.description == "Website"


@pytest.mark.nightly
def test_tunnels_are_no_drift_but_show_in_the_outputs(
    stack: Stack, account: EmulatedAccount, emulator: Emulator
) -> None:
    assert stack.output("tunnels") == []
    tunnel = account.connect_tunnel({"app": "web", "host": "a"})
    account.connect_tunnel({"app": "other"})

    said = stack.preview("--refresh", "--diff", "--expect-no-changes").text
    assert tunnel in said
    stack.up("--refresh", "--expect-no-changes")
    assert stack.output("tunnels") == [tunnel]
    assert stack.resource("web")["outputs"]["tunnels"] == [{"id": tunnel, "uri": f"{emulator.url}/tunnels/{tunnel}"}]

    del account.tunnels[tunnel]
    stack.up("--refresh", "--expect-no-changes")
    assert stack.output("tunnels") == []
    assert emulator.requests.writes == []


def test_a_backend_deleted_at_ngrok_is_created_again(stack: Stack, account: EmulatedAccount) -> None:
    old = stack.output("id")
    stack.age()
    account.backends.clear()
    assert "1 to create" in stack.preview("--refresh").text
    stack.up("--refresh")
    (new,) = account.backends
    assert new != old
    assert stack.output("id") == new


@pytest.mark.nightly
def test_a_new_backend_that_one_server_does_not_know_stays_in_the_state(
    stack: Stack, account: EmulatedAccount, emulator: Emulator
) -> None:
    (id_,) = account.backends
    stack.age((datetime.now(timezone.utc) + timedelta(seconds=9)).isoformat())  # by a clock that is a little ahead
    emulator.fault(path="tunnel_group", times=None, hide=(id_,))
    emulator.fault(path=id_, times=None, status=404, error_code=6514)
    (error,) = stack.refresh(fails=True).errors
    assert "(ERR_NGROK_6514, HTTP 404, " in error
    assert error.endswith("It is only seconds old: ngrok may find it later. Run it again in a minute.")
    emulator.faults.clear()
    stack.up("--refresh", "--expect-no-changes")
    assert list(account.backends) == [id_]
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_a_backend_that_is_already_gone_deletes_cleanly(
    stack: Stack, account: EmulatedAccount, emulator: Emulator
) -> None:
    stack.age()
    account.backends.clear()
    stack.destroy()
    assert stack.resources() == []
    assert [request.status for request in emulator.requests if request.method != "GET"] == [404]


@pytest.mark.nightly
def test_updating_a_backend_that_is_gone_says_how_to_go_on(stack: Stack, account: EmulatedAccount) -> None:
    stack.age()
    account.backends.clear()
    stack.program(PROGRAM.replace("Website", "Shop"))
    (error,) = stack.up(fails=True).errors
    assert "no longer exists" in error
    assert "pulumi refresh" in error
    stack.up("--refresh")
    assert [backend.description for backend in account.backends.values()] == ["Shop"]
