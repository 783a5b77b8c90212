"""Connections and responses bounded as a whole.

A timeout bounds the silence between two bytes, so a server that sends one now and then could hold a call for ever.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError


@contextmanager
def ended_after(seconds: float, end: Callable[[], object]) -> Iterator[None]:
    """Calls ``end`` from another thread when the block takes longer than that.

    Raises:
        requests.Timeout: it did.
    """
    late = threading.Event()

    def act() -> None:
        late.set()
        with suppress(Exception):  # what it would end may have ended by itself
            end()

    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if late.is_set():
            raise requests.Timeout from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise requests.Timeout


class _Bounded:
    """A connection on which a proxy's part and TLS have to be done within the connect timeout, once TCP is there.

    And the head of a response has to come within the read timeout, all of it.
    """

    sock: socket.socket
    timeout: float
    _connecting: ExitStack

    def connect(self) -> None:
        with suppress(requests.Timeout), ExitStack() as self._connecting:
            super().connect()  # type: ignore[misc]
            return
        raise ConnectTimeoutError(self, "timed out")  # without the cause, which is that we have ended it

    def _new_conn(self) -> socket.socket:
        connection: socket.socket = super()._new_conn()  # type: ignore[misc]
        twin = self._connecting.enter_context(closing(connection.dup()))  # TLS detaches the one that it gets
        self._connecting.enter_context(ended_after(self.timeout, lambda: twin.shutdown(socket.SHUT_RDWR)))
        return connection

    def getresponse(self) -> Any:
        with ended_after(self.timeout, lambda: self.sock.shutdown(socket.SHUT_RDWR)):
            return super().getresponse()  # type: ignore[misc]


class _BoundedHTTPConnection(_Bounded, HTTPConnection):  # type: ignore[misc]
    pass


class _BoundedHTTPSConnection(_Bounded, HTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _BoundedHTTPConnection  # type: ignore[assignment]


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedHTTPSConnection  # type: ignore[assignment]


class BoundedAdapter(HTTPAdapter):
    """An adapter of requests whose connections are bounded, through a proxy, too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Makes the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _bound(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        """Makes the pools of connections through a proxy."""
        return _bound(super().proxy_manager_for(*args, **kwargs))


def _bound(pools: PoolManager) -> PoolManager:
    pools.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    return pools
