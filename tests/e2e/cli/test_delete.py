"""``pulumi-ngrok-tg delete``: only what nothing uses and no stack manages, unless forced."""

import subprocess
from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack


def test_delete_asks_first_and_refuses_what_a_stack_manages(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    other = new_stack('TunnelGroupBackend("theirs", description="Theirs")', "other")
    other.up()
    backends = emulator.account(KEY).backends
    for managed, by in ((stack.resource("web"), "web (stack dev)"), (other.resource("theirs"), "theirs (stack ")):
        said = stack.tool("delete", "--yes", stray.id, managed["id"], code=1).text
        assert f"{managed['id']} is managed by {by}" in said
        assert "Error: Nothing was deleted, for the reasons above." in said
    # Also where the command is about a stack of another project, which is called the same.
    web = stack.resource("web")["id"]
    said = stack.tool("delete", "--yes", web, "--stack", "organization/other/dev", code=1).text
    assert f"{web} is managed by web (stack dev)" in said
    assert "Aborted!" in stack.tool("delete", stray.id, given="n\n", code=1).text
    assert "Aborted!" in stack.tool("delete", stray.id, given="", code=1).text
    for wrong in ("bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4", "../../api_keys/ak_1"):
        said = stack.tool("delete", "--yes", stray.id, wrong, code=1).text
        assert wrong in said
    assert stray.id in backends
    assert "DELETE" not in set(emulator.requests.methods)

    said = stack.tool("delete", stray.id, stray.id, given="y\n").text
    assert r"(app=web; Stray [bold]\x1b[31m\nx; 0 tunnels online, " in said
    assert f"Deleted {stray.id}\n" in said
    assert len(backends) == 2


@pytest.mark.nightly
def test_an_operators_backend_is_not_deleted(stack: Stack, emulator: Emulator) -> None:
    operators = emulator.account(KEY).create({"metadata": '{"owned-by":"ngrok-operator"}'})
    said = stack.tool("delete", "-y", operators.id, code=1).text
    assert f"{operators.id} is owned by ngrok's Kubernetes operator" in said
    assert operators.id in emulator.account(KEY).backends


def test_a_backend_in_use_is_not_deleted_and_each_reason_is_named(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator
) -> None:
    account = emulator.account(KEY)
    account.connect_tunnel({"app": "web"})
    used, free = account.create({}).id, account.create({"labels": {"n": "1"}}).id
    account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], "backend": {"backend": {"id": used}}})
    said = stack.tool("delete", "-y", stray.id, used, free, code=1).text
    assert f"{stray.id} has 1 tunnel online. Stop every tunnel in it first." in said
    assert f"{used} is used by tcp edge 1.tcp.example.com:9. Replace it there first." in said
    assert free not in said
    emulator.set(references_error=7008)
    said = stack.tool("delete", "-y", free, code=1).text
    assert f"{free} may be used, because not everything that could refer to it was listed." in said
    assert "DELETE" not in emulator.requests.methods
    emulator.set(references_error=None)
    stack.tool("delete", "-y", free)
    assert {stray.id, used} < account.backends.keys()


@pytest.mark.nightly
def test_force_deletes_after_a_question_that_names_the_count(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator
) -> None:
    account = emulator.account(KEY)
    account.connect_tunnel({"app": "web"})
    free = account.create({"labels": {"n": "1"}}).id
    said = stack.tool("delete", "--force", stray.id, free, given="n\n", code=1).text
    assert f"{stray.id} has 1 tunnel online." in said
    assert "Delete 2 backends (1 of them managed or in use, see above)?" in said
    assert "DELETE" not in emulator.requests.methods
    said = stack.tool("delete", "--force", stray.id, free, given="y\n").text
    assert f"Deleted {stray.id}" in said
    assert not {stray.id, free} & account.backends.keys()


