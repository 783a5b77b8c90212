"""A server that sends its body a byte now and then, or without end, holds no call for ever."""

import ssl
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest
import trustme

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.rules.advice import ProviderError
from tests.provider.deployment import Deployment
from tests.provider.hostile import HostileServer, Trickling, raw
from tests.provider.outcomes import HOSTILE, ID, assert_ours, outcomes

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ENDLESS: dict[str, Callable[[], Iterator[bytes]]] = {
    "body": lambda: chain([b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"], repeat(b" ")),
    "body without length": lambda: chain([b"HTTP/1.1 200 OK\r\n\r\n"], repeat(b" ")),
    "chunks": lambda: chain([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"], repeat(b"1\r\n \r\n")),
    "body of a redirect": lambda: chain([b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"], repeat(b"a" * 1000)),
}


@pytest.mark.parametrize("endless", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_response_that_trickles_for_ever_ends_all_the_same(endless: Callable[[], Iterator[bytes]]) -> None:
    server, (error,) = outcomes(lambda _method, _path: endless(), "get")
    assert "no response from 127.0.0.1" in str(error)
    assert len(server.requests) == 2
    server, (error,) = outcomes(lambda method, _path: endless() if method == "POST" else None, "create")
    assert error is None, "found in the list"
    assert len(server.backends) == 2


@pytest.mark.parametrize("endless", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_trickling_response_ends_over_tls_too(
    monkeypatch: pytest.MonkeyPatch, endless: Callable[[], Iterator[bytes]]
) -> None:
    context, authority = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with authority.cert_pem.tempfile() as bundle, Emulator() as unused:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        with HostileServer(lambda _method, _path: endless(), context) as server:
            with pytest.raises(ProviderError, match=r"no response from 127\.0\.0\.1"):
                Deployment(unused, server.url, **HOSTILE).start().read(ID, {})
            assert len(server.requests) == 2


def test_a_handshake_that_trickles_for_ever_ends_too() -> None:
    record = b"\x16\x03\x03\x40\x00"  # the head of one of 16 KiB
    with Trickling(lambda: chain([record], repeat(b"\x02"))) as server, Emulator() as unused:
        deployment = Deployment(unused, server.url, **HOSTILE, connect_timeout=0.5)
        with pytest.raises(ProviderError, match=r"no connection to 127\.0\.0\.1:\d+ within 0\.5 s\. Check"):
            deployment.start().create({"labels": {"app": "web"}})


def test_a_body_without_end_is_not_read_for_ever() -> None:
    def script(_method: str, _path: str) -> bytes:
        return raw(200, b"").replace(b"Content-Length: 0", b"Content-Length: 99999999999") + b"x" * 70 * 2**20

    _, (error,) = outcomes(script, "get")
    assert_ours(error)
    assert error is not None
