"""What the API speaks of: its objects as typed values, made from its JSON and nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from pulumi_ngrok_tg.api.errors import UnexpectedAnswer

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
class TunnelGroupBackend:
    """A tunnel group backend as the API holds it. Fields the API adds later are ignored."""

    id: str
    uri: str
    created_at: str
    description: str = ""
    metadata: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    tunnels: tuple[Ref, ...] = ()

    @classmethod
    def from_json(cls, body: Any) -> "TunnelGroupBackend":
        """Reads a backend object.

        Raises:
            UnexpectedAnswer: the body is not one.
        """
        try:
            if not is_id(body["id"]):
                raise ValueError
            _seconds(body["created_at"])
            return cls(
                id=body["id"],
                uri=str(body["uri"]),
                created_at=body["created_at"],
                description=_text(body, "description"),
                metadata=_text(body, "metadata"),
                labels={str(key): str(value) for key, value in (body.get("labels") or {}).items()},
                tunnels=tuple(Ref(str(t["id"]), str(t.get("uri") or "")) for t in body.get("tunnels") or ()),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UnexpectedAnswer(
                "ngrok's answer is not a tunnel group backend. Is a proxy in between, or apiBaseUrl wrong?"
            ) from None

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

    backends: tuple[TunnelGroupBackend, ...]
    next_page_uri: str | None

    @classmethod
    def from_json(cls, body: Any) -> "Page":
        """Reads a page.

        Raises:
            UnexpectedAnswer: the body is not one.
        """
        if not isinstance(body, dict) or not isinstance(body.get("backends"), list):
            raise UnexpectedAnswer("ngrok's answer is not a list of backends. Is a proxy in between?")
        return cls(tuple(map(TunnelGroupBackend.from_json, body["backends"])), body.get("next_page_uri") or None)


def is_id(value: object) -> bool:
    """Tells whether ``value`` is a tunnel group backend's id: ``bkdtg_`` and base62 characters."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _seconds(moment: str) -> float:
    """Seconds since the epoch of an RFC 3339 time, without its fraction, of which Python 3.10 knows some forms only."""
    return datetime.fromisoformat(re.sub(r"\.\d+", "", moment.upper()).replace("Z", "+00:00")).timestamp()


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str | None):
        raise ValueError
    return value or ""
