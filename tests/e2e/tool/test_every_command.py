"""What holds for every command: options, the key, and errors in one line."""

import os
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack
from tests.e2e.tool.said import rows


def test_stack_and_account_are_chosen(stack: Stack, emulator: Emulator, tmp_path: Path) -> None:
    with Emulator(api_keys=("test-eu-key",)) as europe:
        theirs = europe.account("test-eu-key").create({"description": "EU"})
        stack.pulumi("stack", "init", "live")
        for setting in (("--secret", "ngrok-eu:apiKey", "test-eu-key"), ("ngrok-eu:apiBaseUrl", europe.url)):
            stack.pulumi("config", "set", *setting)
        stack.pulumi("stack", "select", "dev")
        arguments = ("list", "--stack", "live", "--account", "eu", "--cwd", str(stack.folder))
        assert rows(stack.tool(*arguments).text).keys() == {theirs.id}
    said = stack.tool("list", "--account", "eu", code=1).text
    assert said.startswith(
        "Error: No ngrok API key is configured for the account 'eu'. Run `pulumi config set --secret"
    )


@pytest.mark.parametrize("command", ["list", "import", "orphans"])
def test_what_is_missing_or_wrong_is_one_line(stack: Stack, emulator: Emulator, command: str, tmp_path: Path) -> None:
    assert "no stack named 'gone' found" in stack.tool(command, "--stack", "gone", code=1).text
    assert stack.tool(command, "--label" if command != "orphans" else "--nothing", "app", code=2)
    stack.environment["NGROK_API_KEY"] = "test-not-a-key"
    said = stack.tool(command, code=1).text
    assert said.startswith("Error: GET /backends/tunnel_group: ngrok says: ")
    assert "test-not-a-key" not in said
    assert "Set a valid API key" in said
    assert len(said.splitlines()) == 1
    del stack.environment["NGROK_API_KEY"]
    assert stack.tool(command, code=1).text.startswith("Error: No ngrok API key is configured.")
    stack.environment["PATH"] = os.pathsep.join(
        part for part in stack.environment["PATH"].split(os.pathsep) if not (Path(part) / "pulumi").exists()
    )
    assert "The Pulumi CLI cannot be run" in stack.tool(command, code=1).text
    assert {request.method for request in emulator.requests} <= {"GET", "POST"}


def test_of_a_preview_that_fails_only_the_errors_are_told(stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(
        "import pulumi\n"
        "class Said(pulumi.ComponentResource):\n"
        "    def __init__(self):\n"
        "        super().__init__('test:index:Said', 'said', {'message': 'Deploy of shop finished'})\n"
        "Said()\n"
        "raise ValueError('no such shop')\n"
    )
    said = stack.tool("import", "--run", code=1).text
    assert "no such shop" in said
    assert "finished" not in said


def test_the_key_of_the_config_comes_first_and_is_never_shown(stack: Stack, emulator: Emulator) -> None:
    stack.pulumi("config", "set", "--secret", "ngrok:apiKey", KEY)
    stack.environment["NGROK_API_KEY"] = "test-another"
    for command in ("list", "import", "orphans"):
        said = stack.tool(command).text
        assert KEY not in said
        assert "test-another" not in said
