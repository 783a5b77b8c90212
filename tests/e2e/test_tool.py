"""``pulumi-ngrok-tg list``, ``orphans`` and ``delete`` against a stack's state and an account."""

import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.emulator.store import Backend
from tests.conftest import KEY
from tests.e2e.stack import Stack


@pytest.fixture
def stack(new_stack: Callable[..., Stack]) -> Stack:
    made = new_stack('TunnelGroupBackend("web", labels={"app": "web", "dc": "fra"}, description="Website")')
    made.up()
    return made


@pytest.fixture
def stray(stack: Stack, emulator: Emulator) -> Backend:
    """A backend that nobody manages."""
    return emulator.account(KEY).create({"labels": {"app": "web"}, "description": "Stray [bold]\x1b[31m\nx"})


UNREAD = "The stack organization/other/dev could not be read: no permission"


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a table by their ids."""
    cells = [re.split(r" {2,}", line.strip()) for line in text.splitlines() if line.startswith("bkdtg_")]
    return {id_: rest for id_, *rest in cells}


# list ---------------------------------------------------------------------------------------------------------------


def test_list_shows_what_there_is_and_who_manages_it(
    stack: Stack, stray: Backend, emulator: Emulator, new_stack: Callable[..., Stack]
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

    said = stack.tool("list").text
    assert said.splitlines()[0].split() == ["ID", "LABELS", "DESCRIPTION", "TUNNELS", "AGE", "MANAGED", "BY"]
    table = rows(said)
    assert table[web][:3] == ["app=web, dc=fra", "Website", "1"]
    assert {id_: row[-1] for id_, row in table.items()} == {
        web: "web",
        stray.id: "nobody",
        theirs: "nobody",
        operators.id: "ngrok's operator",
    }
    # The API's words are shown, and do nothing to the terminal.
    assert table[stray.id][1] == r"Stray [bold]\x1b[31m\nx"
    assert "Other stacks were not looked at; --all-stacks does." in said
    assert [request.method for request in emulator.requests] == ["GET"]

    table = rows(stack.tool("list", "--all-stacks").text)
    assert table[theirs][-1] == "theirs (stack organization/other/dev)"
    assert table[stray.id][-1] == "nobody"
    assert rows(stack.tool("list", "--unmanaged", "--all-stacks").text).keys() == {stray.id}
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


def test_list_shows_which_tunnel_serves_what(stack: Stack, stray: Backend, emulator: Emulator) -> None:
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
        one: [stray.id, "evil [2J host", session[one], "app=web"],
        both: [f"{stray.id}, {web}", "http://localhost:8080", session[both], "app=web, dc=fra"],
    }
    assert sorted(tunnels("--label", "dc=fra")) == [both]
    assert sorted(tunnels("--unmanaged")) == sorted([one, both])
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


def test_list_without_a_project_asks_ngrok_alone(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "nothing-here"
    folder.mkdir()
    assert [row[-1] for row in rows(stack.tool("list", "--cwd", str(folder)).text).values()] == ["unknown"]
    said = stack.tool("list", "--cwd", str(folder), "--unmanaged", code=1).text
    assert said.startswith("Error: ")
    assert "no Pulumi.yaml project file found" in said


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


def test_a_slow_list_shows_progress_on_a_terminal_and_ends_clean_on_ctrl_c(stack: Stack, emulator: Emulator) -> None:
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
        while "Reading the account: 100 backends" not in seen:
            seen += os.read(ours, 4096).decode()
        process.send_signal(signal.SIGINT)
        assert process.stdout
        assert process.stdout.read() == ""
        assert process.wait(30) == 1
    try:
        while part := os.read(ours, 4096).decode():
            seen += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert "Aborted!" in seen
    assert "Traceback" not in seen


# orphans ------------------------------------------------------------------------------------------------------------


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
    (file,) = (tmp_path / "state").glob("**/stacks/shop/dev.json")
    state = json.loads(file.read_text())
    deployment = state["checkpoint"]["latest"]
    resource = next(r for r in deployment["resources"] if r["type"].endswith("TunnelGroupBackend"))
    create = {**resource, "urn": resource["urn"] + "-new", "id": ""}
    deployment["pending_operations"] = [
        {"resource": resource, "type": "deleting"},
        {"resource": resource, "type": "updating"},
        {"resource": create, "type": "creating"},
    ]
    file.write_text(json.dumps(state))
    found = json.loads(stack.tool("orphans", "--json", code=3).text)
    assert found["pending"] == [{"urn": create["urn"], "candidates": []}]


@pytest.fixture
def unreadable(stack: Stack, new_stack: Callable[..., Stack], tmp_path: Path, engine: Path) -> None:
    """Another stack, which the CLI cannot export."""
    new_stack("", "other")
    cli = tmp_path / "cli" / "pulumi"
    cli.parent.mkdir()
    refusal = "*export*other*) echo 'error: no permission' >&2; exit 1"
    cli.write_text(f'#!/bin/sh\ncase "$*" in {refusal};; esac\nexec {engine}/pulumi "$@"\n')
    cli.chmod(0o755)
    stack.environment["PATH"] = f"{cli.parent}:{stack.environment['PATH']}"


@pytest.mark.usefixtures("unreadable")
def test_an_import_takes_only_what_it_is_told_where_a_stack_cannot_be_read(
    stack: Stack, stray: Backend, emulator: Emulator
) -> None:
    for chosen in ((), ("--label", "app=web"), ("--id", stray.id, "--label", "app=web")):
        said = stack.tool("import", *chosen, code=1).text
        assert UNREAD in said
        assert "Nothing was imported: a stack could not be read, and may manage some of it." in said
    assert not (stack.folder / "import.json").exists()
    assert UNREAD in stack.tool("import", "--id", stray.id).text
    assert stray.id in (stack.folder / "import.json").read_text()


@pytest.mark.usefixtures("unreadable")
def test_a_stack_that_cannot_be_read_is_named(stack: Stack, stray: Backend) -> None:
    said = stack.tool("list", "--all-stacks").text
    assert UNREAD in said
    assert rows(said)[stray.id][-1] == "nobody"


def test_what_another_key_does_not_see_is_not_called_missing(stack: Stack, emulator: Emulator) -> None:
    with Emulator(api_keys=("test-other-key",)) as other:
        stack.environment |= {"NGROK_API_KEY": "test-other-key", "NGROK_API_BASE_URL": other.url}
        assert json.loads(stack.tool("orphans", "--json").text) == {"unmanaged": [], "pending": [], "missing": []}


def test_a_proxys_404_is_not_called_missing(stack: Stack, emulator: Emulator) -> None:
    emulator.fault(method="GET", hide=(stack.resource("web")["id"],))
    emulator.fault(method="GET", status=404, body="<html>not here</html>")
    assert stack.tool("orphans", code=1).text.startswith("Error: GET /backends/tunnel_group/")


# delete -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unreadable")
def test_delete_takes_a_persons_word_where_a_stack_cannot_be_read(
    stack: Stack, stray: Backend, emulator: Emulator
) -> None:
    said = stack.tool("delete", "--yes", stray.id, code=1).text
    assert UNREAD in said
    assert "Nothing was deleted: a stack could not be read, and may manage what was named" in said
    assert stray.id in emulator.account(KEY).backends
    said = stack.tool("delete", stray.id, given="y\n").text
    assert UNREAD in said
    assert stray.id not in emulator.account(KEY).backends


def test_delete_asks_first_and_refuses_what_a_stack_manages(
    stack: Stack, stray: Backend, emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    other = new_stack('TunnelGroupBackend("theirs", description="Theirs")', "other")
    other.up()
    backends = emulator.account(KEY).backends
    for managed, by in ((stack.resource("web"), "web in the stack dev"), (other.resource("theirs"), "theirs in the")):
        said = stack.tool("delete", "--yes", stray.id, managed["id"], code=1).text
        assert f"Nothing was deleted: {managed['id']} is managed by {by}" in said
    # Also where the command is about a stack of another project, which is called the same.
    web = stack.resource("web")["id"]
    said = stack.tool("delete", "--yes", web, "--stack", "organization/other/dev", code=1).text
    assert f"Nothing was deleted: {web} is managed by web in the stack dev" in said
    assert "Aborted!" in stack.tool("delete", stray.id, given="n\n", code=1).text
    assert "Aborted!" in stack.tool("delete", stray.id, given="", code=1).text
    for wrong in ("bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4", "../../api_keys/ak_1"):
        said = stack.tool("delete", "--yes", stray.id, wrong, code=1).text
        assert wrong in said
    assert stray.id in backends
    assert "DELETE" not in {request.method for request in emulator.requests}

    said = stack.tool("delete", stray.id, stray.id, given="y\n").text
    assert r"(app=web; Stray [bold]\x1b[31m\nx; 0 tunnels online, " in said
    assert f"Deleted {stray.id}\n" in said
    assert len(backends) == 2
    operators = emulator.account(KEY).create({"metadata": '{"owned-by":"ngrok-operator"}'})
    assert "owned by ngrok's Kubernetes operator" in stack.tool("delete", "-y", operators.id).text
