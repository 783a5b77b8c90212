"""The backends that every account begins with: as the API lists them, or ``pulumi-ngrok-tg list --json`` does."""

import codecs
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct


class Seed(Struct, frozen=True, forbid_unknown_fields=True):
    """A backend to begin with. Without an id it gets a new one."""

    id: Annotated[str, Meta(pattern=r"^bkdtg_[0-9A-Za-z]{27}\Z")] | None = None
    created_at: datetime | None = None
    description: str | None = None
    metadata: str | None = None
    labels: dict[str, str] | None = None
    uri: Any = None
    """What follows from the rest is taken and has no effect; so with the next two."""
    tunnels: Any = None
    managed_by: Any = None

    def contents(self) -> dict[str, Any]:
        """Returns what a create of it would carry."""
        return {"description": self.description, "metadata": self.metadata, "labels": self.labels}


class _Listing(Struct):
    backends: list[Seed]
    next_page_uri: str | None = None

    def __post_init__(self) -> None:
        if self.next_page_uri:
            raise ValueError("This is one page of a list; put the backends of all pages into it")


def from_json(text: bytes) -> list[Seed]:
    """Reads a list of backends, or an object with such a list as ``backends``.

    Raises:
        ValueError: it is not one; names the field.
    """
    try:
        read = msgspec.json.decode(text.removeprefix(codecs.BOM_UTF8), type=list[Seed] | _Listing)
    except RecursionError as error:
        raise ValueError("It is nested too deep") from error
    return read.backends if isinstance(read, _Listing) else read


def check_seeds(backends: Sequence[Mapping[str, Any] | Seed]) -> list[Seed]:
    """Reads backends given as mappings.

    Raises:
        ValueError: one is not what it has to be; names the field.
    """
    try:
        seeds = msgspec.json.decode(msgspec.json.encode(backends), type=list[Seed])
    except TypeError as error:
        raise ValueError(str(error)) from error
    twice = [id_ for id_, count in Counter(seed.id for seed in seeds if seed.id).items() if count > 1]
    if twice:
        raise ValueError(f"There are two backends with the id {twice[0]}.")
    return seeds
