"""The key goes to the configured origin only, and what is said there of something else is not believed."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
import trustme

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.provider.deployment import COLLECTION, Deployment, backends


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["same", "other"])
def test_redirects_are_not_followed(deployment: Deployment, stranger: Emulator, status: int, host: str) -> None:
    deployment.up(backends(2))
    before = dict(deployment.state)
    deployment.calls()
    target = stranger.url if host == "other" else deployment.emulator.url
    deployment.emulator.fault(times=None, status=status, body="", headers={"Location": f"{target}{COLLECTION}"})
    for errors in (deployment.refresh(), deployment.up(backends(3)), deployment.up(backends(2, metadata="new"))):
        assert errors
        assert all(f"the server redirects (HTTP {status})" in error for error in errors.values())
    assert deployment.calls() == ["GET", "POST", "GET", "PATCH", "PATCH"], "none is sent twice; a create is looked for"
    assert deployment.state == before


def test_a_netrc_file_does_not_replace_the_key(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password foreign\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with tls_server(monkeypatch) as (origin, received):
        deployment.base_url = f"https://{origin}"
        deployment.up(backends(1))
    assert f"Authorization: Bearer {KEY}\r\n".encode() in received[0]


@contextmanager
def tls_server(monkeypatch: pytest.MonkeyPatch | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A TLS server that notes what it receives and hangs up; its certificate is trusted where there is a patch."""
    context, authority = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    received: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):  # until the listener is closed
            while True:
                accepted = listener.accept()[0]
                with suppress(OSError), context.wrap_socket(accepted, server_side=True) as connection:
                    received.append(connection.recv(65536))

    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        if monkeypatch:
            bundle = stack.enter_context(authority.cert_pem.tempfile())
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        serving = threading.Thread(target=serve)
        serving.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", received
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(10)


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
def test_requests_to_the_loopback_use_no_proxy(
    deployment: Deployment, stranger: Emulator, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    deployment.base_url = deployment.emulator.url.replace("http", scheme)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, stranger.url)
    monkeypatch.setenv("NO_PROXY", "")
    assert deployment.up(backends(1)) == {}
    deployment.assert_in_step()


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_response_about_another_backend_is_an_error(deployment: Deployment, method: str) -> None:
    deployment.up(backends(1))
    before = dict(deployment.state)
    deployment.emulator.fault(path="tunnel_group", hide=tuple(deployment.emulator.account(KEY).backends))
    deployment.emulator.fault(path=deployment.state["b0"].id, fields={"id": "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"})
    (error,) = (deployment.refresh() if method == "GET" else deployment.up(backends(1, metadata="x"))).values()
    assert "the response is about bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4" in error
    assert deployment.state == before
