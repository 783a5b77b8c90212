"""Connections that stay open: whatever becomes of them costs no create."""

import psutil
import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.provider.deployment import Deployment, backends


def test_a_deployment_keeps_its_connections() -> None:
    with Emulator(api_keys=(KEY,)) as emulator:  # of its own, whose connections are all of this test
        deployment = Deployment(emulator, max_concurrency=4)
        assert deployment.up(backends(40)) == {}
        assert deployment.destroy() == {}
        assert len(emulator.requests) == 80 + 6, "and the lists of what uses backends, once"
        port = emulator.port
        # Those that have ended are still known to the system for a minute.
        sockets = psutil.net_connections("tcp4")
    clients = {one.laddr.port for one in sockets if one.raddr and one.raddr.port == port}
    clients |= {one.raddr.port for one in sockets if one.raddr and one.laddr.port == port}
    assert 1 <= len(clients) <= 2 * 4, "each of the two operations has its own"


def test_a_connection_that_was_closed_while_idle_costs_nothing(emulator: Emulator) -> None:
    """The next request finds it dead: it goes over a new one, and no create is taken for one of unknown fate."""
    deployment = Deployment(emulator, max_concurrency=1)
    for method in ("POST", "PATCH", "GET", "DELETE"):
        emulator.fault(method=method, times=None, drop="idle")
    steps = (
        lambda: deployment.up(backends(6)),
        deployment.refresh,
        lambda: deployment.up(backends(6, metadata="new")),
        deployment.destroy,
    )
    for step in steps:
        assert step() == {}
        deployment.assert_in_step()
    assert [request.method for request in emulator.requests if request.method == "POST"] == ["POST"] * 6
    assert {request.status for request in emulator.requests} == {200, 201, 204}


@pytest.mark.parametrize("reset", [True, False])
def test_a_create_on_a_connection_that_dies_under_it_is_looked_for_first(emulator: Emulator, reset: bool) -> None:
    deployment = Deployment(emulator, max_concurrency=1)
    emulator.fault(method="POST", skip=1, drop="before", reset=reset)
    assert deployment.up(backends(2)) == {}
    deployment.assert_in_step()
    assert deployment.calls() == ["POST", "POST", *["GET"] * 3, "POST", "GET"], "and once more after it"
