"""A server that sends its body a byte now and then, or without end, holds no call for ever."""

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from tests.provider.hostile import raw
from tests.provider.outcomes import assert_ours, outcomes

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


def test_a_body_without_end_is_not_read_for_ever() -> None:
    def script(_method: str, _path: str) -> bytes:
        return raw(200, b"").replace(b"Content-Length: 0", b"Content-Length: 99999999999") + b"x" * 70 * 2**20

    _, (error,) = outcomes(script, "get")
    assert_ours(error)
    assert error is not None
