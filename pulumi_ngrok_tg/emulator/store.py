"""What one emulated ngrok account holds: backends, and the tunnels that are online."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

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
class Backend:
    """A stored tunnel group backend; the fields are those of the API reference."""

    id: str
    created_at: str
    description: str = ""
    metadata: str = ""
    labels: dict[str, str] = field(default_factory=dict)


@dataclass
class Account:
    """The backends and online tunnels of one API key."""

    backends: dict[str, Backend] = field(default_factory=dict)
    tunnels: dict[str, dict[str, str]] = field(default_factory=dict)
    ids: IdSource = field(default_factory=IdSource)

    def create(self, contents: Mapping[str, object]) -> Backend:
        """Stores a new backend with ``contents`` (description, metadata, labels: absent or null is empty)."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        backend = Backend(self.ids.next("bkdtg"), now)
        self.backends[backend.id] = backend
        self.update(backend.id, contents)
        return backend

    def update(self, id_: str, contents: Mapping[str, object]) -> Backend:
        """Writes what ``contents`` holds; absent and null leave a field as it is, "" and {} clear it."""
        backend = self.backends[id_]
        for name in ("description", "metadata", "labels"):
            if contents.get(name) is not None:
                setattr(backend, name, contents[name])
        return backend

    def page(self, limit: int, before_id: str | None) -> tuple[list[Backend], bool]:
        """Returns up to ``limit`` backends, newest first, older than ``before_id``, and whether there are more."""
        ids = sorted((i for i in self.backends if before_id is None or i < before_id), reverse=True)
        return [self.backends[i] for i in ids[:limit]], len(ids) > limit

    def connect_tunnel(self, labels: Mapping[str, str]) -> str:
        """Puts a tunnel that carries ``labels`` online and returns its id."""
        id_ = self.ids.next("tn")
        self.tunnels[id_] = dict(labels)
        return id_

    def tunnels_of(self, backend: Backend) -> list[str]:
        """Returns the ids of the tunnels that carry all of the backend's labels."""
        wanted = backend.labels.items()
        return [id_ for id_, labels in self.tunnels.items() if wanted and wanted <= labels.items()]
