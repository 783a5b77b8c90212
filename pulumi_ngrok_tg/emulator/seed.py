"""The backends that every account begins with: as the API lists them, or ``pulumi-ngrok-tg list --json`` does."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct


class Seed(Struct, frozen=True, forbid_unknown_fields=True):
    """A backend to begin with. Without an id it gets a new one."""

    id: Annotated[str, Meta(pattern="^bkdtg_[0-9A-Za-z]{27}$")] | None = None
    created_at: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")] | None = None
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


def from_json(text: bytes) -> list[Seed]:
    """Reads a list of backends, or an object with such a list as ``backends``.

    Raises:
        ValueError: it is not one; names the field.
    """
    read = msgspec.json.decode(text, type=list[Seed] | _Listing)
    return _distinct(read.backends if isinstance(read, _Listing) else read)


def checked(backends: Sequence[Mapping[str, Any] | Seed]) -> list[Seed]:
    """Reads backends given as mappings.

    Raises:
        ValueError: one is not what it has to be; names the field.
    """
    return _distinct(msgspec.convert(msgspec.to_builtins(backends), list[Seed]))


def _distinct(seeds: list[Seed]) -> list[Seed]:
    ids = [seed.id for seed in seeds if seed.id]
    if twice := next((id_ for id_ in ids if ids.count(id_) > 1), None):
        raise ValueError(f"There are two backends with the id {twice}")
    return seeds
