"""``pulumi-ngrok-tg delete``: only what no stack manages."""

import subprocess
from collections.abc import Callable

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
        assert f"Nothing was deleted: {managed['id']} is managed by {by}" in said
    # Also where the command is about a stack of another project, which is called the same.
    web = stack.resource("web")["id"]
    said = stack.tool("delete", "--yes", web, "--stack", "organization/other/dev", code=1).text
    assert f"Nothing was deleted: {web} is managed by web (stack dev)" in said
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


def test_what_ngroks_operator_owns_is_not_deleted(stack: Stack, emulator: Emulator) -> None:
    operators = emulator.account(KEY).create({"metadata": '{"owned-by":"ngrok-operator"}'})
    said = stack.tool("delete", "-y", operators.id, code=1).text
    assert f"{operators.id} is owned by ngrok's Kubernetes operator" in said
    assert operators.id in emulator.account(KEY).backends


def test_what_has_a_tunnel_online_is_not_deleted_where_that_is_refused(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator
) -> None:
    emulator.account(KEY).connect_tunnel({"app": "web"})
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "refuse")
    said = stack.tool("delete", "-y", stray.id, code=1).text
    assert f'{stray.id} has 1 tunnel online, and pulumi-ngrok-tg:onTrafficLoss is "refuse".' in said
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "warn")
    stack.tool("delete", "-y", stray.id)
    assert stray.id not in emulator.account(KEY).backends


def test_many_are_deleted_at_once_and_a_failure_ends_none_of_the_others(stack: Stack, emulator: Emulator) -> None:
    made = [emulator.account(KEY).create({"labels": {"n": str(n)}}).id for n in range(30)]
    emulator.fault(method="DELETE", path=made[7], status=400, error_code=6502, message="Still referenced.")
    emulator.set(latency=0.1)
    said = stack.tool("delete", "--yes", *made, code=1).text
    assert said.count("Deleted bkdtg_") == 29
    assert f"Did not delete {made[7]}: DELETE " in said
    assert "1 of 30 were not deleted." in said
    assert emulator.peak > 4
    assert set(made) & set(emulator.account(KEY).backends) == {made[7]}


def test_what_a_stack_has_adopted_while_it_asked_is_not_deleted(
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
    assert f"Nothing was deleted: {stray.id} is managed by stray (stack dev)." in said
    assert stray.id in emulator.account(KEY).backends


def test_nobody_to_ask_is_a_line(stack: Stack, stray: EmulatedBackend) -> None:
    said = stack.run("sh", "-c", f"pulumi-ngrok-tg delete {stray.id} <&- || echo ended with $?")
    assert "Traceback" not in said
    assert said.endswith("Aborted!\nended with 1\n")
