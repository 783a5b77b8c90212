"""HTTP/1.1 over loopback, on connections that stay open: requests in, responses out. What they mean is another's job.

h11 speaks the protocol. Each connection has a thread of its own, so that a response may take its time, and its socket
at hand, so that a response may be cut off.
"""

import re
import socket
import socketserver
import struct
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum, auto
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import h11

_MAX_HEAD = 64 * 2**10  # bytes of the request line and the headers
_MAX_CONTENT = 8 * 2**20  # bytes; the API's largest request is a thousandth of it
_WITHOUT_CONTENT = (204, 304)
_READ = 65536  # bytes
_LINGER = 1.0  # seconds
_PAUSE = 0.05  # seconds


@dataclass(frozen=True)
class HttpRequest:
    """A request as it arrived."""

    method: str
    path: str
    """Percent-decoded, without the query."""
    query: str
    """As it came, without the question mark."""
    headers: Mapping[str, str]
    """Names are in title case, such as ``Ngrok-Version``."""
    content: bytes | None
    """The body; None where it did not arrive whole, or is larger than 8 MiB."""


class Ending(Enum):
    """What becomes of the connection."""

    KEPT = auto()
    CLOSED_AFTER = auto()
    """It is closed once the response has left, without a word of it in the response."""
    HALF = auto()
    """It is closed in the middle of the response's body."""
    CLOSED = auto()
    """It is closed instead of a response."""
    RESET = auto()
    """It is reset instead of a response."""


@dataclass
class HttpResponse:
    """A response to send, and how its connection goes on. Date and framing headers are added."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    ending: Ending = Ending.KEPT


class HttpServer(socketserver.ThreadingTCPServer):
    """Serves HTTP on 127.0.0.1.

    Args:
        port: TCP port; 0 picks a free one.
        respond: returns the response to a request; called from many threads.
        malformed: returns the response to what cannot be responded to, from the status and the reason.

    Raises:
        OSError: the port cannot be listened on.
        ValueError: it is no port.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        port: int,
        respond: Callable[[HttpRequest], HttpResponse],
        malformed: Callable[[int, str], HttpResponse],
    ) -> None:
        self.respond = respond
        self.malformed = malformed
        self._open: dict[threading.Thread, socket.socket] = {}
        if not 0 <= port <= 65535:
            raise ValueError(f"A port is a number from 0 to 65535; {port} is not.")
        super().__init__(("127.0.0.1", port), _Connection)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serves a new connection in a thread of its own."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._open[thread] = request
        try:
            thread.start()
        except RuntimeError:  # there is no room for another one
            del self._open[thread]
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serves a connection until it ends."""
        super().process_request_thread(request, client_address)
        self._open.pop(threading.current_thread(), None)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accepts a connection."""
        try:
            return super().get_request()
        except OSError:
            time.sleep(_PAUSE)  # no file is left: asking on and on would take the whole processor
            raise

    def close(self) -> None:
        """Ends the connections: requests under way get their responses, those that wait for none end at once."""
        self.server_close()
        for how in (socket.SHUT_RD, socket.SHUT_RDWR):
            connections = self._open.copy()
            for connection in connections.values():
                try:
                    connection.shutdown(how)
                except OSError:  # it has ended meanwhile
                    pass
            until = time.monotonic() + _LINGER
            for thread in connections:
                thread.join(max(0.0, until - time.monotonic()))


class _Connection(socketserver.BaseRequestHandler):
    """One connection: requests and responses in turn."""

    request: socket.socket
    server: HttpServer

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
        try:
            while self._exchange(protocol):
                protocol.start_next_cycle()
            if protocol.their_state is h11.ERROR:
                self._let_read()
        except OSError:
            pass  # the client has left

    def _exchange(self, protocol: h11.Connection) -> bool:
        """Answers the next request; returns whether the connection is kept."""
        request = None
        try:
            request = self._receive(protocol)
        except h11.RemoteProtocolError as error:
            response = self.server.malformed(error.error_status_hint, str(error))
        else:
            if request is None:
                return False
            response = self._respond(request)
        self._send(protocol, response, head_only=request is not None and request.method == "HEAD")
        return protocol.our_state is h11.DONE and protocol.their_state is h11.DONE and response.ending is Ending.KEPT

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if request.method == "CONNECT":
            return self.server.malformed(405, "this is no proxy")
        try:
            return self.server.respond(request)
        except Exception:  # a bug: it is told where a developer looks, and the client gets a response nonetheless
            traceback.print_exc()
            return self.server.malformed(500, "the emulator failed; see its standard error")

    def _receive(self, protocol: h11.Connection) -> HttpRequest | None:
        """Reads a request; returns None where the client has closed the connection instead."""
        head: h11.Request | None = None
        content = bytearray()
        whole = True
        try:
            while True:
                event = protocol.next_event()
                if event is h11.NEED_DATA:
                    if protocol.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(status_code=100, headers=[], reason="Continue")
                        self.request.sendall(protocol.send(go_on) or b"")
                    protocol.receive_data(self.request.recv(_READ))
                elif isinstance(event, h11.Request):
                    head = event
                elif isinstance(event, h11.Data):
                    whole = whole and len(content) + len(event.data) <= _MAX_CONTENT
                    content += event.data if whole else b""
                elif isinstance(event, h11.EndOfMessage) and head:
                    return _http_request(head, bytes(content) if whole else None)
                else:
                    return None
        except h11.RemoteProtocolError:
            if head is None:
                raise
            return _http_request(head, None)

    def _send(self, protocol: h11.Connection, response: HttpResponse, head_only: bool) -> None:
        if response.ending is Ending.RESET:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()
        if response.ending in (Ending.RESET, Ending.CLOSED):
            return
        headers = dict(response.headers)
        if "date" not in {name.lower() for name in headers}:
            headers["Date"] = formatdate(usegmt=True)
        content = response.content
        if response.status in _WITHOUT_CONTENT:
            content = b""
        else:
            headers["Content-Length"] = str(len(content))
        if head_only:
            content = b""
        if response.ending is Ending.HALF and not content:
            return  # half of nothing
        if protocol.their_state is h11.ERROR:
            headers["Connection"] = "close"
        # latin-1, as what is echoed of a request was read: h11 takes text for ASCII.
        encoded = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        head = h11.Response(status_code=response.status, reason=_reason(response.status), headers=encoded)
        sent = protocol.send(head) or b""
        if response.ending is Ending.HALF:
            self.request.sendall(sent + content[: len(content) // 2])
            return
        if not head_only:
            sent += protocol.send(h11.Data(content)) or b""
        self.request.sendall(sent + (protocol.send(h11.EndOfMessage()) or b""))

    def _let_read(self) -> None:
        """Waits a little for the client to close: bytes of its that nobody reads would reset what it has to read."""
        self.request.shutdown(socket.SHUT_WR)
        self.request.settimeout(_LINGER)
        for _ in range(_MAX_CONTENT // _READ):
            if not self.request.recv(_READ):
                break


def _http_request(head: h11.Request, content: bytes | None) -> HttpRequest:
    target = re.sub("^https?://[^/?]*", "", head.target.decode("ascii"), flags=re.IGNORECASE)  # a proxy's form
    path, _, query = target.partition("?")
    headers = {name.decode("ascii").title(): value.decode("latin-1") for name, value in head.headers}
    return HttpRequest(head.method.decode("ascii"), unquote(path), query, headers, content)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a status of nobody's
        return ""
