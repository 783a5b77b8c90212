"""The emulator: HTTP requests in, the emulated API's responses out, with the faults asked for."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from pulumi_ngrok_tg.emulator import control, endpoints
from pulumi_ngrok_tg.emulator.errors import ErrorResponse, make_error
from pulumi_ngrok_tg.emulator.http import HttpServer
from pulumi_ngrok_tg.emulator.log import Request
from pulumi_ngrok_tg.emulator.messages import Ending, HttpRequest, HttpResponse, StatusAndBody
from pulumi_ngrok_tg.emulator.seed import Seed
from pulumi_ngrok_tg.emulator.service import Service
from pulumi_ngrok_tg.emulator.settings import Fault


class Emulator(Service):
    """A local ngrok API server, for use in a ``with`` block or through :meth:`start` and :meth:`stop`.

    Args:
        port: TCP port on 127.0.0.1; 0 picks a free one.
        api_keys: the keys that are accepted, each an account of its own. Empty: every key is accepted.
        backends: what every account begins with, in the form of the API's list. Those without an id are the newest.

    Raises:
        OSError: the port cannot be listened on.
        ValueError: it is no port, a key is none that can be sent, or a backend is not what the API could hold.
    """

    def __init__(
        self, port: int = 0, api_keys: Sequence[str] = (), backends: Sequence[Mapping[str, Any] | Seed] = ()
    ) -> None:
        super().__init__(api_keys, backends)
        self._stopping = threading.Event()
        self._server = HttpServer(port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self._server.port

    @property
    def url(self) -> str:
        """The base URL, such as ``http://127.0.0.1:4041``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point a stack, or the command, at this server."""
        return {"NGROK_API_BASE_URL": self.url, "NGROK_API_KEY": self.api_key}

    def start(self) -> None:
        """Serves in a thread of its own, until :meth:`stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Stops serving; requests that hang are let go."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.close()

    def __enter__(self) -> "Emulator":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Returns the response to a request; the HTTP server asks for it."""
        if not control.names_this_machine(request):
            return self.malformed(403, "the Host header has to name this machine, such as 127.0.0.1")
        if control.is_control(request):
            return control.respond(request, self)
        arrived = time.monotonic()
        fault = self.take_fault(request)
        with self.place() as free:
            if free:
                self._stopping.wait(self.settings.latency + fault.stall)
            response = self._outcome(request, fault, free)
        self._stopping.wait(fault.hang)
        if fault.body is not None:
            response.content = fault.body.encode("utf-8", "surrogatepass")
        for name, value in fault.headers.items():
            response.headers.pop(name.title(), None)
            response.headers[name] = value
        response.ending = _ending(fault)
        status = response.status if response.ending in (Ending.KEPT, Ending.CLOSED_AFTER) else None
        self.requests.add(
            Request(
                request.method,
                request.path,
                request.query,
                dict(request.headers),
                request.content,
                status,
                arrived,
                time.monotonic(),
            )
        )
        return response

    def _outcome(self, request: HttpRequest, fault: Fault, free: bool) -> HttpResponse:
        """Returns the response to an API request, as far as it is not sent in another way."""
        operation = self.operation()
        if fault.drop == "before":
            return HttpResponse(200)
        try:
            with self.lock:
                if not free:
                    raise make_error(225, max=self.settings.max_concurrency)
                if fault.status is None or fault.handled:
                    status, body = self._handled(request)
                if fault.status is not None:
                    message = "The emulator was told to fail." if fault.message is None else fault.message
                    raise ErrorResponse(fault.status, fault.error_code or 0, message)
        except ErrorResponse as error:
            return _response(error.status, error.body(operation), operation, error.headers)
        if body is not None:
            if "next_page_uri" in body:
                name = "backends" if "backends" in body else "tunnels"
                body[name] = [shown for shown in body[name] if shown["id"] not in fault.hide]
            body.update(fault.fields)
        return _response(status, body, operation)

    def _handled(self, request: HttpRequest) -> StatusAndBody:
        account = self.authenticate(request)
        self.admit(account)
        endpoints.require_version(request)
        return endpoints.handle(endpoints.Call(request, account, self.settings, self.url))

    def malformed(self, status: int, reason: str) -> HttpResponse:
        """Returns the response to what is not taken; the HTTP server asks for it."""
        operation = self.operation()
        return _response(status, ErrorResponse(status, 0, f"Not taken: {reason}.").body(operation), operation)


def _response(
    status: int, body: dict[str, Any] | None, operation: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    content = b"" if body is None else json.dumps(body).encode()
    described = {"Content-Type": "application/json"} if content else {}
    return HttpResponse(status, {**described, "Ngrok-Operation-Id": operation, **(headers or {})}, content)


def _ending(fault: Fault) -> Ending:
    """How the connection goes on."""
    if fault.truncate:
        return Ending.HALF
    if fault.drop == "idle":
        return Ending.CLOSED_AFTER
    if fault.drop:
        return Ending.RESET if fault.reset else Ending.CLOSED
    return Ending.KEPT
