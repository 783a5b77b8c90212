"""``pulumi-ngrok-tg orphans``: where account and stack are out of step, and what mends it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.cli.said import rows
from tests.e2e.stack import Stack


@pytest.mark.nightly
def test_orphans_names_each_difference_and_how_to_fix_it(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    other = new_stack('TunnelGroupBackend("theirs", description="Theirs")', "other")
    other.up()
    for one in (stack, other):
        one.age()
    theirs = other.resource("theirs")
    web = stack.resource("web")
    account = emulator.account(KEY)
    account.create({"metadata": '{"owned-by":"ngrok-operator"}'})
    del account.backends[web["id"]]
    found = json.loads(stack.tool("orphans", "--json", "--this-stack", code=3).text)
    assert [backend["id"] for backend in found["unmanaged"]] == [theirs["id"], stray.id]
    assert found["missing"] == [{"urn": web["urn"], "id": web["id"], "stack": "dev"}]
    assert found["pending"] == []
    del account.backends[theirs["id"]]
    found = json.loads(stack.tool("orphans", "--json", code=3).text)
    assert [backend["id"] for backend in found["unmanaged"]] == [stray.id]
    assert [missing["id"] for missing in found["missing"]] == [web["id"], theirs["id"]]

    said = stack.tool("orphans", code=3).text
    unused = "Backends that no stack in this state backend manages, not in use:\n"
    assert f"{unused}  {stray.id} (app=web; Stray [bold]\\x1b[31m\\nx)" in said
    assert f"  web ({web['id']}) of the stack dev\n" in said
    forget = re.findall(r"forget it: +(pulumi state delete .*)", said)
    delete = re.findall(r"delete: +(pulumi-ngrok-tg delete .*)", said)
    for command in (*forget, *delete):
        stack.run("sh", "-c", f"yes | {command}")
    stack.program("")
    assert stack.resources() == []
    assert "No differences" in stack.tool("orphans").text


@pytest.mark.nightly
def test_orphans_separates_backends_in_use_from_unused_ones(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator
) -> None:
    account = emulator.account(KEY)
    used = account.create({}).id
    account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], "backend": {"backend": {"id": used}}})
    said = stack.tool("orphans", code=3).text
    in_use, _, free = said.partition("Backends that no stack in this state backend manages, not in use:")
    assert "Backends that no stack in this state backend manages, in use:" in in_use
    assert "    in use by tcp edge 1.tcp.example.com:9: bring it in\n    adopt:   " in in_use
    assert used in in_use
    assert stray.id in free
    emulator.set(references_error=7008)
    said = stack.tool("orphans", code=3).text
    assert "Backends that no stack in this state backend manages, perhaps in use:" in said
    assert "bring it in" not in said
    emulator.set(references_error=None)
    assert "bring it in" not in stack.tool("orphans", "--this-stack", code=3).text, "another stack may manage it"


@pytest.mark.nightly
def test_the_commands_that_orphans_prints_work(stack: Stack, emulator: Emulator, tmp_path: Path) -> None:
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


@pytest.mark.nightly
def test_a_backend_of_two_stacks_is_named_with_the_way_out(
    stack: Stack, emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    web = stack.resource("web")
    import_it = f'import_="{web["id"]}", protect=True'
    other = new_stack(
        'TunnelGroupBackend("theirs", labels={"app": "web", "dc": "fra"}, description="Website",\n'
        f"    opts=pulumi.ResourceOptions({import_it}))",
        "other",
    )
    other.up()
    assert rows(stack.tool("list").text)[web["id"]][-1] == "web; theirs (stack organization/other/dev)"
    said = stack.tool("orphans", code=3).text
    assert f"{web['id']} is managed twice. Keep one of these:" in said
    assert "No differences" not in said
    found = json.loads(stack.tool("orphans", "--json", code=3).text)
    assert [one["id"] for one in found["managed_twice"]] == [web["id"]]
    theirs = said.partition("theirs in the stack")[2].partition("web in the stack")[0]
    other.program("")
    refused = stack.tool("delete", "--yes", web["id"], code=1).text
    assert "is managed by web (stack dev), theirs (stack " in refused
    assert "`pulumi-ngrok-tg orphans` shows how one of them releases it." in refused
    for command in re.findall(r"(pulumi state .*)", theirs):
        other.run("sh", "-c", command)
    other.up()
    assert stack.tool("orphans").text == "No differences found.\n"
    assert emulator.account(KEY).backends.keys() == {web["id"]}


@pytest.mark.nightly
def test_a_proxys_404_is_not_called_missing(stack: Stack, emulator: Emulator) -> None:
    emulator.fault(method="GET", hide=(stack.resource("web")["id"],))
    emulator.fault(method="GET", status=404, body="<html>not here</html>")
    assert stack.tool("orphans", code=1).text.startswith("Error: GET /backends/tunnel_group/")
