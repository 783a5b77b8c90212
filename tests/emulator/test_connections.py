"""Connections that stay open, as ngrok's do, and what becomes of them."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
import requests

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.emulator.api import PATH, Api, open_sockets

HEAD = f"Host: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\nNgrok-Version: 2\r\n"
GET = f"GET {PATH} HTTP/1.1\r\n{HEAD}\r\n".encode()


def created(description: str) -> bytes:
    """A create as it is on the wire."""
    content = json.dumps({"description": description})
    head = f"POST {PATH} HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return (head + content).encode()


class Connection:
    """One connection, bytes in and responses out."""

    def __init__(self, emulator: Emulator) -> None:
        self.socket = socket.create_connection(("127.0.0.1", emulator.port), timeout=10)
        self._file = self.socket.makefile("rb")

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """The next response: status, headers and body; status 0 where the server closed the connection."""
        line = self._file.readline()
        if not line:
            return 0, {}, b""
        headers: dict[str, str] = {}
        while (header := self._file.readline().strip()) != b"":
            name, _, value = header.decode().partition(":")
            headers[name.title()] = value.strip()
        return int(line.split()[1]), headers, self._file.read(int(headers.get("Content-Length", 0)))

    def close(self) -> None:
        self._file.close()
        self.socket.close()


@pytest.fixture
def connection(emulator: Emulator) -> Iterator[Connection]:
    opened = Connection(emulator)
    yield opened
    opened.close()


def test_500_requests_take_one_connection() -> None:
    with Emulator(api_keys=(KEY,)) as emulator, Api(emulator.url) as api:
        made = api.create()["id"]
        for _ in range(125):
            for response in (
                api.get(PATH),
                api.get(f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"),
                api.patch(f"{PATH}/{made}", json={"description": 5}),
                api.delete(f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"),
            ):
                assert "Connection" not in response.headers
        assert open_sockets(emulator) == 2, "the one that listens, and one"


def test_requests_sent_ahead_are_answered_in_turn(connection: Connection) -> None:
    connection.socket.sendall(created("one") + created("two") + GET)
    assert [connection.response()[0] for _ in range(2)] == [201, 201]
    _, _, body = connection.response()
    assert [backend["description"] for backend in json.loads(body)["backends"]] == ["two", "one"]


def test_a_client_that_expects_100_continue_gets_it(connection: Connection) -> None:
    head, _, content = created("large").partition(b"\r\n\r\n")
    connection.socket.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert connection.response()[0] == 100
    connection.socket.sendall(content)
    assert connection.response()[0] == 201


def test_half_a_request_changes_nothing(emulator: Emulator, connection: Connection) -> None:
    request = created("never")
    connection.socket.sendall(created("first") + request[: len(request) // 2])
    assert connection.response()[0] == 201
    connection.socket.shutdown(socket.SHUT_WR)
    assert connection.response()[0] >= 400
    assert [backend.description for backend in emulator.account(KEY).backends.values()] == ["first"]


def test_half_a_body_changes_nothing(emulator: Emulator, connection: Connection) -> None:
    connection.socket.sendall(created("never")[:-3])
    connection.socket.shutdown(socket.SHUT_WR)
    status, _, body = connection.response()
    assert (status, json.loads(body)["error_code"]) == (400, "ERR_NGROK_212")
    assert emulator.account(KEY).backends == {}
    (request,) = emulator.requests
    assert (request.status, request.content, request.body) == (400, None, None)


# Faults of kept connections ------------------------------------------------------------------------------------------


def test_drop_idle_closes_the_connection_after_the_response(emulator: Emulator, connection: Connection) -> None:
    emulator.fault(method="POST", drop="idle")
    connection.socket.sendall(created("kept"))
    status, headers, body = connection.response()
    assert (status, json.loads(body)["description"]) == (201, "kept")
    assert "Connection" not in headers
    assert connection.response()[0] == 0
    assert [request.status for request in emulator.requests] == [201]


@pytest.mark.parametrize(("drop", "kept"), [("before", 1), ("after", 2)])
def test_a_kept_connection_is_closed_or_reset_instead_of_a_response(
    emulator: Emulator, connection: Connection, drop: str, kept: int
) -> None:
    connection.socket.sendall(created("first"))
    assert connection.response()[0] == 201
    emulator.fault(method="POST", drop=drop, reset=False)
    connection.socket.sendall(created("second"))
    assert connection.response()[0] == 0
    other = Connection(emulator)
    other.socket.sendall(GET)
    assert other.response()[0] == 200
    emulator.fault(method="POST", drop=drop)
    other.socket.sendall(created("third"))
    with pytest.raises(ConnectionResetError):
        other.response()
    other.close()
    assert len(emulator.account(KEY).backends) == 2 * kept - 1
    assert [request.status for request in emulator.requests] == [201, None, 200, None]


def test_half_a_response_ends_a_kept_connection(emulator: Emulator, connection: Connection) -> None:
    connection.socket.sendall(GET)
    connection.response()
    emulator.fault(truncate=True)
    connection.socket.sendall(GET)
    status, headers, body = connection.response()
    assert (status, len(body)) == (200, int(headers["Content-Length"]) // 2)
    assert connection.response()[0] == 0


# Ending --------------------------------------------------------------------------------------------------------------


def test_stopping_leaves_nothing_behind() -> None:
    emulator = Emulator()
    emulator.start()
    with Api(emulator.url) as kept, ThreadPoolExecutor(1) as pool:
        assert kept.get(PATH).status_code == 200
        half = Connection(emulator)
        half.socket.sendall(b"GET / HT")
        emulator.fault(hang=600, method="POST")
        hanging = pool.submit(kept.post, PATH, json={})
        while not emulator.account(KEY).backends:  # until it hangs
            pass
        emulator.stop()
        assert hanging.result(timeout=10).status_code == 201, "what is under way gets its response"
        half.close()
    assert open_sockets(emulator) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(emulator.url, timeout=5)


def test_it_listens_on_the_loopback_only(emulator: Emulator) -> None:
    port = emulator.port
    listening = [one for one in psutil.Process().net_connections("tcp") if one.laddr.port == port]
    assert {one.laddr.ip for one in listening} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("wrong", [{"port": 99999}, {"port": -1}, {"api_keys": "abc"}, {"api_keys": (5,)}])
def test_invalid_arguments_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"A port is a number|API keys are words"):
        Emulator(**wrong)


def test_a_port_can_be_used_again_at_once() -> None:
    with Emulator() as first, Api(first.url) as kept:
        kept.get(PATH)
        port = first.port
    with Emulator(port) as second, Api(second.url) as client:
        assert client.get(PATH).status_code == 200
