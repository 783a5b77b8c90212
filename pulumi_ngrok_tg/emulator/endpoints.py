"""The emulated endpoints: which request gets which response, as a pure function of the account it meets.

Error codes and texts follow ngrok's published list (https://ngrok.com/docs/errors/reference). ngrok publishes no
maximum for labels, so none is enforced here; description and metadata have the documented 255 and 4096 bytes.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug import Request as HttpRequest

from pulumi_ngrok_tg.emulator import rendering
from pulumi_ngrok_tg.emulator.rendering import BACKENDS, TUNNELS
from pulumi_ngrok_tg.emulator.store import Account, Backend, page

_FIELDS = ("description", "metadata", "labels")
_MAX_PAGE = 100


@dataclass
class ApiError(Exception):
    """A response in ngrok's error format; ``code`` 0 is an error without a code of its own."""

    status: int
    code: int
    message: str

    def body(self) -> dict[str, Any]:
        """Returns the JSON body ngrok sends for it."""
        return {
            "error_code": f"ERR_NGROK_{self.code}" if self.code else "",
            "status_code": self.status,
            "msg": self.message,
            "details": {"operation_id": f"op_{secrets.token_hex(13)}"},
        }


def api_key(request: HttpRequest) -> str:
    """Returns the request's bearer token, or raises ngrok's error."""
    header = request.headers.get("Authorization")
    if not header:
        raise ApiError(401, 200, "The ngrok API requires that you set the Authorization header for authentication.")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(401, 201, "The ngrok API requires that you use Basic or Bearer authentication.")
    return token.strip()


def unknown_key(token: str) -> ApiError:
    """The error for a key that belongs to no account. Like ngrok's, it quotes the credential."""
    return ApiError(
        401,
        203,
        "The API authentication you specified is properly formed, but it is invalid. "
        f"Your authentication: {token}. API keys are available on your dashboard.",
    )


def require_version(request: HttpRequest) -> None:
    """Raises ngrok's error for a request without ``Ngrok-Version: 2``."""
    version = request.headers.get("Ngrok-Version")
    if version is None:
        raise ApiError(400, 218, "Your request has not specified an API version. Supported versions: 2.")
    if version != "2":
        raise ApiError(400, 217, f"The provided API version {version} is invalid or unsupported.")


def handle(request: HttpRequest, account: Account, base_url: str) -> tuple[int, dict[str, Any] | None]:
    """Returns the status and JSON body of ngrok's response to ``request``.

    Raises:
        ApiError: where ngrok responds with an error.
    """
    collection, _, id_ = request.path.rpartition("/")
    if request.path == BACKENDS:
        if request.method == "GET":
            limit, before_id = _page_asked_for(request, "bkdtg")
            backends, more = page(account.backends, limit, before_id)
            shown = [rendering.backend_body(backend, account, base_url) for backend in backends]
            return 200, rendering.page_body(base_url, BACKENDS, "backends", shown, limit if more else None)
        if request.method == "POST":
            return 201, rendering.backend_body(account.create(_contents(request)), account, base_url)
    elif collection == BACKENDS:
        if request.method == "GET":
            return 200, rendering.backend_body(_find(account, id_), account, base_url)
        if request.method == "PATCH":
            _find(account, id_)
            return 200, rendering.backend_body(account.update(id_, _contents(request, id_)), account, base_url)
        if request.method == "DELETE":
            del account.backends[_find(account, id_).id]
            return 204, None
    elif request.path == TUNNELS:
        if request.method == "GET":
            limit, before_id = _page_asked_for(request, "tn")
            tunnels, more = page(account.tunnels, limit, before_id)
            shown = [rendering.tunnel_body(tunnel, account, base_url) for tunnel in tunnels]
            return 200, rendering.page_body(base_url, TUNNELS, "tunnels", shown, limit if more else None)
    elif collection == TUNNELS:
        if request.method == "GET":
            if not re.fullmatch(r"tn_[0-9A-Za-z]+", id_):
                raise ApiError(400, 227, f"The ID {id_} is invalid. Expected an ID with a prefix of tn.")
            if id_ not in account.tunnels:
                raise ApiError(404, 333, f"No tunnel found with the ID {id_}.")
            return 200, rendering.tunnel_body(account.tunnels[id_], account, base_url)
    else:
        raise ApiError(404, 0, f"There is nothing at {request.path}.")
    raise ApiError(405, 0, f"{request.method} is not supported at {request.path}.")


