"""The HTTP server: requests in, the emulated API's responses out, with the faults asked for."""

import json
import os
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from pulumi_ngrok_tg.emulator import endpoints
from pulumi_ngrok_tg.emulator.control import add_control_paths
from pulumi_ngrok_tg.emulator.faults import Fault
from pulumi_ngrok_tg.emulator.world import Request, World

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Emulator(World):
    """A local ngrok API server, for use in a ``with`` block or through :meth:`start` and :meth:`stop`.

    Args:
        port: TCP port on 127.0.0.1; 0 picks a free one.
        api_keys: the keys that are accepted, each an account of its own. Empty: every key is accepted.
    """

    def __init__(self, port: int = 0, api_keys: tuple[str, ...] = ()) -> None:
        super().__init__(api_keys)
        self._stopping = threading.Event()
        self._in_flight = 0
        self._server: BaseWSGIServer = make_server("127.0.0.1", port, self._app(), True, request_handler=_Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL, such as ``http://127.0.0.1:4041``."""
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> None:
        """Serves in a thread of its own, until :meth:`stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Stops serving; requests that hang are let go."""
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> "Emulator":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _app(self) -> Flask:
        app = Flask(__name__)
        app.config["PROPAGATE_EXCEPTIONS"] = True
        for path in ("/", "/<path:rest>"):
            app.add_url_rule(path, path, self._respond, methods=_METHODS)
        add_control_paths(app, self)
        app.register_error_handler(endpoints.ApiError, lambda error: (jsonify(error.body()), error.status))
        return app

    def _respond(self, rest: str = "") -> Response:
        arrived = time.monotonic()
        with self.lock:
            crowded = self.max_concurrency is not None and self._in_flight >= self.max_concurrency
            self._in_flight += not crowded
            self.peak = max(self.peak, self._in_flight)
            fault = next((f for f in self.faults if f.take(request.method, request.path)), Fault())
        try:
            if not crowded:
                self._stopping.wait(self.latency + fault.stall)
            response = self._handle(fault, crowded)
        finally:
            with self.lock:
                self._in_flight -= not crowded
        self._stopping.wait(fault.hang)
        if fault.body is not None:
            response.set_data(fault.body)
        response.headers.update(fault.headers)
        dropped = fault.drop is not None or fault.truncate
        self._record(None if dropped else response.status_code, arrived)
        if dropped:
            _cut(response if fault.truncate else None)
        return response

    def _handle(self, fault: Fault, crowded: bool) -> Response:
        if fault.drop == "before":
            return Response()
        try:
            with self.lock:
                self._admit(crowded)
                if fault.status is None or fault.handled:
                    account = self.account_of(request)
                    endpoints.require_version(request)
                    status, body = endpoints.handle(request, account, self.url)
                if fault.status is not None:
                    raise endpoints.ApiError(fault.status, fault.error_code or 0, fault.message)
        except endpoints.ApiError as error:
            response = _json(error.body(), error.status)
            if error.code == 226 and self.rate_limit and self.rate_limit.retry_after:
                response.headers["Retry-After"] = self.rate_limit.retry_after
            return response
        if body is None:
            return Response(status=status)
        body.update(fault.fields)
        if "next_page_uri" in body:
            name = "backends" if "backends" in body else "tunnels"
            body[name] = [shown for shown in body[name] if shown["id"] not in fault.hide]
        return _json(body, status)

    def _admit(self, crowded: bool) -> None:
        if crowded:
            raise endpoints.ApiError(
                429, 225, f"Your account is limited to {self.max_concurrency} simultaneous API requests."
            )
        if self.rate_limit and not self.rate_limit.admit():
            raise endpoints.ApiError(
                429,
                226,
                f"Your account is rate limited to {self.rate_limit.requests} API requests "
                f"per {self.rate_limit.seconds:g}s.",
            )

    def _record(self, status: int | None, arrived: float) -> None:
        entry = Request(
            request.method,
            request.path,
            request.query_string.decode(),
            dict(request.headers),
            request.get_json(silent=True),
            status,
            arrived,
            time.monotonic(),
        )
        with self.lock:
            self.requests.append(entry)


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open, as ngrok does

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """Serves nothing more on a connection that is gone."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing: :attr:`Emulator.requests` is the log."""


def _json(body: object, status: int) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def _cut(half_of: Response | None) -> None:
    """Ends the connection: after the first half of a response where there is one, else with a reset."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    if half_of is not None:
        body = half_of.get_data()
        head = f"HTTP/1.1 {half_of.status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[: len(body) // 2])
        connection.shutdown(socket.SHUT_RDWR)
    else:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())  # close() would wait for the handler's files
    raise ConnectionResetError