def asking(stack: Stack, *options: str) -> "subprocess.Popen[str]":
    """Starts a delete of one backend, and returns once it has named what it asks about."""
    process = stack.start("pulumi-ngrok-tg", "delete", *options, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    while options[-1] + " (" not in process.stdout.readline():
        assert process.poll() is None
    return process


@pytest.mark.parametrize("force", [True])
@pytest.mark.parametrize("comes", ["an edge", "a tunnel"])
def test_a_backend_used_since_the_question_is_not_deleted(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator, force: bool, comes: str
) -> None:
    account = emulator.account(KEY)
    with asking(stack, *(["--force"] if force else []), stray.id) as process:
        if comes == "an edge":
            edge = {"hostports": ["live.tcp.example.com:9"], "backend": {"backend": {"id": stray.id}}}
            account.add_referrer("tcp_edges", edge)
        else:
            account.connect_tunnel({"app": "web"})
        said, _ = process.communicate("y\n", timeout=120)
    assert process.returncode == 1
    assert f"Did not delete {stray.id}: since the first check, it " in said
    assert stray.id in account.backends


@pytest.mark.nightly
def test_many_deletes_that_ngrok_refuses_take_two_lists(stack: Stack, emulator: Emulator) -> None:
    account = emulator.account(KEY)
    ids = [account.create({"labels": {"n": str(n)}}).id for n in range(12)]
    account.add_referrer("failover_backends", {"backends": ids})
    emulator.requests.clear()
    said = stack.tool("delete", "--force", "--yes", *ids, code=1).text
    assert said.count("It is used by failover ") == 12
    paths = [request.path for request in emulator.requests]
    assert (paths.count("/backends/failover"), paths.count("/backends/weighted")) == (2, 2), "before, and on the error"


@pytest.mark.nightly
def test_each_further_eight_are_checked_again(stack: Stack, emulator: Emulator) -> None:
    account = emulator.account(KEY)
    ids = [account.create({"labels": {"n": str(n)}}).id for n in range(10)]
    edge = {"id": "edg_1", "hostports": ["1.tcp.example.com:9"], "backend": {"backend": {"id": ids[8]}}}
    emulator.fault(path="/edges/tcp", skip=1, fields={"tcp_edges": [edge]})  # as if it had come after the first list
    said = stack.tool("delete", "--yes", *ids, code=1).text
    assert f"Did not delete {ids[8]}: since the first check, it is used by tcp edge 1.tcp.example.com:9." in said
    assert "1 of 10 were not deleted." in said
    assert set(ids) & account.backends.keys() == {ids[8]}


@pytest.mark.nightly
def test_what_cannot_be_checked_again_is_not_deleted(stack: Stack, emulator: Emulator) -> None:
    account = emulator.account(KEY)
    ids = [account.create({"labels": {"n": str(n)}}).id for n in range(10)]
    emulator.fault(path="tunnel_group", method="GET", skip=1, status=403, error_code=7008, message="Withdrawn.")
    said = stack.tool("delete", "--yes", *ids, code=1).text
    assert "Error: 2 of 10 were not deleted: GET /backends/tunnel_group: ngrok says: Withdrawn" in said
    assert set(ids) & account.backends.keys() == set(ids[8:])


@pytest.mark.nightly
def test_one_failure_ends_no_other_delete(stack: Stack, emulator: Emulator) -> None:
    made = [emulator.account(KEY).create({"labels": {"n": str(n)}}).id for n in range(30)]
    emulator.fault(method="DELETE", path=made[7], status=400, error_code=6502, message="Still referenced.")
    emulator.set(latency=0.1)
    said = stack.tool("delete", "--yes", *made, code=1).text
    assert said.count("Deleted bkdtg_") == 29
    assert f"Did not delete {made[7]}: DELETE " in said
    assert "1 of 30 were not deleted." in said
    assert emulator.peak > 4
    assert set(made) & set(emulator.account(KEY).backends) == {made[7]}


def test_a_backend_adopted_since_the_question_is_not_deleted(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator
) -> None:
    pipe = subprocess.PIPE
    with stack.start("pulumi-ngrok-tg", "delete", stray.id, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert stray.id in process.stdout.readline(), "from here on it asks"
        stack.program(
            'TunnelGroupBackend("web", labels={"app": "web", "dc": "fra"}, description="Website")\n'
            f'TunnelGroupBackend("stray", labels={{"app": "web"}}, description={stray.description!r},\n'
            f'    opts=pulumi.ResourceOptions(import_="{stray.id}"))'
        )
        stack.up()
        said, _ = process.communicate("y\n", timeout=120)
    assert f"Did not delete {stray.id}: since the first check, it is managed by stray (stack dev)." in said
    assert stray.id in emulator.account(KEY).backends


def test_a_tunnel_online_right_before_the_delete_keeps_the_backend(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator
) -> None:
    shown = {"id": stray.id, "uri": "", "created_at": stray.created_at, "labels": stray.labels, "tunnels": []}
    emulator.account(KEY).connect_tunnel({"app": "web"})
    emulator.fault(method="GET", path="tunnel_group", fields={"backends": [shown]})  # as it was before
    said = stack.tool("delete", "-y", stray.id, code=1).text
    assert f"Did not delete {stray.id}: it has 1 tunnel online." in said
    assert stray.id in emulator.account(KEY).backends


@pytest.mark.nightly
def test_tunnels_that_another_backend_needs_are_not_to_be_stopped(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator
) -> None:
    needed = emulator.account(KEY).create({"labels": dict(stray.labels)})
    emulator.account(KEY).connect_tunnel({"app": "web"})
    said = stack.tool("delete", "--yes", stray.id, code=1).text
    assert f"{stray.id} has 1 tunnel online, which also serves {needed.id}" in said
    assert "do not stop it. Nothing refers to this one, so --force stops no traffic." in said
    said = stack.tool("orphans", code=3).text
    assert said.count("    identical to bkdtg_") == 0, "they differ in their descriptions"
