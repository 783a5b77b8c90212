"""What one emulated ngrok account holds: backends, tunnels online, and what refers to backends."""

import copy
import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple, TypeVar

from pulumi_ngrok_tg.emulator.seed import Seeds

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 27
_RANDOM_BITS = 128
_EPOCH = 1_400_000_000  # ngrok's ids are KSUIDs: seconds since this moment, then 128 random bits


class IdSource:
    """Makes ngrok's ids: a prefix and 27 base62 characters that sort by creation, even within one second."""

    def __init__(self) -> None:
        self._last = 0

    def make(self, prefix: str) -> str:
        """Return a new id, greater than every one before it."""
        fresh = (int(time.time()) - _EPOCH) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        self._last = fresh if fresh > self._last else self._last + 1 + secrets.randbits(32)
        number, digits = self._last, ""
        while len(digits) < _ID_LENGTH:
            number, digit = divmod(number, 62)
            digits = _BASE62[digit] + digits
        return f"{prefix}_{digits}"


@dataclass
class EmulatedBackend:
    """A stored tunnel group backend; the fields are those of the API reference."""

    id: str
    created_at: str
    description: str = ""
    metadata: str = ""
    labels: dict[str, str] = field(default_factory=dict)


@dataclass
class EmulatedTunnel:
    """A tunnel that is online; the fields are those of the API reference."""

    id: str
    started_at: str
    session: str
    """The id of its tunnel session."""
    labels: dict[str, str]
    forwards_to: str


@dataclass
class EmulatedReferrer:
    """An edge, or a failover or weighted backend. The emulator only lists it."""

    id: str
    created_at: str
    fields: dict[str, Any]
    """The other fields, as in ngrok's API reference."""


Object = TypeVar("Object", EmulatedBackend, EmulatedTunnel, EmulatedReferrer)


class ReferrerList(NamedTuple):
    """A list of the API with objects that refer to backends."""

    path: str
    field: str
    """The field of a page that holds the objects."""
    prefix: str
    """The prefix of their ids."""


REFERRERS: Mapping[str, ReferrerList] = {
    "failover_backends": ReferrerList("/backends/failover", "backends", "bkdfo"),
    "weighted_backends": ReferrerList("/backends/weighted", "backends", "bkdwd"),
    "https_edges": ReferrerList("/edges/https", "https_edges", "edghts"),
    "tcp_edges": ReferrerList("/edges/tcp", "tcp_edges", "edgtcp"),
    "tls_edges": ReferrerList("/edges/tls", "tls_edges", "edgtls"),
}
"""The lists of what may refer to backends, by the emulator's names."""


