"""The API's objects as typed values, read from its JSON."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypedDict, TypeVar

from pulumi_ngrok_tg.api.errors import Unreadable

Clean = Callable[[str], str]
_ID = re.compile(r"bkdtg_[0-9A-Za-z]{1,64}")


class Contents(TypedDict, total=False):
    """The fields of a backend that can be written. In a PATCH, an absent field stays, and "" and {} clear it."""

    description: str
    metadata: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Ref:
    """A reference to a tunnel."""

    id: str
    uri: str


@dataclass(frozen=True)
class Backend:
    """A tunnel group backend as the API holds it. Fields the API adds later are ignored."""

    id: str
    uri: str
    created_at: str
    description: str = ""
    metadata: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    tunnels: tuple[Ref, ...] | None = ()
    """The tunnels online in it; None if the response does not name them."""

    @classmethod
    def from_json(cls, request: str, body: Any) -> "Backend":
        """Read a backend from the JSON that came back for a request; raise Unreadable if it is none."""
        try:
            if not is_id(body["id"]):
                raise ValueError
            read_seconds(body["created_at"])
            return cls(
                id=body["id"],
                uri=read_text(body["uri"]),
                created_at=read_text(body["created_at"]),
                description=read_text(get_or(body, "description", "")),
                metadata=read_text(get_or(body, "metadata", "")),
                labels=_labels(body),
                tunnels=_refs(body.get("tunnels")),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise Unreadable(f"{request}: the response is not a tunnel group backend.") from None

    @property
    def created(self) -> float:
        """``created_at`` as seconds since the epoch."""
        return read_seconds(self.created_at)

    @property
    def contents(self) -> Contents:
        """The fields that a user sets: description, metadata and labels, all present."""
        return {"description": self.description, "metadata": self.metadata, "labels": self.labels}


@dataclass(frozen=True)
class Tunnel:
    """A tunnel that is online (https://ngrok.com/docs/api/resources/tunnels), with the fields that matter here."""

    id: str
    started_at: str = ""
    """RFC 3339, or another text that the API sent."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Empty for a tunnel that an agent has started for its own endpoint."""
    forwards_to: str = ""
    """The agent's upstream, as a URL or an address."""
    session: str = ""
    """The id of the tunnel session, which is the agent's connection to ngrok."""
    backends: frozenset[str] = frozenset()
    """The ids of the backends that it serves, if the API names them."""

    @classmethod
    def from_json(cls, request: str, body: Any) -> "Tunnel":
        """Read a tunnel from the JSON that came back for a request; raise Unreadable if it is none."""
        try:
            return cls(
                id=read_text(body["id"]),
                started_at=read_text(get_or(body, "started_at", "")),
                labels=_labels(body),
                forwards_to=read_text(get_or(body, "forwards_to", "")),
                session=read_text(get_or(get_or(body, "tunnel_session", {}), "id", "")),
                backends=frozenset(read_text(backend["id"]) for backend in get_or(body, "backends", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Unreadable(f"{request}: the response is not a tunnel.") from None

    def clean(self, clean: Clean) -> "Tunnel":
        """Return the tunnel with its id and upstream, which may hold any text, fit to be shown."""
        upstream = self.forwards_to.rpartition("@")[2]  # all before the last "@" may be a user and a password
        return replace(self, id=clean(self.id), forwards_to=clean(upstream))


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=_Identified)


@dataclass(frozen=True)
class Collection(Generic[Item]):
    """What the API lists in pages."""

    path: str
    """Below the base URL."""
    name: str
    """The field of a page that holds the objects."""
    read: Callable[[str, Any], Item]
    """Reads an object from the JSON that came back for a request."""
    clean: Callable[[Item, Clean], Item] = lambda item, _clean: item
    """Makes an object fit to be shown, with a function that makes a text one line without the API key."""


BACKENDS = Collection("/backends/tunnel_group", "backends", Backend.from_json)
TUNNELS = Collection("/tunnels", "tunnels", Tunnel.from_json, Tunnel.clean)


def is_id(value: object) -> bool:
    """Tell whether ``value`` is a tunnel group backend's id: ``bkdtg_`` and base62 characters."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def read_seconds(moment: Any) -> float:
    """Return an RFC 3339 time as seconds since the epoch; drop the fraction, which Python 3.10 reads in part only."""
    parsed = datetime.fromisoformat(re.sub(r"\.\d+", "", moment.upper()).replace("Z", "+00:00"))
    if parsed.tzinfo is None:
        raise ValueError(moment)
    return parsed.timestamp()


def _refs(tunnels: Any) -> tuple[Ref, ...] | None:
    return None if tunnels is None else tuple(Ref(read_text(t["id"]), read_text(get_or(t, "uri", ""))) for t in tunnels)


def _labels(body: Mapping[str, Any]) -> dict[str, str]:
    return {read_text(key): read_text(value) for key, value in get_or(body, "labels", {}).items()}


def get_or(body: Mapping[str, Any], name: str, empty: Any) -> Any:
    """Return a field, or ``empty`` if it is absent or null."""
    value = body.get(name)
    return empty if value is None else value


def read_text(value: Any) -> str:
    """Return a string, or raise for one that UTF-8 cannot encode: JSON can hold half a surrogate pair."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value
