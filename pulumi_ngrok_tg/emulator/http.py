"""The HTTP server, with connections that stay open."""

import io
import re
import socket
import struct
import threading
import time
import traceback
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote

from pulumi_ngrok_tg.emulator.messages import Ending, HttpRequest, HttpResponse

_MAX_HEAD = 64 * 2**10  # bytes of the headers
_MAX_CONTENT = 8 * 2**20  # bytes; the API's largest request is a thousandth of it
_LINGER = 1.0  # seconds
_PAUSE = 0.05  # seconds
_WITHOUT_CONTENT = (204, 304)


class Responder(Protocol):
    """Responds to requests."""

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the response to a request; called from many threads."""

    def reject(self, status: int, reason: str) -> HttpResponse:
        """Return the response to a malformed request, from a status and a reason."""


class HttpServer(ThreadingHTTPServer):
    """Serves HTTP, each connection in a thread of its own, so that a slow response delays no other.

    Args:
        address: the IP address to listen on, such as ``127.0.0.1`` or ``::1``.
        port: TCP port; 0 picks a free one.
        responder: responds to the requests.

    Raises:
        OSError: the port cannot be listened on.
        ValueError: it is no port.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address: str, port: int, responder: Responder) -> None:
        if not 0 <= port <= 65535:
            raise ValueError(f"A port is a number from 0 to 65535; {port} is not.")
        self.responder = responder
        self.open: dict[threading.Thread, socket.socket] = {}
        """The connections, by the threads that serve them."""
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Handler)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        try:
            return super().get_request()
        except OSError:
            time.sleep(_PAUSE)  # no file descriptor is free; retrying at once would use the whole CPU
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection until it ends."""
        self.open[threading.current_thread()] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.open.pop(threading.current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that have disconnected."""

    def close(self) -> None:
        """Close all connections; those with a request in flight only after its response."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # else a process forked in the meantime keeps the port
        self.server_close()
        for how in (socket.SHUT_RD, socket.SHUT_RDWR):
            connections = self.open.copy()
            for connection in connections.values():
                with suppress(OSError):  # it has ended in the meantime
                    connection.shutdown(how)
            until = time.monotonic() + _LINGER
            for thread in connections:
                thread.join(max(0.0, until - time.monotonic()))


class _Handler(BaseHTTPRequestHandler):
    server: HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # a response is one write

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._exchange
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def parse_request(self) -> bool:
        """Read the head of a request; return False if it is incomplete or malformed."""
        head, waiting = b"", self.rfile
        while not re.search(rb"(^|\n)\r?\n\Z", head):
            line = waiting.readline(_MAX_HEAD)
            head += line
            if len(head) > _MAX_HEAD:
                self.send_error(431, "the headers are too long")
                return False
            if not line:
                self.close_connection = True
                return False
        if b"\0" in head or not self.raw_requestline.isascii() or b"HTTP/1." not in self.raw_requestline:
            self.send_error(400, "this is no HTTP/1.1")
            return False
        self.rfile = io.BytesIO(head)
        try:
            return super().parse_request()
        finally:
            self.rfile = waiting

    def handle_expect_100(self) -> bool:
        """Send "100 Continue"."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Respond to a malformed request, then close the connection."""
        self.close_connection = True
        self.command, self.request_version = "", self.protocol_version
        self._send(self.server.responder.reject(code, message or ""))
        self._let_read()

    def _exchange(self) -> None:
        responder = self.server.responder
        if problem := self._find_problem():
            self.send_error(*problem)
            return
        content = self._read_content()
        if content is None:
            self.close_connection = True
        target = re.sub("^https?://[^/?]*", "", self.path, flags=re.IGNORECASE)  # a proxy's form
        path, _, query = target.partition("?")
        headers = {name.title(): value for name, value in self.headers.items()}
        try:
            if self.command == "CONNECT":
                response = responder.reject(405, "this is no proxy")
            else:
                response = responder.respond(HttpRequest(self.command, unquote(path), query, headers, content))
        except Exception:  # a bug of the emulator: print it, but respond
            traceback.print_exc()
            response = responder.reject(500, "the emulator failed; see its standard error")
        self._send(response)
        if content is None:
            self._let_read()

    def _find_problem(self) -> tuple[int, str] | None:
        """Return the status and the reason if a request cannot be understood."""
        lengths = self.headers.get_all("Content-Length", [])
        if self.headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
            return 501, "an unknown Transfer-Encoding"
        if len(set(lengths)) > 1 or not all(re.fullmatch("[0-9]{1,18}", length) for length in lengths):
            return 400, "a wrong Content-Length"
        return None

    def _read_content(self) -> bytes | None:
        """Read the body; return None if it did not arrive whole, or is too large."""
        if "Transfer-Encoding" not in self.headers:
            length = int(self.headers.get("Content-Length", 0))
            content = self.rfile.read(length) if length <= _MAX_CONTENT else b""
            return content if len(content) == length else None
        whole = b""
        while len(whole) <= _MAX_CONTENT:
            size = self.rfile.readline(_MAX_HEAD).partition(b";")[0].strip()
            if not re.fullmatch(b"[0-9A-Fa-f]{1,8}", size):
                return None
            chunk = self.rfile.read(int(size, 16))
            end = self.rfile.readline(_MAX_HEAD).strip()
            if len(chunk) < int(size, 16) or end:
                return None
            if not chunk:
                return whole
            whole += chunk
        return None

    def _send(self, response: HttpResponse) -> None:
        if response.ending is Ending.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        if response.ending is not Ending.KEPT:
            self.close_connection = True
        if response.ending in (Ending.RESET, Ending.CLOSED):
            return
        content = b"" if response.status in _WITHOUT_CONTENT else response.content
        headers = dict(response.headers)
        if response.status not in _WITHOUT_CONTENT:
            headers["Content-Length"] = str(len(content))
        if self.command == "HEAD":
            content = b""
        if response.ending is Ending.HALF:
            if not content:
                return  # half of nothing
            content = content[: len(content) // 2]
        elif self.close_connection and response.ending is Ending.KEPT:
            headers["Connection"] = "close"
        if "date" not in {name.lower() for name in headers}:
            headers["Date"] = formatdate(usegmt=True)
        if response.ending is Ending.CLOSED_AFTER and hasattr(socket, "TCP_CORK"):
            # FIN leaves with the last bytes of the response, so a client that has read those can see it, too.
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self.send_response_only(response.status)
        for name, value in headers.items():
            self.send_header(name, value)  # also reads "Connection: close"
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        if response.ending is Ending.CLOSED_AFTER:
            self.connection.shutdown(socket.SHUT_WR)

    def _let_read(self) -> None:
        """Read what the client still sends, for a moment: unread bytes would reset the connection and its response."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER)
            for _ in range(_MAX_CONTENT // _MAX_HEAD):
                if not self.connection.recv(_MAX_HEAD):
                    break