@dataclass
class EmulatedAccount:
    """The backends and online tunnels of one API key."""

    backends: dict[str, EmulatedBackend] = field(default_factory=dict)
    tunnels: dict[str, EmulatedTunnel] = field(default_factory=dict)
    referrers: dict[str, dict[str, EmulatedReferrer]] = field(default_factory=lambda: {name: {} for name in REFERRERS})
    """What may refer to backends: ``failover_backends``, ``weighted_backends``, ``https_edges`` and so on, by id."""
    ids: IdSource = field(default_factory=IdSource)
    admitted: deque[float] = field(default_factory=deque)
    """When the requests that count for the rate limit came, in seconds of a monotonic clock."""
    lock: AbstractContextManager[bool] = field(default_factory=threading.RLock)
    """Held while backends or tunnels are read or changed."""

    @classmethod
    def of(cls, seeds: Seeds, lock: AbstractContextManager[bool]) -> "EmulatedAccount":
        """Return an account that begins with the seeds; the first backends are the newest."""
        account = cls(lock=lock)
        for seed in reversed(seeds.backends):
            backend = EmulatedBackend(
                seed.id or account.ids.make("bkdtg"), _format_time(seed.created_at) if seed.created_at else _now()
            )
            account.backends[backend.id] = backend
            account.update(backend.id, seed.contents())
        for collection in REFERRERS:
            for fields in reversed(getattr(seeds, collection)):
                account.add_referrer(collection, fields)
        return account

    def create(self, contents: Mapping[str, object]) -> EmulatedBackend:
        """Store a new backend with ``contents``: description, metadata and labels; absent and null mean empty."""
        with self.lock:
            backend = EmulatedBackend(self.ids.make("bkdtg"), _now())
            self.backends[backend.id] = backend
            return self.update(backend.id, contents)

    def update(self, id_: str, contents: Mapping[str, object]) -> EmulatedBackend:
        """Write the fields in ``contents``; absent and null leave a field unchanged, "" and {} clear it."""
        with self.lock:
            backend = self.backends[id_]
            for name in ("description", "metadata", "labels"):
                if contents.get(name) is not None:
                    setattr(backend, name, contents[name])
            return backend

    def connect_tunnel(self, labels: Mapping[str, str], forwards_to: str = "http://localhost:80") -> str:
        """Put a tunnel with ``labels`` online, as an agent with that upstream does, and return its id."""
        with self.lock:
            tunnel = EmulatedTunnel(self.ids.make("tn"), _now(), self.ids.make("ts"), dict(labels), forwards_to)
            self.tunnels[tunnel.id] = tunnel
            return tunnel.id

    def add_referrer(self, collection: str, fields: Mapping[str, Any]) -> str:
        """Add an edge, or a failover or weighted backend, and return its id.

        Args:
            collection: ``failover_backends``, ``weighted_backends``, ``https_edges``, ``tcp_edges`` or ``tls_edges``.
            fields: fields of ngrok's API reference, such as ``{"hostports": [...], "routes": [...]}``; the others get
                ngrok's values for a new object.

        Raises:
            ValueError: there is no such collection, the id is taken, or a field is not valid.
        """
        if collection not in REFERRERS:
            raise ValueError(f"There is no collection {collection!r}; there are {', '.join(REFERRERS)}.")
        rest = _check_fields(fields)
        with self.lock:
            id_ = rest.pop("id", None) or self.ids.make(REFERRERS[collection].prefix)
            if id_ in self.referrers[collection]:
                raise ValueError(f"There are two {collection} with the id {id_}.")
            created_at = rest.pop("created_at", None) or _now()
            self.referrers[collection][id_] = EmulatedReferrer(id_, created_at, rest)
            return str(id_)

    def is_referred_to(self, id_: str) -> bool:
        """Tell whether a failover or weighted backend refers to a backend."""
        with self.lock:
            held = [*self.referrers["failover_backends"].values(), *self.referrers["weighted_backends"].values()]
            return any(id_ in (one.fields.get("backends") or ()) for one in held)

    def find_tunnels(self, backend: EmulatedBackend) -> list[EmulatedTunnel]:
        """Return the tunnels that carry all of the backend's labels."""
        with self.lock:
            return [tunnel for tunnel in self.tunnels.values() if _serves(tunnel, backend)]

    def find_backends(self, tunnel: EmulatedTunnel) -> list[EmulatedBackend]:
        """Return the backends whose labels the tunnel carries, all of them."""
        with self.lock:
            return [backend for backend in self.backends.values() if _serves(tunnel, backend)]


def _check_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the fields, or raise ValueError for fields that the API could not list."""
    routes = fields.get("routes")
    if not isinstance(fields.get("id"), str | None):
        raise ValueError("id has to be a string")
    if not isinstance(fields.get("backends"), list | dict | None):
        raise ValueError("backends has to be a list or an object")
    if not isinstance(routes, list | None) or not all(isinstance(route, dict) for route in routes or ()):
        raise ValueError("routes has to be a list of objects")
    return copy.deepcopy(dict(fields))


def take_page(objects: Mapping[str, Object], limit: int, before_id: str | None) -> tuple[list[Object], bool]:
    """Return up to ``limit`` objects, newest first, older than ``before_id``, and whether there are more."""
    ids = sorted((i for i in objects if before_id is None or i < before_id), reverse=True)
    return [objects[i] for i in ids[:limit]], len(ids) > limit


def _serves(tunnel: EmulatedTunnel, backend: EmulatedBackend) -> bool:
    return bool(backend.labels) and backend.labels.items() <= tunnel.labels.items()


def _now() -> str:
    return _format_time(datetime.now(timezone.utc))


def _format_time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
