"""End-to-end tests: the real CLI, and a local ngrok API for each test."""

import shutil
from pathlib import Path

import pytest
from pulumi import automation

from pulumi_ngrok_tg.emulator import Emulator


@pytest.fixture
def stack(tmp_path: Path, ngrok_emulator: Emulator) -> automation.Stack:
    """The stack of a copy of this folder, on a state of the test's own: your own stacks stay as they are."""
    others = shutil.ignore_patterns("Pulumi.*.yaml", "__pycache__")
    program = shutil.copytree(Path(__file__).parent, tmp_path / "program", ignore=others)
    (tmp_path / "state").mkdir()
    environment = {"PULUMI_BACKEND_URL": f"file://{tmp_path}/state", "PULUMI_CONFIG_PASSPHRASE": "test"}
    workspace = automation.LocalWorkspaceOptions(pulumi_home=f"{tmp_path}/home", env_vars=environment)
    return automation.create_stack("dev", work_dir=str(program), opts=workspace)


def test_the_website_has_a_backend(stack: automation.Stack, ngrok_emulator: Emulator) -> None:
    web_id = stack.up().outputs["web_id"].value
    backend = ngrok_emulator.account(ngrok_emulator.api_key).backends[web_id]
    assert backend.labels == {"app": "web", "env": "dev"}


def test_a_lost_response_makes_no_second_backend(stack: automation.Stack, ngrok_emulator: Emulator) -> None:
    ngrok_emulator.fault(method="POST", drop="after")
    stack.up()
    assert len(ngrok_emulator.account(ngrok_emulator.api_key).backends) == 1


def test_a_change_by_hand_is_undone(stack: automation.Stack, ngrok_emulator: Emulator) -> None:
    web_id = stack.up().outputs["web_id"].value
    account = ngrok_emulator.account(ngrok_emulator.api_key)
    account.update(web_id, {"description": "changed by hand"})
    stack.refresh()
    stack.up()
    assert account.backends[web_id].description == "web (dev)"


def test_the_stack_goes_as_it_came(stack: automation.Stack, ngrok_emulator: Emulator) -> None:
    stack.up()
    stack.destroy()
    assert ngrok_emulator.requests.writes == ["POST", "DELETE"]
