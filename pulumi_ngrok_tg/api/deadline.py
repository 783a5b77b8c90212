"""Limits the time of a whole response.

A socket's timeout limits the silence between two bytes, so a server that sends a byte now and then could hold a call
for ever. Here each read may take only what is left of the time for the whole response. No second thread closes the
connection: if it came a moment late, it would end the next request on that connection.
"""

import http.client
import io
import socket
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError


class _BoundedReader(io.RawIOBase):
    """Reads a socket until a deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._reader: Any = sock.makefile("rb", buffering=0)  # keeps the socket open for as long as it is read
        self._timeout = sock.gettimeout()
        self._deadline = time.monotonic() + (self._timeout or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        if self._timeout is None:
            return self._reader.readinto(buffer)
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        try:
            return self._reader.readinto(buffer)
        finally:
            self._sock.settimeout(self._timeout)

    def close(self) -> None:
        self._reader.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """A response, from the server or a proxy, that has to arrive whole within the socket's timeout."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_BoundedReader(sock))


class _Bounded:
    """A connection with bounded responses. A timeout before the request is sent counts as a connect timeout."""

    response_class = _BoundedResponse

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "timed out") from error


class _BoundedHTTPConnection(_Bounded, HTTPConnection):  # type: ignore[misc]
    pass


class _BoundedHTTPSConnection(_Bounded, HTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _BoundedHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedHTTPSConnection


class BoundedAdapter(HTTPAdapter):
    """An adapter for requests with bounded responses, also through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _bound(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        """Make the pools of connections through a proxy."""
        return _bound(super().proxy_manager_for(*args, **kwargs))


def _bound(pools: PoolManager) -> PoolManager:
    pools.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    return pools
