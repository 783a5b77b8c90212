"""Answers that are not "gone": the state stays as it is, and the error says what to do."""

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

HTML = "<html><body><h1>404 Not Found</h1></body></html>"


@pytest.fixture(scope="module")
def server():  # type: ignore[no-untyped-def]
    with Emulator(api_keys=(KEY,)) as running:
        yield running


@pytest.fixture(scope="module")
def stack(engine, pulumi_home, tmp_path_factory, server) -> Stack:  # type: ignore[no-untyped-def]
    """One stack for all refusals: none of them must change its state."""
    program = 'TunnelGroupBackend("web", labels={"app": "web"})'
    settings = {"NGROK_API_KEY": KEY, "NGROK_API_BASE_URL": server.url}
    made = Stack(engine, pulumi_home, tmp_path_factory.mktemp("refused"), "shop", program, settings)
    made.up()
    return made


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"status": 401, "error_code": 203}, "set NGROK_API_KEY."),
        ({"status": 404, "error_code": 7008}, "ngrok has withdrawn edges and backends"),
        ({"status": 404}, "HTTP 404"),
    ],
)
def test_a_refresh_that_is_refused_leaves_the_state_untouched(
    stack: Stack, server: Emulator, fault: dict[str, object], told: str
) -> None:
    before = stack.resources()
    server.faults.clear()
    server.fault(method="GET", times=None, **fault)
    outcome = stack.refresh(fails=True)
    server.faults.clear()
    (error,) = outcome.errors
    assert told in error
    assert "Traceback" not in outcome.text
    assert stack.resources() == before
