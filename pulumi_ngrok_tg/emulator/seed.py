"""Reads the backends that every account begins with, in the form of the API's list or of ``list --json``."""

import codecs
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct


class Seed(Struct, frozen=True, forbid_unknown_fields=True):
    """A backend that every account begins with. Without an id, it gets a new one."""

    id: Annotated[str, Meta(pattern=r"^bkdtg_[0-9A-Za-z]{27}\Z")] | None = None
    created_at: datetime | None = None
    description: str | None = None
    metadata: str | None = None
    labels: dict[str, str] | None = None
    uri: Any = None
    """Accepted and ignored, because it follows from the rest; so are the fields below."""
    tunnels: Any = None
    managed_by: Any = None
    references: Any = None
    in_use: Any = None

    def contents(self) -> dict[str, Any]:
        """Return the fields of a create."""
        return {"description": self.description, "metadata": self.metadata, "labels": self.labels}


_REFERRERS = ("failover_backends", "weighted_backends", "https_edges", "tcp_edges", "tls_edges")


class Seeds(Struct, forbid_unknown_fields=True):
    """Everything that every account begins with: backends, and what refers to them, in the form of the API's lists."""

    backends: list[Seed]
    failover_backends: list[dict[str, Any]] = []
    weighted_backends: list[dict[str, Any]] = []
    https_edges: list[dict[str, Any]] = []
    tcp_edges: list[dict[str, Any]] = []
    tls_edges: list[dict[str, Any]] = []
    next_page_uri: str | None = None
    uri: Any = None
    """Accepted and ignored, as the rest of what ``list --json`` prints."""
    tunnels: Any = None
    references: Any = None
    unlisted: Any = None

    def get_referrers(self) -> dict[str, Any]:
        """Return what refers to backends, by collection."""
        return {name: getattr(self, name) for name in _REFERRERS}

    def __post_init__(self) -> None:
        if self.next_page_uri:
            raise ValueError("This is one page of a list; put the backends of all pages into it")


def from_json(text: bytes) -> Seeds:
    """Read a list of backends, or an object with such a list as ``backends`` and with other lists.

    Raises:
        ValueError: it is neither; the message names the field.
    """
    try:
        read = msgspec.json.decode(text.removeprefix(codecs.BOM_UTF8), type=list[Seed] | Seeds)
    except RecursionError as error:
        raise ValueError("It is nested too deep") from error
    return read if isinstance(read, Seeds) else Seeds(read)


def check_seeds(backends: Sequence[Mapping[str, Any] | Seed], referrers: Mapping[str, Any]) -> Seeds:
    """Read backends, and what refers to them, from mappings.

    Raises:
        ValueError: one of them is not valid; the message names the field.
    """
    try:
        given = msgspec.json.encode({**referrers, "backends": backends})
        seeds = msgspec.json.decode(given, type=Seeds)
    except TypeError as error:
        raise ValueError(str(error)) from error
    twice = [id_ for id_, count in Counter(seed.id for seed in seeds.backends if seed.id).items() if count > 1]
    if twice:
        raise ValueError(f"There are two backends with the id {twice[0]}.")
    return seeds
