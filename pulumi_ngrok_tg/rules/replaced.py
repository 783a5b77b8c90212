"""What the stack's state holds of a resource that is to be created: then the create replaces it.

The program says it (:mod:`pulumi_ngrok_tg.program.replacement`); these are the rules by which the provider reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INPUT = "__held"
"""What the state holds of the resources of this name, by URN; it is for the provider's check alone."""
UNREAD = "unread"
"""The key of the reason why the state could not be read."""


class Unread(Exception):
    """The stack's state could not be read."""


@dataclass(frozen=True)
class Held:
    """A backend of the stack's state."""

    id: str
    outputs: Mapping[str, Any]
    """Its account, and by which key it was last seen."""


def find_held(news: Mapping[str, Any], urn: str) -> Held | None:
    """Return what the state holds of a resource, by what the program says of it.

    Args:
        news: the program's inputs.
        urn: the resource's.

    Raises:
        Unread: nobody knows.
    """
    told = news.get(INPUT)
    if not isinstance(told, Mapping):
        return None
    if UNREAD in told:
        raise Unread(str(told[UNREAD]))
    held = told.get(urn)
    return Held(str(held["id"]), held) if isinstance(held, Mapping) else None
