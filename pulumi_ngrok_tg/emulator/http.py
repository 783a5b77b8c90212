"""The HTTP server, with connections that stay open: the standard library's, and faults of connections."""

import socket
import struct
import threading
import time
import traceback
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote

from pulumi_ngrok_tg.emulator.messages import Ending, HttpRequest, HttpResponse

_WITHOUT_CONTENT = (204, 304)
_LAST_RESPONSES = 1.0  # seconds


class Responder(Protocol):
    """Responds to requests."""

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the response to a request; called from many threads."""


class HttpServer(ThreadingHTTPServer):
    """Serves HTTP, each connection in a thread of its own, so that a slow response delays no other.

    Args:
        address: the IP address to listen on, such as ``127.0.0.1`` or ``::1``.
        port: TCP port; 0 picks a free one.

    Raises:
        OSError: the port cannot be listened on.
        ValueError: it is no port.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    responder: Responder
    """Responds to the requests; may be exchanged."""

    def __init__(self, address: str, port: int) -> None:
        if not 0 <= port <= 65535:
            raise ValueError(f"A port is a number from 0 to 65535; {port} is not.")
        self.open: dict[threading.Thread, socket.socket] = {}
        """The connections, by the threads that serve them."""
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Handler)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.server_address[1])

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection until it ends."""
        self.open[threading.current_thread()] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            del self.open[threading.current_thread()]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that have disconnected."""

    def close(self) -> None:
        """Close all connections, each after the response to a request in flight."""
        with suppress(OSError):  # it never listened
            self.socket.shutdown(socket.SHUT_RDWR)  # else a child that was forked would go on listening
        self.server_close()
        until = time.monotonic() + _LAST_RESPONSES
        for thread, connection in self.open.copy().items():
            with suppress(OSError):  # it has ended in the meantime
                connection.shutdown(socket.SHUT_RD)
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

    def handle_expect_100(self) -> bool:
        """Send "100 Continue"."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def _exchange(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(411)
            return
        content = self.rfile.read(int(length))
        whole = len(content) == int(length)
        self.close_connection = self.close_connection or not whole
        path, _, query = self.path.partition("?")
        headers = {name.title(): value for name, value in self.headers.items()}
        request = HttpRequest(self.command, unquote(path), query, headers, content if whole else None)
        try:
            response = self.server.responder.respond(request)
        except Exception:  # a bug of the emulator
            traceback.print_exc()
            self.send_error(500, "the emulator failed; see its standard error")
            return
        self._send(response)

    def _send(self, response: HttpResponse) -> None:
        content = b"" if response.status in _WITHOUT_CONTENT or self.command == "HEAD" else response.content
        if response.ending is Ending.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        if response.ending is not Ending.KEPT:
            self.close_connection = True
        if response.ending in (Ending.RESET, Ending.CLOSED) or (response.ending is Ending.HALF and not content):
            return
        if response.ending is Ending.CLOSED_AFTER and hasattr(socket, "TCP_CORK"):
            # FIN leaves with the last bytes of the response, so a client that has read those can see it, too.
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self.send_response_only(response.status)
        if response.status not in _WITHOUT_CONTENT:
            self.send_header("Content-Length", str(len(response.content)))
        if self.close_connection and response.ending is Ending.KEPT:
            self.send_header("Connection", "close")
        if "date" not in {name.lower() for name in response.headers}:
            self.send_header("Date", self.date_time_string())
        for name, value in response.headers.items():
            self.send_header(name, value)  # also reads "Connection: close"
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if response.ending is Ending.HALF else content)
        self.wfile.flush()
        if response.ending is Ending.CLOSED_AFTER:
            self.connection.shutdown(socket.SHUT_WR)
