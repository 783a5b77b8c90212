"""Lists what refers to backends by their ids: edges, failover backends and weighted backends.

The paths and fields are from ngrok's OpenAPI description (https://github.com/ngrok/ngrok-openapi); they were not tried
on a live account. No list takes a filter, so all five are read. Routes of HTTPS edges are in the list of their edges.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pulumi_ngrok_tg.api.errors import Cancelled, ConnectionFailed, GaveUp, NgrokError, Unreadable
from pulumi_ngrok_tg.api.models import Clean, Collection, read_text

REFERENCED = 6502
"""The ERR_NGROK code of a delete of what a failover or weighted backend refers to."""
_BACKEND_ID = re.compile(r"(?<![0-9A-Za-z_])bkd[a-z]{1,8}_[0-9A-Za-z]{1,64}")
_FREE_TEXT = ("description", "metadata")  # a user may write anything here, also an id that refers to nothing
_MATCH_TYPES = {"path_prefix": "path prefix", "exact_path": "exact path"}


@dataclass(frozen=True)
class Target:
    """A backend that something refers to."""

    id: str
    """``bkdtg_...`` or the id of another kind of backend."""
    where: str = ""
    """The part of the referrer that names it, such as the route ``/api (exact path)`` of an HTTPS edge."""
    enabled: bool = True
    """Whether traffic may flow through this reference."""


@dataclass(frozen=True)
class Referrer:
    """An edge or a backend that refers to other backends."""

    kind: str
    """``https edge``, ``tcp edge``, ``tls edge``, ``failover`` or ``weighted``."""
    id: str
    """As the server sent it."""
    shown: str
    """The id as it may be shown: in one line, without the API key."""
    name: str
    """The addresses of an edge, the description of a backend; "" if it has none."""
    targets: tuple[Target, ...]

    def clean(self, clean: Clean) -> "Referrer":
        """Return the referrer with its texts fit to be shown."""
        targets = tuple(replace(target, where=clean(target.where)) for target in self.targets)
        return replace(self, shown=clean(self.id), name=clean(self.name), targets=targets)


@dataclass(frozen=True)
class References:
    """What an account's lists say about references to backends."""

    referrers: tuple[Referrer, ...]
    unlisted: Mapping[str, NgrokError]
    """The kinds that could not be listed to their end, and why: other references of these kinds are unknown."""


def read_referrer(kind: str, request: str, body: Any) -> Referrer:
    """Read an edge, or a backend that refers to others, from the JSON of a response; raise Unreadable if it is none.

    Every backend id in it counts as a reference, also in fields unknown here, but not in description and metadata.
    """
    try:
        id_ = read_text(body["id"])
        if kind in ("failover", "weighted"):
            name, targets = read_text(body.get("description") or ""), tuple(_read_members(body))
        else:
            name = ", ".join(map(read_text, body.get("hostports") or ()))
            targets = tuple(_read_routes(body) if kind == "https edge" else _read_backend(body))
        known = {id_, *(target.id for target in targets)}
        others = dict.fromkeys(found for found in _find_ids(body) if found not in known)
        return Referrer(kind, id_, id_, name, (*targets, *map(Target, others)))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Unreadable(f"{request}: the response holds an object that is no valid {kind}.") from None


LISTS: Mapping[str, Collection[Referrer]] = {
    kind: Collection(path, name, partial(read_referrer, kind), Referrer.clean)
    for kind, path, name in (
        ("failover", "/backends/failover", "backends"),
        ("weighted", "/backends/weighted", "backends"),
        ("https edge", "/edges/https", "https_edges"),
        ("tcp edge", "/edges/tcp", "tcp_edges"),
        ("tls edge", "/edges/tls", "tls_edges"),
    )
}
"""The kinds of referrers, and the list of each."""
BACKENDS_ONLY = ("failover", "weighted")
"""The kinds for which ngrok refuses to delete a backend (ERR_NGROK_6502)."""


def list_references(
    list_: Callable[[Collection[Referrer]], Iterable[Referrer]], kinds: Iterable[str] = LISTS
) -> References:
    """List what refers to backends; name each kind that cannot be listed, and why.

    Once ``list_`` finds no server, no further collection is listed. Cancelled is raised.
    """
    referrers: list[Referrer] = []
    unlisted: dict[str, NgrokError] = {}
    outage: NgrokError | None = None
    for kind in kinds:
        try:
            if outage is not None:
                raise outage
            referrers += list_(LISTS[kind])
        except Cancelled:
            raise
        except NgrokError as error:
            if error is not outage:
                referrers += error.listed
            unlisted[kind] = error
            outage = error if isinstance(error, ConnectionFailed | GaveUp) else None
    return References(tuple(referrers), unlisted)


def _read_members(body: Any) -> Iterator[Target]:
    """Read the backends of another backend: a list of ids, or an object whose keys are ids."""
    members = body["backends"]
    if not isinstance(members, list | dict | None):
        raise TypeError
    for member in members or ():
        weight = members[member] if isinstance(members, dict) else 1
        yield Target(read_text(member), enabled=weight != 0)


def _read_routes(body: Any) -> Iterator[Target]:
    for route in body.get("routes") or ():
        match, match_type = (read_text(route.get(name) or "") for name in ("match", "match_type"))
        kind = _MATCH_TYPES.get(match_type, match_type)
        where = f"{match} ({kind})" if kind else match
        yield from (replace(target, where=where) for target in _read_backend(route))


def _read_backend(body: Any) -> Iterator[Target]:
    """Read the backend of a route or an edge: null, absent, or an object that names it."""
    module = body.get("backend")
    if module is not None and (backend := module.get("backend")) is not None:
        yield Target(read_text(backend["id"]), enabled=module.get("enabled") is not False)


def _find_ids(value: Any) -> Iterator[str]:
    """Find each backend id in JSON, at any depth, also in keys and within longer texts."""
    if isinstance(value, dict):
        value = [part for key, item in value.items() if key not in _FREE_TEXT for part in (key, item)]
    if isinstance(value, list):
        for part in value:
            yield from _find_ids(part)
    elif isinstance(value, str):
        yield from _BACKEND_ID.findall(value)
