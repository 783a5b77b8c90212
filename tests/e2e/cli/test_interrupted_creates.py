"""What an interrupted or lost create may have made: it ends in one backend, by the commands that are printed."""

import json
import re
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.cli.pending import leave_pending
from tests.e2e.cli.said import rows
from tests.e2e.stack import Stack

OTHER = 'TunnelGroupBackend("other", description="Other")'
MADE = 'TunnelGroupBackend("made", labels={"app": "web"}, description="Made")'


@pytest.fixture
def made(stack: Stack, other: Stack, emulator: Emulator, tmp_path: Path) -> EmulatedBackend:
    """A backend that an interrupted create of the other stack has made."""
    backend = emulator.account(KEY).create({"labels": {"app": "web"}, "description": "Made"})
    resource = other.resource("other")
    inputs = {**resource["inputs"], "labels": backend.labels, "description": "Made"}
    leave_pending(tmp_path, "creating", "other", urn=f"{resource['urn'][:-5]}made", id="", inputs=inputs, outputs={})
    other.program(f"{OTHER}\n{MADE}")
    return backend


COMMANDS = r"^    [a-z ]+: +((?:PULUMI_NGROK_TG_ADOPT=identical )?pulumi .*)$"


def run_printed(stack: Stack, pattern: str, said: str) -> None:
    """Runs the commands that a text prints, in the folder of a stack."""
    commands = re.findall(pattern, said, re.MULTILINE)
    assert commands
    for command in commands:
        stack.run("sh", "-c", command if "--yes" in command else f"{command} --yes")


@pytest.mark.nightly
def test_another_stacks_interrupted_create_is_nobody_elses(
    stack: Stack, other: Stack, made: EmulatedBackend, emulator: Emulator
) -> None:
    who = "unknown: made (stack organization/other/dev), interrupted?"
    assert rows(stack.tool("list").text)[made.id][-1] == who
    reason = (
        f"Left out {made.id}: it may have been made by the interrupted create of made in the stack "
        "organization/other/dev; `pulumi-ngrok-tg orphans` shows how to adopt it."
    )
    assert reason in stack.tool("import", "--yes").text
    assert not (stack.folder / "tunnel_group_backends.py").exists()
    refused = stack.tool("delete", "--yes", made.id, code=1).text
    assert f"{made.id} may have been made by the interrupted create of made in the stack" in refused
    said = stack.tool("orphans", code=3).text
    assert f"made (stack organization/other/dev): its create was interrupted; it may have made {made.id}." in said
    assert "import --id" not in said
    # In the other stack's folder, as it says, the commands lead to one backend.
    run_printed(other, COMMANDS, said)
    assert other.resource("made")["id"] == made.id
    assert stack.tool("orphans").text == "No differences found.\n"
    assert len(emulator.account(KEY).backends) == 3


@pytest.mark.nightly
def test_a_create_whose_response_was_lost_ends_in_one_backend(stack: Stack, emulator: Emulator) -> None:
    """Its error and ``orphans`` print a command each; either leads to one backend."""
    account = emulator.account(KEY)
    program = (stack.folder / "__main__.py").read_text()
    for number, source in enumerate(("error", "orphans")):
        emulator.fault(method="POST", drop="after")
        emulator.fault(method="GET", path="tunnel_group", times=None, status=403, error_code=635)
        stack.program(f'{program}\nTunnelGroupBackend("b{number}", labels={{"n": "{number}"}})')
        said = stack.up(fails=True).text
        emulator.faults.clear()
        if source == "orphans":
            said = stack.tool("orphans", code=3).text
            assert "    or, if the program declares it already:  PULUMI_NGROK_TG_ADOPT=identical pulumi up\n" in said
            # Who imports it all the same is warned before there are two.
            stack.tool("import", "--yes")
            (lost,) = account.backends.keys() - {resource["id"] for resource in stack.resources()}
            assert f"this creates another backend with exactly the contents of {lost}" in stack.preview().text
            stack.program(f'{program}\nTunnelGroupBackend("b{number}", labels={{"n": "{number}"}})')
        run_printed(stack, r"(PULUMI_NGROK_TG_ADOPT=identical pulumi up)", " ".join(said.split()))
        assert len(account.backends) == 2
        assert {resource["id"] for resource in stack.resources()} == account.backends.keys()
        account.backends.pop(stack.resource(f"b{number}")["id"])
        stack.pulumi("state", "delete", stack.resource(f"b{number}")["urn"], "--yes")


@pytest.mark.nightly
def test_a_secret_input_of_an_interrupted_create_hides_nothing(
    stack: Stack, emulator: Emulator, tmp_path: Path
) -> None:
    web = stack.resource("web")
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    inputs = {**web["inputs"], "labels": {"app": "new"}, "description": secret}
    leave_pending(tmp_path, "creating", urn=web["urn"] + "-new", id="", inputs=inputs)
    account = emulator.account(KEY)
    may, cannot = account.create({"labels": {"app": "new"}, "description": "x"}), account.create({"description": "x"})
    found = json.loads(stack.tool("orphans", "--json", code=3).text)
    assert [one["candidates"] for one in found["pending"]] == [[may.id]]
    assert [one["id"] for one in found["unmanaged"]] == [cannot.id]
    said = stack.tool("orphans", code=3).text
    assert f"it may have made {may.id} (description cannot be compared: secret)." in said
    assert f'pulumi up    # first add import_="{may.id}" to its options' in said, "its contents cannot be compared"


def test_no_command_adopts_a_backend_of_another_stack(
    stack: Stack, other: Stack, emulator: Emulator, tmp_path: Path
) -> None:
    """The create was interrupted before it was sent, and the other stack manages a backend of these contents."""
    web = stack.resource("web")
    inputs = {**web["inputs"], "labels": {}, "description": "Other"}
    leave_pending(tmp_path, "creating", urn=f"{web['urn'][:-3]}twin", id="", inputs=inputs)
    program = (stack.folder / "__main__.py").read_text()
    stack.program(f'{program}\nTunnelGroupBackend("twin", description="Other")')
    said = stack.tool("orphans", code=3).text
    assert "twin (stack dev): its create was interrupted; the account has no backend with its contents." in said
    run_printed(stack, COMMANDS, said)
    assert stack.resource("twin")["id"] != other.resource("other")["id"]
    assert len(emulator.account(KEY).backends) == 3
    assert stack.tool("orphans").text == "No differences found.\n"
