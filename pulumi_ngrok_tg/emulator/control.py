"""The control path: changes settings, faults and tunnels from outside. It is not part of ngrok's API."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from pulumi_ngrok_tg.emulator.errors import ErrorResponse
from pulumi_ngrok_tg.emulator.messages import HttpRequest, HttpResponse, StatusAndBody
from pulumi_ngrok_tg.emulator.service import Service
from pulumi_ngrok_tg.emulator.settings_and_faults import Fault, Online

PREFIX = "/_emulator"
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_Type = TypeVar("_Type")


class _Refused(Exception):
    def __init__(self, status: int, message: str, allow: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"Allow": allow} if allow else {}


def names_server(request: HttpRequest, host: str) -> bool:
    """Tell whether a request names this server: a web page may point a name of its own at this address.

    Args:
        request: the request.
        host: the name or address that clients use, besides the loopback ones.
    """
    named = request.headers.get("Host", "")
    return bool(_LOOPBACK.fullmatch(named)) or re.sub(r":[0-9]{1,5}\Z", "", named).strip("[]").lower() == host.lower()


def is_control(request: HttpRequest) -> bool:
    """Tell whether a request is for the control path, valid or not."""
    return request.path.startswith(PREFIX)


def respond(request: HttpRequest, service: Service) -> HttpResponse:
    """Respond to a request for the control path; an error is one line that names what is wrong."""
    headers: dict[str, str] = {}
    try:
        if request.content is None:
            raise _Refused(400, "The body did not arrive whole.")
        status, body = _action(request)(request, service)
    except _Refused as error:
        status, body, headers = error.status, {"error": str(error)}, error.headers
    except ErrorResponse as error:
        status, body = error.status, {"error": error.message}
    content = b"" if body is None else json.dumps(body).encode()
    return HttpResponse(status, headers | ({"Content-Type": "application/json"} if content else {}), content)


_DONE = 204, None


def _show_settings(request: HttpRequest, service: Service) -> StatusAndBody:
    return 200, msgspec.to_builtins(service.settings)


def _set(request: HttpRequest, service: Service) -> StatusAndBody:
    changes = _body(request, dict[str, Any])
    try:
        service.set(**changes)
    except ValueError as error:
        raise _not_understood(error) from error
    return _DONE


def _add_fault(request: HttpRequest, service: Service) -> StatusAndBody:
    service.add_fault(_body(request, Fault))
    return _DONE


def _clear_faults(request: HttpRequest, service: Service) -> StatusAndBody:
    with service.lock:
        service.faults.clear()
    return _DONE


def _connect(request: HttpRequest, service: Service) -> StatusAndBody:
    online = _body(request, Online)
    return 201, {"id": service.authenticate(request).connect_tunnel(online.labels, online.forwards_to)}


def _disconnect(request: HttpRequest, service: Service) -> StatusAndBody:
    id_ = request.path.rpartition("/")[2]
    account = service.authenticate(request)
    with service.lock:
        if account.tunnels.pop(id_, None) is None:
            raise _Refused(404, f"There is no tunnel {quote(id_)}.")
    return _DONE


PATHS: Mapping[str, Mapping[str, Callable[[HttpRequest, Service], StatusAndBody]]] = {
    "/settings": {"GET": _show_settings, "PATCH": _set},
    "/faults": {"POST": _add_fault, "DELETE": _clear_faults},
    "/tunnels": {"POST": _connect},
    "/tunnels/{id}": {"DELETE": _disconnect},
}


def _action(request: HttpRequest) -> Callable[[HttpRequest, Service], StatusAndBody]:
    path = re.sub("^/tunnels/[^/]+$", "/tunnels/{id}", request.path.removeprefix(PREFIX))
    if path not in PATHS:
        known = ", ".join(PREFIX + path for path in PATHS)
        raise _Refused(404, f"There is no {quote(request.path)} to control. There are: {known}.")
    if request.method not in PATHS[path]:
        line = f"{quote(request.path)} takes {' and '.join(PATHS[path])}, not {request.method}."
        raise _Refused(405, line, allow=", ".join(PATHS[path]))
    return PATHS[path][request.method]


def _body(request: HttpRequest, kind: type[_Type]) -> _Type:
    # A browser asks before it sends this type from a web page of another origin.
    if request.content_type != "application/json":
        raise _Refused(415, "The Content-Type has to be application/json.")
    try:
        return msgspec.json.decode(request.content or b"", type=kind)
    except (ValueError, RecursionError) as error:
        raise _not_understood(error) from error


def _not_understood(error: Exception) -> _Refused:
    return _Refused(400, f"The body is not valid: {error}.")
