"""Responds to HTTP requests as the API does, or with the faults that were added."""

import json
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from pulumi_ngrok_tg.emulator import control, endpoints
from pulumi_ngrok_tg.emulator.errors import ErrorResponse, make_error
from pulumi_ngrok_tg.emulator.log import Request
from pulumi_ngrok_tg.emulator.messages import Ending, HttpRequest, HttpResponse, StatusAndBody
from pulumi_ngrok_tg.emulator.service import Service
from pulumi_ngrok_tg.emulator.settings_and_faults import Fault


class Application:
    """The emulated API and its control path, without sockets; safe to share between threads.

    Args:
        service: what the API holds, and how it behaves.
        host: the name or address that clients use.
        stopping: ends responses that are slow on purpose.
        hear: called with each API request when its response is ready.
    """

    def __init__(
        self, service: Service, host: str, stopping: threading.Event, hear: Callable[[Request], None] | None
    ) -> None:
        self._service = service
        self._host = host
        self._hear = hear
        self._stopping = stopping

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the response to a request for the API or the control path."""
        if not control.names_server(request, self._host):
            error = ErrorResponse(403, 0, f"The Host header has to name this server, such as {self._host}.")
            operation = self._service.make_operation_id()
            return _response(403, error.body(operation), operation)
        if control.is_control(request):
            return control.respond(request, self._service)
        arrived = time.monotonic()
        fault = self._service.take_fault(request)
        with self._service.hold_place() as free:
            if free:
                self._stopping.wait(self._service.settings.latency + fault.stall)
            response = self._respond(request, fault, free)
        self._stopping.wait(fault.hang)
        if fault.body is not None:
            response.content = fault.body.encode()
        for name, value in fault.headers.items():
            response.headers.pop(name.title(), None)
            response.headers[name] = value
        response.ending = _ending(fault)
        status = response.status if response.ending in (Ending.KEPT, Ending.CLOSED_AFTER) else None
        logged = Request(
            request.method,
            request.path,
            request.query,
            dict(request.headers),
            request.content,
            status,
            arrived,
            time.monotonic(),
        )
        self._service.requests.add(logged)
        if self._hear is not None:
            try:
                self._hear(logged)
            except Exception:  # the request is handled, so its response is the API's
                traceback.print_exc()
        return response

    def _respond(self, request: HttpRequest, fault: Fault, free: bool) -> HttpResponse:
        """Return the response to an API request, before faults of the connection."""
        operation = self._service.make_operation_id()
        if fault.drop == "before":
            return HttpResponse(200)
        try:
            with self._service.lock:
                if not free:
                    raise make_error(225, max=self._service.settings.max_concurrency)
                if fault.status is None or fault.handled:
                    status, body = self._handle(request)
                if fault.status is not None:
                    message = "The emulator fails on purpose." if fault.message is None else fault.message
                    raise ErrorResponse(fault.status, fault.error_code or 0, message)
        except ErrorResponse as error:
            return _response(error.status, error.body(operation), operation, error.headers)
        if body is not None:
            if "next_page_uri" in body:
                name = next(name for name, value in body.items() if isinstance(value, list))
                body[name] = [shown for shown in body[name] if shown["id"] not in fault.hide]
            body.update(fault.fields)
        return _response(status, body, operation)

    def _handle(self, request: HttpRequest) -> StatusAndBody:
        account = self._service.authenticate(request)
        self._service.admit(account)
        endpoints.require_version(request)
        base_url = f"http://{request.headers['Host']}"  # as the client has reached this
        return endpoints.handle(endpoints.Call(request, account, self._service.settings, base_url))


def _response(
    status: int, body: dict[str, Any] | None, operation: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    content = b"" if body is None else json.dumps(body).encode()
    described = {"Content-Type": "application/json"} if content else {}
    return HttpResponse(status, {**described, "Ngrok-Operation-Id": operation, **(headers or {})}, content)


def _ending(fault: Fault) -> Ending:
    """Return what happens to the connection."""
    if fault.truncate:
        return Ending.HALF
    if fault.drop == "idle":
        return Ending.CLOSED_AFTER
    if fault.drop:
        return Ending.RESET if fault.reset else Ending.CLOSED
    return Ending.KEPT
