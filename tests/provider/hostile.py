"""A server that may say anything, in any bytes."""

import json
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

Script = Callable[[str, str], bytes | None]
"""From a request's method and path to the bytes of its response; None is the honest response."""


class HostileServer:
    """A small account over a raw socket: it does what it is asked, and then says what the script says."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.backends: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        """``METHOD path`` of each, in the order of arrival."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "HostileServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def add(self, id_: str, **contents: Any) -> dict[str, Any]:
        self.backends[id_] = {"id": id_, "uri": "", "created_at": "2025-01-21T18:19:53Z", **contents}
        return self.backends[id_]

    def _serve(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(5)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
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
        connection.sendall(honest if said is None else said)

    def _do(self, method: str, path: str, body: bytes) -> bytes:
        id_ = path.partition("?")[0].rpartition("/")[2]
        if method == "POST":
            made = self.add(f"bkdtg_made{len(self.backends)}", **json.loads(body))
            made["created_at"] = "2100-01-01T00:00:00Z"
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
