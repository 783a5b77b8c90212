"""What holds for every command: options, the key, and errors in one line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.cli.said import rows
from tests.e2e.stack import Stack


@pytest.mark.nightly
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


@pytest.mark.nightly
@pytest.mark.parametrize("command", ["list", "import", "orphans"])
def test_what_is_missing_or_wrong_is_one_line(stack: Stack, emulator: Emulator, command: str, tmp_path: Path) -> None:
    assert "no stack named 'gone' found" in stack.tool(command, "--stack", "gone", code=1).text
    said = stack.tool(command, "--cwd", str(tmp_path), "--stack", "dev", code=1).text
    assert (
        said == "Error: There is no Pulumi project here or above. Go to the project's folder, or name it with --cwd.\n"
    )
    assert stack.tool(command, "--label" if command != "orphans" else "--nothing", "app", code=2)
    stack.environment["NGROK_API_KEY"] = "test-not-a-key"
    said = stack.tool(command, code=1).text
    assert said.startswith("Error: GET /backends/tunnel_group: ngrok says: ")
    assert "test-not-a-key" not in said
    assert "Use a valid API key" in said
    assert len(said.splitlines()) == 1
    del stack.environment["NGROK_API_KEY"]
    assert stack.tool(command, code=1).text.startswith("Error: No ngrok API key is configured.")
    stack.environment["PATH"] = os.pathsep.join(
        part for part in stack.environment["PATH"].split(os.pathsep) if not (Path(part) / "pulumi").exists()
    )
    assert "The Pulumi CLI cannot be run" in stack.tool(command, code=1).text
    assert set(emulator.requests.methods) <= {"GET", "POST"}


@pytest.mark.nightly
def test_pulumi_stack_selects_the_stack(stack: Stack) -> None:
    stack.pulumi("stack", "init", "live")
    stack.environment["PULUMI_STACK"] = "dev"
    assert rows(stack.tool("list").text)[stack.resource("web")["id"]][-1] == "web"


@pytest.mark.nightly
@pytest.mark.parametrize("way", ["option"])
def test_another_config_file_has_the_key(new_stack: Callable[..., Stack], emulator: Emulator, way: str) -> None:
    stack = new_stack("", environment={})
    file = stack.folder / "other.yaml"
    file.write_text(f"config:\n  ngrok:apiKey: {KEY}\n  ngrok:apiBaseUrl: {emulator.url}\n")
    if way == "variable":
        stack.environment["PULUMI_OPTION_CONFIG_FILE"] = str(file)
    stack.tool("list", *(("--config-file", str(file)) if way == "option" else ()))


@pytest.mark.nightly
def test_the_key_of_the_config_comes_first_and_is_never_shown(stack: Stack, emulator: Emulator) -> None:
    stack.pulumi("config", "set", "--secret", "ngrok:apiKey", KEY)
    stack.environment["NGROK_API_KEY"] = "test-another"
    for command in ("list", "import", "orphans"):
        said = stack.tool(command).text
        assert KEY not in said
        assert "test-another" not in said
