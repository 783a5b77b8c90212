"""``pulumi-ngrok-tg list``: the account's backends, who manages each, and which tunnels they serve."""

import json
import os
import pty
import re
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
    assert said.splitlines()[0].split() == ["ID", "LABELS", "DESCRIPTION", "TUNNELS", "AGE", "MANAGED", "BY"]
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
def test_list_shows_which_tunnel_serves_what(stack: Stack, stray: EmulatedBackend, emulator: Emulator) -> None:
    account, web = emulator.account(KEY), stack.resource("web")["id"]
    both = account.connect_tunnel({"app": "web", "dc": "fra"}, "http://localhost:8080")
    one = account.connect_tunnel({"app": "web"}, "evil\x1b[2J\nhost")
    none = account.connect_tunnel({"app": "Web"})

    def tunnels(*options: str) -> dict[str, list[str]]:
        lines = stack.tool("list", "--tunnels", *options).text.partition("\n\n")[2].splitlines()
        assert re.split(r" {2,}", lines[0].strip()) == ["TUNNEL", "SERVES", "FORWARDS TO", "AGENT SESSION", "LABELS"]
        return {
            id_: rest for id_, *rest in (re.split(r" {2,}", line.strip()) for line in lines[1:] if line[:3] == "tn_")
        }

    session = {id_: tunnel.session for id_, tunnel in account.tunnels.items()}
    assert tunnels() == {
        none: ["no backend", "http://localhost:80", session[none], "app=Web"],
        one: [stray.id, "evil\\x1b[2J host", session[one], "app=web"],
        both: [f"{stray.id}, {web}", "http://localhost:8080", session[both], "app=web, dc=fra"],
    }
    assert sorted(tunnels("--label", "dc=fra")) == [both]
    told = json.loads(stack.tool("list", "--tunnels", "--label", "dc=fra", "--json").text)["tunnels"]
    assert told == [
        {
            "id": both,
            "started_at": account.tunnels[both].started_at,
            "labels": {"app": "web", "dc": "fra"},
            "forwards_to": "http://localhost:8080",
            "session": session[both],
            "backends": [stray.id, web],
        }
    ]
    emulator.requests.clear()
    emulator.fault(path="/tunnels", status=404, error_code=7008, message="Withdrawn.")
    said = stack.tool("list", "--tunnels", code=1).text
    assert said.startswith("Error: GET /tunnels: ngrok says: Withdrawn (ERR_NGROK_7008")
    stack.tool("list")
    assert [request.path for request in emulator.requests].count("/tunnels") == 1


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
