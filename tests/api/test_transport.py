"""What surely did not leave this machine, and what may have arrived: over real sockets, with real settings."""

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.clock import Clock
from pulumi_ngrok_tg.api.errors import ConnectionFailed, NgrokError, Unsendable, Untrusted
from pulumi_ngrok_tg.api.responses import Response
from pulumi_ngrok_tg.api.transport import Transport
from tests.provider.hostile import HostileServer

PATH = "/backends/tunnel_group"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    return made


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[HostileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with HostileServer(lambda _method, _path: None, context) as serving:
        yield serving


def exchange(url: str, method: str, connect_timeout: float = 5.0) -> Response:
    settings = AccountSettings("key", url, connect_timeout=connect_timeout, read_timeout=5.0)
    body = {"description": "x"} if method == "POST" else None
    return Transport(settings, Clock()).exchange(f"{method} {PATH}", method, PATH, body, 60.0)


def fail(url: str, method: str, connect_timeout: float = 5.0) -> NgrokError:
    with pytest.raises(NgrokError) as error:
        exchange(url, method, connect_timeout)
    assert str(error.value).startswith(f"{method} {PATH}: ")
    assert str(error.value).isprintable()
    return error.value


@contextmanager
def serve(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serves one connection after the other; yields the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    with connection, suppress(OSError):
                        speak(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def send_then_close(content: bytes) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(content)

    return speak


NO_CERTIFICATES = "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file with certificates ("
MALFORMED = "its address or that of the proxy (HTTPS_PROXY) is malformed."
BAD_SETTINGS = {
    "a key log that cannot be written": (
        {"SSLKEYLOGFILE": "/nowhere/keys"},
        "SSLKEYLOGFILE names a file that cannot",
    ),
    "no CA file": ({"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem"}, NO_CERTIFICATES),
    "a CA file without certificates": ({"REQUESTS_CA_BUNDLE": __file__}, NO_CERTIFICATES),
    "a broken CA file": ({"REQUESTS_CA_BUNDLE": "broken.pem"}, NO_CERTIFICATES),
    "a key log below a file": ({"SSLKEYLOGFILE": f"{__file__}/keys"}, "SSLKEYLOGFILE names a file that cannot"),
    "a proxy without a host": ({"HTTPS_PROXY": "http://user:s3cr3t@"}, MALFORMED),
    "a proxy with an impossible port": ({"HTTPS_PROXY": "http://user:s3cr3t@proxy:99999"}, MALFORMED),
    "a proxy of another kind": ({"HTTPS_PROXY": "ftp://user:s3cr3t@proxy"}, MALFORMED),
}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(("environment", "told"), BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
def test_a_setting_that_keeps_a_request_from_being_sent_is_named(
    server: HostileServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    method: str,
    environment: dict[str, str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.pem").write_text("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    error = fail(server.url, method)
    assert type(error) is Unsendable
    assert "nothing was sent to 127.0.0.1:" in str(error)
    assert told in str(error)
    assert "s3cr3t" not in str(error)
    assert server.requests == []


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_untrusted_certificate_is_named(server: HostileServer, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    error = fail(server.url, method)
    assert type(error) is Untrusted
    assert str(error).endswith("is not trusted (unable to get local issuer certificate).")
    assert server.requests == []


def hang_up(_connection: socket.socket) -> None:
    """Close the connection."""


def hang(connection: socket.socket) -> None:
    """Send nothing until the client has gone."""
    while connection.recv(65536):
        pass


PROXIED = "through the proxy (HTTPS_PROXY or ALL_PROXY)"
UNCONNECTED: dict[str, tuple[Callable[[socket.socket], None], str, str]] = {
    "a server without TLS": (send_then_close(b"HTTP/1.1 400 Bad\r\n\r\n"), "server", "does not speak TLS"),
    "a handshake that breaks": (hang_up, "server", "there was no connection to"),
    "a handshake that hangs": (hang, "server", "within 0.5 s"),
    "a proxy that refuses": (
        send_then_close(b"HTTP/1.1 407 No\r\n\r\n"),
        "proxy",
        PROXIED,
    ),
    "a proxy that hangs up": (hang_up, "proxy", PROXIED),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("speak", "role", "told"), UNCONNECTED.values(), ids=UNCONNECTED.keys())
def test_a_request_without_a_connection_was_not_sent(
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    speak: Callable[[socket.socket], None],
    role: str,
    told: str,
    method: str,
) -> None:
    if method == "GET" and speak in (hang_up, hang):
        return  # whether the request was sent cannot be known
    with serve(speak) as address:
        if role == "proxy":
            monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        error = fail("https://127.0.0.1:1" if role == "proxy" else f"https://{address}", method, connect_timeout=0.5)
    assert type(error) is ConnectionFailed
    assert not error.arrived
    assert "nothing was sent, because" in str(error)
    assert told in str(error)


@pytest.mark.parametrize("handled", [FileNotFoundError("theirs"), TimeoutError(), ssl.SSLCertVerificationError()])
def test_what_the_caller_was_handling_is_no_cause(authority: trustme.CA, handled: Exception) -> None:
    with HostileServer(lambda _method, _path: b"") as server:
        try:
            raise handled
        except Exception:
            error = fail(server.url, "GET")
    assert "broke before the whole response came" in str(error)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_refused_connection_was_not_sent(authority: trustme.CA, scheme: str, method: str) -> None:
    error = fail(f"{scheme}://127.0.0.1:1", method)
    assert type(error) is ConnectionFailed
    assert not error.arrived
    assert str(error).endswith("nothing was sent, because there was no connection to 127.0.0.1:1 (Connection refused).")


BROKEN = {
    "a close": b"",
    "half a head": b"HTTP/1.1 2",
    "half a body": b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{",
    "nonsense": b"\x00\x01\x02\r\n\r\n",
    "a body that cannot be decoded": b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_request_whose_response_is_lost_may_have_arrived(
    authority: trustme.CA, content: bytes, method: str, tls: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with HostileServer(lambda _method, _path: content, context if tls else None) as server:
        error = fail(server.url, method)
    assert type(error) is ConnectionFailed
    assert error.arrived
    assert "broke before the whole response came" in str(error) or "cannot be read" in str(error)


def test_a_response_that_does_not_come_is_lost(authority: trustme.CA) -> None:
    with serve(hang) as address:
        settings = AccountSettings("key", f"http://{address}", read_timeout=0.2)
        with pytest.raises(ConnectionFailed, match=r"no response from 127\.0\.0\.1:\d+ within 0\.2 s\.$") as error:
            Transport(settings, Clock()).exchange("POST /x", "POST", "/x", {}, 60.0)
    assert error.value.arrived


def test_a_shorter_bound_for_the_response_is_kept(authority: trustme.CA) -> None:
    with serve(hang) as address, pytest.raises(ConnectionFailed, match=r"within 0\.2 s\.$"):
        Transport(AccountSettings("key", f"http://{address}"), Clock()).exchange("GET /x", "GET", "/x", None, 0.2)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_socks_proxy_without_pysocks_names_the_package(server: HostileServer, method: str) -> None:
    """In a process of its own, as if PySocks was not installed."""
    program = (
        "import sys; sys.modules['socks'] = None\n"
        "from tests.api.test_transport import exchange\n"
        "from pulumi_ngrok_tg.api.errors import Unsendable\n"
        f"try: exchange({server.url!r}, {method!r})\n"
        "except Unsendable as error: print(error)"
    )
    environment = {**os.environ, "HTTPS_PROXY": "socks5h://127.0.0.1:1"}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120)
    assert "HTTPS_PROXY names a SOCKS proxy, which needs the package PySocks (pip install pysocks)." in ran.stdout
    assert server.requests == []


def test_a_response_comes_through_a_socks_proxy(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """SOCKS5 without authentication, as RFC 1928 has it, with the name resolved by the proxy."""
    port = int(server.url.rpartition(":")[2])

    def speak(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(b"\x05\x00")
        client.recv(65536)
        client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        with socket.create_connection(("127.0.0.1", port)) as origin:

            def hand_back() -> None:
                with suppress(OSError):
                    while received := origin.recv(65536):
                        client.sendall(received)
                    client.shutdown(socket.SHUT_WR)

            thread = threading.Thread(target=hand_back, daemon=True)
            thread.start()
            with suppress(OSError):
                while received := client.recv(65536):
                    origin.sendall(received)
            thread.join(10)

    with serve(speak) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"socks5h://{address}")
        assert exchange(server.url, "POST").status == 201
    assert server.requests == [f"POST {PATH}"]
