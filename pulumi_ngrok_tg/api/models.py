"""What the API speaks of: its objects as typed values, made from its JSON and nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from pulumi_ngrok_tg.api.errors import UnexpectedResponse

_ID = re.compile(r"bkdtg_[0-9A-Za-z]{1,64}")


class Contents(TypedDict, total=False):
    """What a backend is made of and what a PATCH may carry. Absent leaves a field as it is, "" and {} clear it."""

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
    tunnels: tuple[Ref, ...] = ()

    @classmethod
    def from_json(cls, request: str, body: Any) -> "Backend":
        """Reads a backend object.

        Args:
            request: what was sent, for the message.
            body: the JSON that came back.

        Raises:
            UnexpectedResponse: the body is not one.
        """
        try:
            if not is_id(body["id"]):
                raise ValueError
            _seconds(body["created_at"])
            return cls(
                id=body["id"],
                uri=_text(body["uri"]),
                created_at=body["created_at"],
                description=_text(_or(body, "description", "")),
                metadata=_text(_or(body, "metadata", "")),
                labels={_text(key): _text(value) for key, value in _or(body, "labels", {}).items()},
                tunnels=tuple(Ref(_text(t["id"]), _text(_or(t, "uri", ""))) for t in _or(body, "tunnels", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise UnexpectedResponse(f"{request}: the response is not a tunnel group backend.") from None

    @property
    def created(self) -> float:
        """``created_at`` as seconds since the epoch."""
        return _seconds(self.created_at)

    @property
    def contents(self) -> Contents:
        """What a user sets: description, metadata and labels, each present."""
        return {"description": self.description, "metadata": self.metadata, "labels": self.labels}


@dataclass(frozen=True)
class Page:
    """One page of LIST."""

    backends: tuple[Backend, ...]
    next_page_uri: str | None

    @classmethod
    def from_json(cls, request: str, body: Any) -> "Page":
        """Reads a page.

        Args:
            request: what was sent, for the message.
            body: the JSON that came back.

        Raises:
            UnexpectedResponse: the body is not one.
        """
        if not isinstance(body, dict) or not isinstance(body.get("backends"), list):
            raise UnexpectedResponse(f"{request}: the response is not a list of tunnel group backends.")
        next_page_uri = _or(body, "next_page_uri", "")
        if not isinstance(next_page_uri, str):
            raise UnexpectedResponse(f"{request}: the response names a next page by something that is not a URI.")
        return cls(tuple(Backend.from_json(request, backend) for backend in body["backends"]), next_page_uri or None)


def is_id(value: object) -> bool:
    """Tells whether ``value`` is a tunnel group backend's id: ``bkdtg_`` and base62 characters."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _seconds(moment: str) -> float:
    """Seconds since the epoch of an RFC 3339 time, without its fraction, of which Python 3.10 knows some forms only."""
    parsed = datetime.fromisoformat(re.sub(r"\.\d+", "", moment.upper()).replace("Z", "+00:00"))
    if parsed.tzinfo is None:
        raise ValueError(moment)
    return parsed.timestamp()


def _or(body: Mapping[str, Any], name: str, empty: Any) -> Any:
    """Returns a field, or ``empty`` where it is absent or null."""
    value = body.get(name)
    return empty if value is None else value


def _text(value: Any) -> str:
    """Returns a string that can be stored: JSON can spell half a surrogate pair, UTF-8 cannot."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value
