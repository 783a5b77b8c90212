"""The control path: settings, faults, tunnels and the request log, from outside the process. No part of ngrok's API."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from pulumi_ngrok_tg.emulator.errors import ApiError
from pulumi_ngrok_tg.emulator.messages import HttpRequest, HttpResponse
from pulumi_ngrok_tg.emulator.settings import Fault, Online
from pulumi_ngrok_tg.emulator.world import World

PREFIX = "/_emulator"
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_SHOWN = ("method", "path", "query", "status", "arrived", "ended")  # not the headers: they hold the key
_Type = TypeVar("_Type")


class _Refused(Exception):
    def __init__(self, status: int, message: str, allow: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"Allow": allow} if allow else {}


def names_this_machine(request: HttpRequest) -> bool:
    """Tells whether a request is for this machine. A web page may have given its address to a name of its own."""
    return bool(_LOOPBACK.fullmatch(request.headers.get("Host", "")))


def is_control(request: HttpRequest) -> bool:
    """Tells whether a request is one for the control path, be it a wrong one."""
    return request.path.startswith(PREFIX)


def respond(request: HttpRequest, world: World) -> HttpResponse:
    """Does what a request for the control path asks, or refuses it in one line that names what is wrong."""
    headers: dict[str, str] = {}
    try:
        if request.content is None:
            raise _Refused(400, "The body did not arrive whole, or is larger than 8 MiB.")
        status, body = _action(request)(request, world)
    except _Refused as error:
        status, body, headers = error.status, {"error": str(error)}, error.headers
    except ApiError as error:
        status, body = error.status, {"error": error.message}
    content = b"" if body is None else json.dumps(body).encode()
    return HttpResponse(status, headers | ({"Content-Type": "application/json"} if content else {}), content)


_Outcome = tuple[int, Any]
_DONE = 204, None


def _show_settings(request: HttpRequest, world: World) -> _Outcome:
    return 200, msgspec.to_builtins(world.settings)


def _set(request: HttpRequest, world: World) -> _Outcome:
    changes = _body(request, dict[str, Any])
    try:
        world.set(**changes)
    except ValueError as error:
        raise _not_understood(error) from error
    return _DONE


def _add_fault(request: HttpRequest, world: World) -> _Outcome:
    fault = _body(request, Fault)
    with world.lock:
        world.faults.append(fault)
    return _DONE


def _clear_faults(request: HttpRequest, world: World) -> _Outcome:
    with world.lock:
        world.faults.clear()
    return _DONE


def _show_requests(request: HttpRequest, world: World) -> _Outcome:
    return 200, [{name: getattr(logged, name) for name in _SHOWN} for logged in world.requests]


def _clear_requests(request: HttpRequest, world: World) -> _Outcome:
    world.requests.clear()
    return _DONE


def _connect(request: HttpRequest, world: World) -> _Outcome:
    online = _body(request, Online)
    return 201, {"id": world.account_of(request).connect_tunnel(online.labels, online.forwards_to)}


def _disconnect(request: HttpRequest, world: World) -> _Outcome:
    id_ = request.path.rpartition("/")[2]
    account = world.account_of(request)
    with world.lock:
        if account.tunnels.pop(id_, None) is None:
            raise _Refused(404, f"There is no tunnel {quote(id_)}.")
    return _DONE


PATHS: Mapping[str, Mapping[str, Callable[[HttpRequest, World], _Outcome]]] = {
    "/settings": {"GET": _show_settings, "PATCH": _set},
    "/faults": {"POST": _add_fault, "DELETE": _clear_faults},
    "/requests": {"GET": _show_requests, "DELETE": _clear_requests},
    "/tunnels": {"POST": _connect},
    "/tunnels/{id}": {"DELETE": _disconnect},
}


def _action(request: HttpRequest) -> Callable[[HttpRequest, World], _Outcome]:
    path = re.sub("^/tunnels/[^/]+$", "/tunnels/{id}", request.path.removeprefix(PREFIX))
    if path not in PATHS:
        known = ", ".join(PREFIX + path for path in PATHS)
        raise _Refused(404, f"There is no {quote(request.path)} to control. There are: {known}.")
    if request.method not in PATHS[path]:
        told = f"{quote(request.path)} takes {' and '.join(PATHS[path])}, not {request.method}."
        raise _Refused(405, told, allow=", ".join(PATHS[path]))
    return PATHS[path][request.method]


def _body(request: HttpRequest, kind: type[_Type]) -> _Type:
    # A web page can send anything but this without being asked for its origin first.
    if request.content_type != "application/json":
        raise _Refused(415, "The Content-Type has to be application/json.")
    try:
        return msgspec.json.decode(request.content or b"", type=kind)
    except (ValueError, RecursionError) as error:
        raise _not_understood(error) from error


def _not_understood(error: Exception) -> _Refused:
    return _Refused(400, f"The body is not what it has to be: {error}.")