def _find(account: Account, id_: str) -> Backend:
    if not re.fullmatch(r"[a-z]+_[0-9A-Za-z]+", id_):
        raise ApiError(400, 227, f"The ID {id_} is invalid. Expected an ID with a prefix of bkdtg.")
    if not id_.startswith("bkdtg_"):
        raise ApiError(400, 6527, f"The id {id_} is invalid; expected an id of type tunnel group backend.")
    if id_ not in account.backends:
        raise ApiError(404, 6514, f"Backend {id_} not found.")
    return account.backends[id_]


def _page_asked_for(request: HttpRequest, prefix: str) -> tuple[int, str | None]:
    """Returns how many objects a page is to hold, and before which id; ``prefix`` is that of their ids."""
    query = request.args
    if unknown := set(query) - {"before_id", "limit"}:
        raise ApiError(
            400,
            231,
            f"The query part of the requested URI includes unknown parameters: {', '.join(sorted(unknown))}.",
        )
    for name in query:
        if len(values := query.getlist(name)) > 1:
            raise ApiError(400, 232, f"The request must specify a single value for {name} but got {len(values)}.")
    limit, before_id = query.get("limit") or str(_MAX_PAGE), query.get("before_id") or None
    if not re.fullmatch(r"[+-]?[0-9]+", limit):
        raise ApiError(400, 244, f"The page size limit must be a number between 1 and 100 but {limit} was provided.")
    if not 1 <= int(limit) <= _MAX_PAGE:
        raise ApiError(400, 233, f"The page size limit must be between 1 and 100 but {limit} was provided.")
    if before_id is not None and not before_id.startswith(f"{prefix}_"):
        raise ApiError(400, 227, f"The ID {before_id} is invalid. Expected an ID with a prefix of {prefix}.")
    return int(limit), before_id


def _contents(request: HttpRequest, id_: str | None = None) -> Mapping[str, Any]:
    if not request.mimetype:
        raise ApiError(400, 216, "You did not provide a Content-Type with your request.")
    if request.mimetype != "application/json":
        raise ApiError(415, 210, f"The content type you specified {request.mimetype} is not supported by the API.")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ApiError(400, 213, "The application/json request body could not be parsed.")
    supported = (*_FIELDS, "id") if id_ else _FIELDS
    for name in body:
        if name not in supported:
            raise ApiError(
                400,
                214,
                f"The request parameter {name} is unknown and not expected. "
                f"The supported fields are: {', '.join(supported)}.",
            )
    for name in ("description", "metadata"):
        if not isinstance(body.get(name), str | None):
            raise _invalid(name)
    if body.get("id", id_) != id_:
        raise _invalid("id")
    if len((body.get("description") or "").encode()) > 255:
        raise ApiError(400, 6503, "The description must be at most 255 bytes.")
    if len((body.get("metadata") or "").encode()) > 4096:
        raise ApiError(400, 6504, "The metadata must be at most 4096 bytes.")
    _check_labels(body.get("labels"))
    return body


def _check_labels(labels: object) -> None:
    if labels is None:
        return
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise _invalid("labels")
    for key, value in labels.items():
        if not key:
            raise ApiError(400, 6509, "A label key must not be empty.")
        if "=" in key or "=" in value:
            raise ApiError(400, 6531, f"The label {key} must not contain '='.")


def _invalid(name: str) -> ApiError:
    return ApiError(400, 215, f"The value provided for the request parameter {name} is invalid.")
