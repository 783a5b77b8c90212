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
        ({"status": 403, "error_code": 635}, "The API key has no permission to write"),
        ({"status": 403, "error_code": 204}, "plan does not include the ngrok API"),
        ({"status": 404, "error_code": 7008}, "ngrok has withdrawn edges and backends"),
        (
            {"status": 403, "error_code": 7196},
            "lets this account read its edges and backends, but no longer change them",
        ),
        ({"status": 400, "error_code": 381}, "Remove these from the edge"),
        ({"status": 404, "error_code": 227}, "ERR_NGROK_227"),
        ({"status": 404}, "HTTP 404"),
        (
            {"status": 404, "body": HTML},
            "not in ngrok's error format. Check whether a proxy is in between, and the API's address "
            "(NGROK_API_BASE_URL).",
        ),
        ({"status": 404, "body": '{"message": "not found"}'}, "not in ngrok's error format"),
        ({"body": "[1]"}, "not a tunnel group backend"),
        (
            {"status": 301, "body": "", "headers": {"Location": "https://example.com/"}},
            "the server redirects (HTTP 301)",
        ),
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


@pytest.mark.nightly
@pytest.mark.parametrize("path", ["/v1", "/backends"])
def test_a_wrong_base_url_leaves_the_state_untouched(
    stack: Stack, server: Emulator, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    before = stack.resources()
    monkeypatch.setitem(stack.environment, "NGROK_API_BASE_URL", server.url + path)
    outcome = stack.refresh(fails=True)
    (error,) = outcome.errors
    assert f"GET {path}/backends/tunnel_group: " in error
    assert stack.resources() == before


@pytest.mark.nightly
def test_the_key_of_another_account_is_refused_in_a_line(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stack.resources()
    monkeypatch.setitem(stack.environment, "NGROK_API_KEY", "revoked_0123456789abcdefgh")
    outcome = stack.refresh(fails=True)
    (error,) = outcome.errors
    assert "ERR_NGROK_203" in error
    assert "revoked_0123456789abcdefgh" not in outcome.text
    assert stack.resources() == before
