"""How long a connection may take: TCP has its own time for each address of a host."""

import socket
import threading

import pytest
from urllib3.exceptions import ConnectTimeoutError

from pulumi_ngrok_tg.api import deadline


class Http:
    """What urllib3 does to connect: TCP first, then a proxy's part and TLS."""

    timeout = 0.1

    def __init__(self, tcp: float, rest: float) -> None:
        self._tcp, self._rest = tcp, rest
        self.sock, self.other = socket.socketpair()

    def _new_conn(self) -> socket.socket:
        threading.Event().wait(self._tcp)
        return self.sock

    def connect(self) -> None:
        detached = socket.socket(fileno=self._new_conn().detach())
        detached.settimeout(self._rest)
        with detached:
            if self._rest:
                detached.recv(1)  # until it is ended, or the timeout


class Connection(deadline._Bounded, Http):  # type: ignore[misc]
    pass


def test_a_slow_address_of_a_host_does_not_end_the_connection_to_the_next() -> None:
    connection = Connection(tcp=0.3, rest=0)
    with connection.other:
        connection.connect()


def test_what_comes_after_tcp_is_ended_also_where_tls_has_detached_the_socket() -> None:
    connection = Connection(tcp=0, rest=20)
    with connection.other, pytest.raises(ConnectTimeoutError):
        connection.connect()
