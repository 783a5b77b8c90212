"""What refers to a backend is named where ngrok keeps it from being deleted, and where it is replaced."""

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

PROGRAM = 'TunnelGroupBackend("web", labels={"app": "web"})'
REPLACED = 'TunnelGroupBackend("web", labels={"app": "web"}, account="eu")'
OLD = "will still refer to {}, which is deleted: put the new id there"


@pytest.fixture
def two_accounts(stack: Stack, emulator: Emulator) -> Stack:
    """The stack with a second account, to which the backend moves in the next preview."""
    stack.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", KEY)
    stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", emulator.url)
    stack.program(REPLACED)
    emulator.requests.clear()
    return stack


def add_edge(emulator: Emulator, id_: str) -> None:
    module = {"enabled": True, "backend": {"id": id_}}
    emulator.account(KEY).add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9999"], "backend": module})


@pytest.mark.nightly
def test_a_refused_delete_names_the_referrers_and_lists_only_then(stack: Stack, emulator: Emulator) -> None:
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "ignore")  # else all deletes look at what uses them
    stack.up()
    emulator.requests.clear()
    web = stack.resource("web")["id"]
    failover = emulator.account(KEY).add_referrer("failover_backends", {"backends": [web], "description": "main"})
    (error,) = stack.destroy(fails=True).errors
    assert "(ERR_NGROK_6502" in error
    assert error.endswith(
        f'It is used by failover {failover} "main". Or delete in this order: failover {failover}, '
        f"{web}. Edges may use these backends, too: see `pulumi-ngrok-tg list --references`."
    )
    assert sorted(request.path for request in emulator.requests) == [
        "/backends/failover",
        f"/backends/tunnel_group/{web}",
        "/backends/weighted",
    ]
    assert stack.resource("web")["id"] == web
    emulator.set(references_error=7008)
    (error,) = stack.destroy(fails=True).errors
    assert "Could not list the failover backends, the weighted backends" in error
    emulator.account(KEY).referrers["failover_backends"].clear()
    emulator.requests.clear()
    stack.destroy()
    assert emulator.requests.methods == ["DELETE"]


@pytest.mark.nightly
def test_a_preview_of_a_replacement_names_the_edges_that_know_the_old_id(
    two_accounts: Stack, emulator: Emulator
) -> None:
    web = two_accounts.resource("web")["id"]
    add_edge(emulator, web)
    said = two_accounts.preview().text
    assert f"tcp edge 1.tcp.example.com:9999 {OLD.format(web)}" in said
    assert len([request for request in emulator.requests if "/edges/" in request.path]) == 3
    assert emulator.requests.writes == []
