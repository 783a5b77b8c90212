"""States of earlier versions stay usable: their provider pickles are never rewritten by anyone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

RECORDED = sorted((Path(__file__).parent / "fixtures").glob("state-*.json"))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_state_refreshes_updates_and_destroys(
    new_stack: Callable[..., Stack], emulator: Emulator, recorded: Path
) -> None:
    resources = json.loads(recorded.read_text())["deployment"]["resources"]
    web = next(resource for resource in resources if resource["urn"].endswith("::web"))
    backend = EmulatedBackend(web["id"], web["outputs"]["created_at"], "By hand", labels={"app": "web"})
    emulator.account(KEY).backends[backend.id] = backend

    stack = new_stack("")
    stack.pulumi("stack", "import", "--file", str(recorded))
    stack.refresh()
    assert stack.resource("web")["outputs"]["description"] == "By hand"
    assert stack.resource("web")["outputs"]["__provider"] == web["outputs"]["__provider"]
    # It has no fingerprint of a key before the package kept them, and gets one now.
    assert stack.resource("web")["outputs"]["__key_fingerprint"]
    stack.program('TunnelGroupBackend("web", labels={"app": "web"}, description="Website")')
    stack.up()
    assert (backend.description, backend.metadata) == ("Website", "")
    stack.destroy()
    assert emulator.account(KEY).backends == {}
