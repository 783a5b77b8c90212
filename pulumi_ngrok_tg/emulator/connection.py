"""HTTP/1.1 on a connection that stays open: requests in, responses out.

h11 speaks the protocol; the socket is at hand, so that a response may be cut off.
"""

import re
import socket
import struct
import traceback
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote

import h11

from pulumi_ngrok_tg.emulator.messages import Ending, HttpRequest, HttpResponse

_MAX_HEAD = 64 * 2**10  # bytes of the request line and the headers
_MAX_CONTENT = 8 * 2**20  # bytes; the API's largest request is a thousandth of it
_WITHOUT_CONTENT = (204, 304)
_READ = 65536  # bytes
_LINGER = 1.0  # seconds


class Application(Protocol):
    """Whose requests these are."""

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Returns the response to a request; called from many threads."""

    def malformed(self, status: int, reason: str) -> HttpResponse:
        """Returns the response to what cannot be responded to, from the status and the reason."""


class Connection:
    """One connection: requests and responses in turn.

    Args:
        opened: its socket.
        application: who responds.
    """

    def __init__(self, opened: socket.socket, application: Application) -> None:
        self._socket = opened
        self._application = application

    def serve(self) -> None:
        """Responds until the connection ends."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
            response = self._application.malformed(error.error_status_hint, str(error))
        else:
            if request is None:
                return False
            response = self._respond(request)
        self._send(protocol, response, head_only=request is not None and request.method == "HEAD")
        return protocol.our_state is h11.DONE and protocol.their_state is h11.DONE and response.ending is Ending.KEPT

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if request.method == "CONNECT":
            return self._application.malformed(405, "this is no proxy")
        try:
            return self._application.respond(request)
        except Exception:  # a bug: it is told where a developer looks, and the client gets a response nonetheless
            traceback.print_exc()
            return self._application.malformed(500, "the emulator failed; see its standard error")

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
                        self._socket.sendall(protocol.send(go_on) or b"")
                    protocol.receive_data(self._socket.recv(_READ))
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
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()
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
            self._socket.sendall(sent + content[: len(content) // 2])
            return
        if not head_only:
            sent += protocol.send(h11.Data(content)) or b""
        self._socket.sendall(sent + (protocol.send(h11.EndOfMessage()) or b""))

    def _let_read(self) -> None:
        """Waits a little for the client to close: bytes of its that nobody reads would reset what it has to read."""
        self._socket.shutdown(socket.SHUT_WR)
        self._socket.settimeout(_LINGER)
        for _ in range(_MAX_CONTENT // _READ):
            if not self._socket.recv(_READ):
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
