"""What one emulated ngrok account holds: backends, and the tunnels that are online."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TypeVar

from pulumi_ngrok_tg.emulator.seed import Seed

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 27
_RANDOM_BITS = 128
_EPOCH = 1_400_000_000  # ngrok's ids are KSUIDs: seconds since this moment, then 128 random bits.


class IdSource:
    """Makes ngrok's ids: a prefix and 27 base62 characters that sort by creation, even within one second."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, prefix: str) -> str:
        """Returns a new id, greater than every one before it."""
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


Object = TypeVar("Object", EmulatedBackend, EmulatedTunnel)


@dataclass
class EmulatedAccount:
    """The backends and online tunnels of one API key."""

    backends: dict[str, EmulatedBackend] = field(default_factory=dict)
    tunnels: dict[str, EmulatedTunnel] = field(default_factory=dict)
    ids: IdSource = field(default_factory=IdSource)
    admitted: deque[float] = field(default_factory=deque)
    """When the requests that count for the rate limit were taken, in seconds of a monotonic clock."""
    lock: AbstractContextManager[bool] = field(default_factory=threading.RLock)
    """Held while backends or tunnels change, or are gone through."""

    @classmethod
    def of(cls, seeds: Sequence[Seed], lock: AbstractContextManager[bool]) -> "EmulatedAccount":
        """Returns an account that begins with backends, the newest first."""
        account = cls(lock=lock)
        for seed in reversed(seeds):
            backend = EmulatedBackend(
                seed.id or account.ids.next("bkdtg"), _written(seed.created_at) if seed.created_at else _now()
            )
            account.backends[backend.id] = backend
            account.update(backend.id, seed.contents())
        return account

    def create(self, contents: Mapping[str, object]) -> EmulatedBackend:
        """Stores a new backend with ``contents`` (description, metadata, labels: absent or null is empty)."""
        with self.lock:
            backend = EmulatedBackend(self.ids.next("bkdtg"), _now())
            self.backends[backend.id] = backend
            return self.update(backend.id, contents)

    def update(self, id_: str, contents: Mapping[str, object]) -> EmulatedBackend:
        """Writes what ``contents`` holds; absent and null leave a field as it is, "" and {} clear it."""
        with self.lock:
            backend = self.backends[id_]
            for name in ("description", "metadata", "labels"):
                if contents.get(name) is not None:
                    setattr(backend, name, contents[name])
            return backend

    def connect_tunnel(self, labels: Mapping[str, str], forwards_to: str = "http://localhost:80") -> str:
        """Puts a tunnel that carries ``labels`` online, as an agent with that upstream does, and returns its id."""
        with self.lock:
            tunnel = EmulatedTunnel(self.ids.next("tn"), _now(), self.ids.next("ts"), dict(labels), forwards_to)
            self.tunnels[tunnel.id] = tunnel
            return tunnel.id

    def find_tunnels(self, backend: EmulatedBackend) -> list[EmulatedTunnel]:
        """Returns the tunnels that carry all of the backend's labels."""
        with self.lock:
            return [tunnel for tunnel in self.tunnels.values() if _serves(tunnel, backend)]

    def find_backends(self, tunnel: EmulatedTunnel) -> list[EmulatedBackend]:
        """Returns the backends all of whose labels the tunnel carries."""
        with self.lock:
            return [backend for backend in self.backends.values() if _serves(tunnel, backend)]


def take_page(objects: Mapping[str, Object], limit: int, before_id: str | None) -> tuple[list[Object], bool]:
    """Returns up to ``limit`` objects, newest first, older than ``before_id``, and whether there are more."""
    ids = sorted((i for i in objects if before_id is None or i < before_id), reverse=True)
    return [objects[i] for i in ids[:limit]], len(ids) > limit


def _serves(tunnel: EmulatedTunnel, backend: EmulatedBackend) -> bool:
    return bool(backend.labels) and backend.labels.items() <= tunnel.labels.items()


def _now() -> str:
    return _written(datetime.now(timezone.utc))


def _written(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
