"""Each example, as its README runs it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY, ROOT
from tests.e2e.stack import Stack

EXAMPLES = ROOT / "examples"


@pytest.fixture
def example(new_stack: Callable[..., Stack]) -> Callable[[str], Stack]:
    def copy(name: str) -> Stack:
        return new_stack(EXAMPLES / name, name)

    return copy


@pytest.mark.nightly
def test_basic_and_consumer(example: Callable[[str], Stack], emulator: Emulator) -> None:
    basic, consumer = example("basic"), example("consumer")
    basic.up()
    ids = basic.output("backend_ids")
    held = emulator.account(KEY).backends
    assert held[ids["canary"]].labels == {"app": "web", "canary-of": ids["web"]}
    consumer.pulumi("config", "set", "producer", "organization/ngrok-basic/dev")
    consumer.up()
    assert consumer.output("stands_in_for") == ids["web"]
    assert held[consumer.output("fallback_id")].description == f"Takes over from {ids['web']}"
    for stack in (consumer, basic):
        stack.destroy()
    assert held == {}


@pytest.fixture
def two_accounts() -> Iterator[Emulator]:
    with Emulator(api_keys=("test-key-default", "test-key-eu")) as emulator:
        yield emulator


@pytest.mark.nightly
def test_accounts(new_stack: Callable[..., Stack], two_accounts: Emulator) -> None:
    stack = new_stack(EXAMPLES / "accounts", "accounts", {"NGROK_API_BASE_URL": two_accounts.url})
    stack.pulumi("config", "set", "--secret", "ngrok:apiKey", "test-key-default")
    stack.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", "test-key-eu")
    stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", two_accounts.url)
    stack.up()
    ids = stack.output("web_ids")
    assert list(two_accounts.account("test-key-default").backends) == [ids["default"]]
    assert list(two_accounts.account("test-key-eu").backends) == [ids["eu"]]
    assert stack.output("in_the_eu_before") == 0


@pytest.mark.nightly
def test_component(example: Callable[[str], Stack], emulator: Emulator) -> None:
    stack = example("component")
    stack.up()
    shop = stack.output("shop")
    held = emulator.account(KEY).backends
    assert {region: held[id_].labels for region, id_ in shop.items()} == {
        "fra": {"app": "shop", "region": "fra"},
        "iad": {"app": "shop", "region": "iad"},
    }
    assert json.loads(held[stack.output("search")["fra"]].metadata) == {"team": "discovery"}
    assert len(held) == 3
    stack.destroy()
    assert held == {}


@pytest.mark.nightly
def test_import(example: Callable[[str], Stack], emulator: Emulator) -> None:
    made = emulator.account(KEY).create({"labels": {"app": "web", "dc": "fra"}, "description": "Website"})
    stack = example("import")
    stack.pulumi("config", "set", "backendId", made.id)
    told = stack.preview(fails=True).text
    assert "description" in told
    emulator.account(KEY).update(made.id, {"description": "Public website"})
    stack.up()
    assert stack.output("web_id") == made.id
    assert emulator.requests.writes == []
    assert "protected" in stack.destroy(fails=True).text


@pytest.mark.nightly
def test_automation(example: Callable[[str], Stack], emulator: Emulator) -> None:
    stack = example("automation")
    said = stack.run(sys.executable, "main.py", "up", "acme", "globex")
    held = emulator.account(KEY).backends
    assert said.splitlines() == [f"{backend.labels['tenant']} {backend.id}" for backend in held.values()]
    assert stack.run(sys.executable, "main.py", "destroy", "acme", "globex").splitlines() == [
        "acme is gone",
        "globex is gone",
    ]
    assert held == {}


@pytest.mark.nightly
def test_testing(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack(EXAMPLES / "testing", "testing", {})
    before = {path.name for path in stack.folder.iterdir()}
    home = Path(stack.environment["PULUMI_HOME"])
    workspaces = set(home.glob("workspaces/*"))
    said = stack.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "6 passed" in said
    assert set(home.glob("workspaces/ngrok-testing-*")) <= workspaces
    assert {path.name for path in stack.folder.iterdir()} - {"__pycache__"} == before
    assert "dev" in stack.pulumi("stack", "ls").text
    # In a clone, too, whatever this repository's own settings for pytest are.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:timeout", "--collect-only"]
    there = subprocess.run(command, cwd=EXAMPLES / "testing", capture_output=True, text=True, timeout=60, check=False)
    assert "6 tests collected" in there.stdout, there.stdout + there.stderr


@pytest.mark.nightly
def test_the_programs_are_well_typed(tmp_path: Path) -> None:
    from mypy import api

    for folder in sorted(EXAMPLES.iterdir()):
        said, failed, _ = api.run(["--strict", "--allow-untyped-decorators", "--cache-dir", str(tmp_path), str(folder)])
        assert said.startswith("Success"), f"{folder.name}: {said}{failed}"
