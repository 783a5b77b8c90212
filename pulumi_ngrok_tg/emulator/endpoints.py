"""The emulated endpoints: the response to each request, by the account and the settings."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from pulumi_ngrok_tg.emulator import rendering
from pulumi_ngrok_tg.emulator.body import read_contents
from pulumi_ngrok_tg.emulator.errors import make_error
from pulumi_ngrok_tg.emulator.messages import HttpRequest, StatusAndBody
from pulumi_ngrok_tg.emulator.rendering import BACKENDS, TUNNELS
from pulumi_ngrok_tg.emulator.settings_and_faults import Settings
from pulumi_ngrok_tg.emulator.store import (
    REFERRERS,
    EmulatedAccount,
    EmulatedBackend,
    EmulatedTunnel,
    Object,
    take_page,
)

_MAX_PAGE = 100


@dataclass(frozen=True)
class Call:
    """An authenticated request, with its account."""

    request: HttpRequest
    account: EmulatedAccount
    settings: Settings
    base_url: str


def read_api_key(request: HttpRequest) -> str:
    """Return the request's bearer token, or raise ngrok's error."""
    header = request.headers.get("Authorization")
    if not header:
        raise make_error(200)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise make_error(201, value=header)
    return token.strip()


def require_version(request: HttpRequest) -> None:
    """Raise ngrok's error for a request without ``Ngrok-Version: 2``."""
    version = request.headers.get("Ngrok-Version")
    if version is None:
        raise make_error(218)
    if version != "2":
        raise make_error(217, version=version)


def handle(call: Call) -> StatusAndBody:
    """Return ngrok's response to a request.

    Raises:
        ErrorResponse: ngrok responds with an error.
    """
    request = call.request
    actions, id_ = _find_actions(request.path)
    if not actions:
        raise make_error(27204, path=request.path)
    if request.method not in actions:
        raise make_error(27614, {"Allow": ", ".join(actions)})
    if request.content is None:
        raise make_error(212)
    if request.method in ("GET", "DELETE") and request.content:
        raise make_error(211, method=request.method)
    _read_query(request.query)  # raises for a malformed one
    return actions[request.method](call, id_)


def _list_backends(call: Call, _: str) -> StatusAndBody:
    return _list(call, BACKENDS, "backends", "bkdtg", call.account.backends, rendering.render_backend)


def _create_backend(call: Call, _: str) -> StatusAndBody:
    backend = call.account.create(read_contents(call.request, call.settings))
    return 201, rendering.render_backend(backend, call.account, call.base_url)


def _get_backend(call: Call, id_: str) -> StatusAndBody:
    return 200, rendering.render_backend(_find_backend(call, id_), call.account, call.base_url)


def _update_backend(call: Call, id_: str) -> StatusAndBody:
    backend = call.account.update(_find_backend(call, id_).id, read_contents(call.request, call.settings, id_))
    return 200, rendering.render_backend(backend, call.account, call.base_url)


def _delete_backend(call: Call, id_: str) -> StatusAndBody:
    backend = _find_backend(call, id_)
    if call.account.is_referred_to(backend.id):
        raise make_error(6502)
    del call.account.backends[backend.id]
    return 204, None


def _list_tunnels(call: Call, _: str) -> StatusAndBody:
    return _list(call, TUNNELS, "tunnels", "tn", call.account.tunnels, rendering.render_tunnel)


def _get_tunnel(call: Call, id_: str) -> StatusAndBody:
    return 200, rendering.render_tunnel(_find_tunnel(call, id_), call.account, call.base_url)


def _list_referrers(name: str, call: Call, _: str) -> StatusAndBody:
    path, field, prefix = REFERRERS[name]
    if call.settings.references_error is not None:
        raise make_error(call.settings.references_error)
    render = partial(rendering.render_referrer, name)
    return _list(call, path, field, prefix, call.account.referrers[name], render)


def _list(
    call: Call,
    collection: str,
    name: str,
    prefix: str,
    objects: Mapping[str, Object],
    body: Callable[[Object, EmulatedAccount, str], dict[str, Any]],
) -> StatusAndBody:
    """Return the requested page; ``prefix`` is that of the objects' ids."""
    limit, before_id = _read_page_query(call.request, prefix)
    found, more = take_page(objects, limit, before_id)
    shown = [body(one, call.account, call.base_url) for one in found]
    return 200, rendering.render_page(call.base_url, collection, name, shown, limit if more else None)


_Actions = Mapping[str, Callable[[Call, str], StatusAndBody]]

_OF_COLLECTION: Mapping[str, _Actions] = {
    BACKENDS: {"GET": _list_backends, "POST": _create_backend},
    TUNNELS: {"GET": _list_tunnels},
    **{collection.path: {"GET": partial(_list_referrers, name)} for name, collection in REFERRERS.items()},
}
_OF_OBJECT: Mapping[str, _Actions] = {
    BACKENDS: {"GET": _get_backend, "PATCH": _update_backend, "DELETE": _delete_backend},
    TUNNELS: {"GET": _get_tunnel},
}


def _find_actions(path: str) -> tuple[_Actions, str]:
    """Return the actions of a path by method, and the id in it."""
    collection, _, id_ = path.rpartition("/")
    return _OF_COLLECTION.get(path) or _OF_OBJECT.get(collection, {}), id_


def _find_backend(call: Call, id_: str) -> EmulatedBackend:
    if not re.fullmatch(r"[a-z]+_[0-9A-Za-z]+", id_):
        raise make_error(227, id=id_, prefix="bkdtg")
    if not id_.startswith("bkdtg_"):
        raise make_error(6527, id=id_)
    if id_ not in call.account.backends:
        raise make_error(6514)
    return call.account.backends[id_]


def _find_tunnel(call: Call, id_: str) -> EmulatedTunnel:
    if not re.fullmatch(r"tn_[0-9A-Za-z]+", id_):
        raise make_error(227, id=id_, prefix="tn")
    if id_ not in call.account.tunnels:
        raise make_error(333, id=id_)
    return call.account.tunnels[id_]


def _read_page_query(request: HttpRequest, prefix: str) -> tuple[int, str | None]:
    """Return the page's limit, and the id before which it begins; ``prefix`` is that of the ids."""
    query = _read_query(request.query)
    supported = ("before_id", "limit")
    if unknown := sorted(query.keys() - set(supported)):
        raise make_error(231, unknown=", ".join(unknown), supported=", ".join(supported))
    for name, values in query.items():
        if len(values) > 1:
            raise make_error(232, name=name, count=len(values), values=", ".join(values))
    limit = query.get("limit", [str(_MAX_PAGE)])[0]
    before_id = query["before_id"][0] if "before_id" in query else None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", limit):
        raise make_error(244, max=_MAX_PAGE, value=limit)
    if not 1 <= int(limit) <= _MAX_PAGE:
        raise make_error(233, max=_MAX_PAGE, value=limit)
    if before_id is not None and not before_id.startswith(f"{prefix}_"):
        raise make_error(227, id=before_id, prefix=prefix)
    return int(limit), before_id


def _read_query(query: str) -> dict[str, list[str]]:
    """Read a query, or raise for stray percent signs and semicolons as Go does, in which ngrok's API is written."""
    if stray := re.search(r"%(?![0-9A-Fa-f]{2}).{0,2}", query):
        raise make_error(230, error=f'invalid URL escape "{stray[0]}"')
    if ";" in query:
        raise make_error(230, error="invalid semicolon separator in query")
    return parse_qs(query, keep_blank_values=True)
