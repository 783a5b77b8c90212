"""A server that may say anything, in any bytes."""

import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timezone
from types import TracebackType
from typing import Any

from typing_extensions import Self

Script = Callable[[str, str], bytes | Iterator[bytes] | None]
"""From a request's method and path to the bytes of its response, whole or piece by piece; None is the honest one."""
PLAIN = b"<html>blocked</html>"
"""A piece of a response that is sent beside TLS, where there is any."""


class _Server:
    """Takes one connection after the other, while it is entered."""

    def __init__(self, scheme: str) -> None:
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection, suppress(OSError):
                self._speak(connection)

    def _speak(self, connection: socket.socket) -> None:
        raise NotImplementedError


class HostileServer(_Server):
    """A small account over a raw socket: it does what it is asked, and then says what the script says."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        super().__init__("https" if tls else "http")
        self.script = script
        self._tls = tls
        self.backends: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        """``METHOD path`` of each, in the order of arrival."""

    def add(self, id_: str, **contents: Any) -> dict[str, Any]:
        self.backends[id_] = {"id": id_, "uri": "", "created_at": "2025-01-21T18:19:53Z", **contents}
        return self.backends[id_]

    def _speak(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self._tls is None:
            self._respond(connection)
        else:
            with self._tls.wrap_socket(connection, server_side=True) as encrypted:
                self._respond(encrypted)

    def _respond(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            if not (chunk := connection.recv(65536)):
                return
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while length and len(body) < int(length[1]):
            body += connection.recv(65536)
        method, path, _ = head.decode("latin-1").split(" ", 2)
        self.requests.append(f"{method} {path}")
        honest = self._do(method, path, body)
        said = self.script(method, path)
        for piece in [honest] if said is None else [said] if isinstance(said, bytes) else said:
            if piece is PLAIN and isinstance(connection, ssl.SSLSocket):
                os.write(connection.fileno(), piece)
            else:
                connection.sendall(piece)
            if not isinstance(said, bytes | None) and self._stopping.wait(0.05):
                return

    def _do(self, method: str, path: str, body: bytes) -> bytes:
        id_ = path.partition("?")[0].rpartition("/")[2]
        if method == "POST":
            made = self.add(f"bkdtg_made{len(self.backends)}", **json.loads(body))
            made["created_at"] = datetime.now(timezone.utc).isoformat()
            return response(201, made)
        if id_ == "tunnel_group":
            return response(200, {"backends": list(self.backends.values())})
        if id_ not in self.backends:
            return response(404, {"error_code": "ERR_NGROK_6514", "status_code": 404, "msg": "gone"})
        if method == "DELETE":
            del self.backends[id_]
            return response(204, None)
        if method == "PATCH":
            self.backends[id_].update(json.loads(body))
        return response(200, self.backends[id_])


def response(status: int, body: object, *headers: str) -> bytes:
    """A response with a JSON body."""
    return raw(status, b"" if body is None else json.dumps(body).encode(), *headers)


def raw(status: int | str, content: bytes, *headers: str) -> bytes:
    """A response with any body."""
    head = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(content)}", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode("latin-1", "replace") + content


class Trickling(_Server):
    """Sends a piece now and then, and never comes to an end."""

    def __init__(self, pieces: Callable[[], Iterable[bytes]]) -> None:
        super().__init__("https")
        self._pieces = pieces

    def _speak(self, connection: socket.socket) -> None:
        for piece in self._pieces():
            connection.sendall(piece)
            if self._stopping.wait(0.05):
                return


class ConnectProxy:
    """A proxy for HTTPS: it hands bytes on and reads none of them."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):  # until it is closed
            while True:
                client = self._listener.accept()[0]
                received = b""
                while b"\r\n\r\n" not in received:
                    received += client.recv(65536)
                host, _, port = received.split()[1].decode().partition(":")
                server = socket.create_connection((host, int(port)))
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._hand_on, args=(source, target), daemon=True).start()

    @staticmethod
    def _hand_on(source: socket.socket, target: socket.socket) -> None:
        with source, suppress(OSError):
            while received := source.recv(65536):
                target.sendall(received)
            target.shutdown(socket.SHUT_RDWR)
