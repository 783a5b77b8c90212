"""``pulumi-ngrok-tg orphans``: where account and stack are out of step, and what mends it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.emulator.store import Backend
from tests.conftest import KEY
from tests.e2e.stack import Stack
from tests.e2e.tool.pending import leave_pending


def test_orphans_names_what_is_out_of_step_and_what_mends_it(
    stack: Stack, stray: Backend, emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    other = new_stack('TunnelGroupBackend("theirs", description="Theirs")', "other")
    other.up()
    theirs = other.resource("theirs")
    web = stack.resource("web")
    account = emulator.account(KEY)
    account.create({"metadata": '{"owned-by":"ngrok-operator"}'})
    del account.backends[web["id"]]
    found = json.loads(stack.tool("orphans", "--json", code=3).text)
    assert [backend["id"] for backend in found["unmanaged"]] == [theirs["id"], stray.id]
    assert found["missing"] == [{"urn": web["urn"], "id": web["id"], "stack": "dev"}]
    assert found["pending"] == []
    del account.backends[theirs["id"]]
    found = json.loads(stack.tool("orphans", "--json", "--all-stacks", code=3).text)
    assert [backend["id"] for backend in found["unmanaged"]] == [stray.id]
    assert [missing["id"] for missing in found["missing"]] == [web["id"], theirs["id"]]

    said = stack.tool("orphans", code=3).text
    assert f"{stray.id} (app=web; Stray [bold]\\x1b[31m\\nx)" in said
    assert f"  web ({web['id']}) of the stack dev\n" in said
    forget = re.findall(r"forget it: +(pulumi state delete .*)", said)
    delete = re.findall(r"delete: +(pulumi-ngrok-tg delete .*)", said)
    for command in (*forget, *delete):
        stack.run("sh", "-c", f"yes | {command}")
    stack.program("")
    assert stack.resources() == []
    assert "in step" in stack.tool("orphans").text


def test_what_orphans_prints_works_from_where_it_was_asked(stack: Stack, emulator: Emulator, tmp_path: Path) -> None:
    with Emulator(api_keys=("test-eu-key",)) as europe:
        stack.pulumi("stack", "init", "live")
        for setting in (("--secret", "ngrok-eu:apiKey", "test-eu-key"), ("ngrok-eu:apiBaseUrl", europe.url)):
            stack.pulumi("config", "set", *setting)
        stack.pulumi("stack", "select", "dev")
        stray = europe.account("test-eu-key").create({"description": "EU"})
        where = ("-C", str(stack.folder), "-s", "live", "--account", "eu")
        said = stack.tool("orphans", *where, code=3).text
        (command,) = re.findall(r"delete: +(pulumi-ngrok-tg delete .*)", said)
        stack.run("sh", "-c", f"cd {tmp_path} && yes | {command}")
        assert europe.account("test-eu-key").backends == {}
        assert stray.id in command


def test_only_creates_are_pending_creates(stack: Stack, tmp_path: Path) -> None:
    urn = stack.resource("web")["urn"] + "-new"
    leave_pending(tmp_path, "deleting")
    leave_pending(tmp_path, "updating")
    leave_pending(tmp_path, "creating", urn=urn, id="")
    found = json.loads(stack.tool("orphans", "--json", code=3).text)
    assert found["pending"] == [{"urn": urn, "candidates": []}]


def test_what_another_key_does_not_see_is_not_called_missing(stack: Stack, emulator: Emulator) -> None:
    with Emulator(api_keys=("test-other-key",)) as other:
        stack.environment |= {"NGROK_API_KEY": "test-other-key", "NGROK_API_BASE_URL": other.url}
        assert json.loads(stack.tool("orphans", "--json").text) == {
            "unmanaged": [],
            "unknown": [],
            "pending": [],
            "missing": [],
        }


def test_a_proxys_404_is_not_called_missing(stack: Stack, emulator: Emulator) -> None:
    emulator.fault(method="GET", hide=(stack.resource("web")["id"],))
    emulator.fault(method="GET", status=404, body="<html>not here</html>")
    assert stack.tool("orphans", code=1).text.startswith("Error: GET /backends/tunnel_group/")
