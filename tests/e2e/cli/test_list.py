"""``pulumi-ngrok-tg list``: the account's backends, who manages each, and which tunnels they serve."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.cli.said import rows
from tests.e2e.stack import Stack


@pytest.mark.nightly
def test_list_shows_backends_and_who_manages_them(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    account = emulator.account(KEY)
    account.connect_tunnel({"app": "web", "dc": "fra"})
    operators = account.create({"labels": {"k8s.ngrok.com/namespace": "default"}})
    other = new_stack(
        f'TunnelGroupBackend("theirs", description="Theirs"); TunnelGroupBackend.get("read", "{stray.id}")', "other"
    )
    other.up()
    web, theirs = stack.resource("web")["id"], other.resource("theirs")["id"]
    emulator.requests.clear()

    said = stack.tool("list", "--this-stack").text
    assert said.splitlines()[0].split() == ["ID", "LABELS", "DESCRIPTION", "TUNNELS", "MANAGED", "BY"]
    assert all(line == line.rstrip() for line in said.splitlines()), "no row is as wide as the widest cell"
    table = rows(said)
    assert table[web][:3] == ["app=web, dc=fra", "Website", "1"]
    assert {id_: row[-1] for id_, row in table.items()} == {
        web: "web",
        stray.id: "not this stack",
        theirs: "not this stack",
        operators.id: "ngrok's operator",
    }
    # The API's words are shown, and do nothing to the terminal.
    assert table[stray.id][1] == r"Stray [bold]\x1b[31m\nx"
    assert "Only this stack was checked. Without --this-stack, all of them are." in said
    assert emulator.requests.methods == ["GET"]

    table = rows(stack.tool("list").text)
    assert table[theirs][-1] == "theirs (stack organization/other/dev)"
    assert table[stray.id][-1] == "nobody"
    assert rows(stack.tool("list", "--label", "app=web", "--label", "dc=fra").text).keys() == {web}
    assert rows(stack.tool("list", "--label", "app=Web").text) == {}


@pytest.mark.nightly
def test_list_as_json(stack: Stack, emulator: Emulator) -> None:
    tunnel = emulator.account(KEY).connect_tunnel({"app": "web", "dc": "fra"})
    web = stack.resource("web")
    (backend,) = json.loads(stack.tool("list", "--json").text)["backends"]
    assert backend == {
        "id": web["id"],
        "uri": web["outputs"]["uri"],
        "created_at": web["outputs"]["created_at"],
        "description": "Website",
        "metadata": "",
        "labels": {"app": "web", "dc": "fra"},
        "tunnels": [{"id": tunnel, "uri": f"{emulator.url}/tunnels/{tunnel}"}],
        "managed_by": {"kind": "stack", "stack": "dev", "name": "web", "urn": web["urn"]},
    }


@pytest.mark.nightly
def test_list_works_without_a_project(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "nothing-here"
    folder.mkdir()
    assert [row[-1] for row in rows(stack.tool("list", "--cwd", str(folder)).text).values()] == ["unknown"]
    said = stack.tool("list", "--cwd", str(folder), "--stack", "dev", code=1).text
    assert said.startswith("Error: ")
    assert "There is no Pulumi project here or above." in said


@pytest.mark.nightly
def test_a_slow_list_says_what_it_reads_and_ends_clean_on_ctrl_c(stack: Stack, emulator: Emulator) -> None:
    for n in range(120):
        emulator.account(KEY).create({"description": str(n)})
    emulator.fault(method="GET", skip=1, hang=60)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["pulumi-ngrok-tg", "list"],
        cwd=stack.folder,
        env={**stack.environment, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        os.close(theirs)
        seen = ""
        while "Reading the account" not in seen or len(emulator.requests) < 1:
            seen += os.read(ours, 4096).decode()
        while process.poll() is None:  # a Ctrl-C that comes while Python cleans up an object is lost, so again
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
        assert process.stdout
        assert process.stdout.read() == ""
        assert process.returncode == 1
    try:
        while part := os.read(ours, 4096).decode():
            seen += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert "Aborted!" in seen
    assert "Traceback" not in seen
