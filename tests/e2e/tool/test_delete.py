"""``pulumi-ngrok-tg delete``: only what no stack manages."""

from collections.abc import Callable

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.emulator.store import Backend
from tests.conftest import KEY
from tests.e2e.stack import Stack


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
    operators = emulator.account(KEY).create(
        {"labels": {"mood": ":fire:"}, "metadata": '{"owned-by":"ngrok-operator"}'}
    )
    said = stack.tool("delete", "-y", operators.id).text
    assert "(mood=:fire:; 0 tunnels online, " in said
    assert "owned by ngrok's Kubernetes operator" in said
