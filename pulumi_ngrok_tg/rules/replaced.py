"""Reads which backend a create replaces, if any.

The program passes it (:mod:`pulumi_ngrok_tg.program.replacement`) from the stack's state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INPUT = "__held"
"""The input with what the state holds for resources of this name, by URN; for the provider's check alone."""
UNREAD = "unread"
"""The key in it of the reason why the state could not be read."""


class Unread(Exception):
    """The stack's state could not be read."""


@dataclass(frozen=True)
class Held:
    """A backend of the stack's state."""

    id: str
    outputs: Mapping[str, Any]
    """Its account, and the fingerprint of the key that saw it last."""


def find_replaced(news: Mapping[str, Any], urn: str) -> Held | None:
    """Return the backend that the state holds for a resource, or None.

    Args:
        news: the program's inputs.
        urn: the resource's URN.

    Raises:
        Unread: the state could not be read.
    """
    given = news.get(INPUT)
    if not isinstance(given, Mapping):
        return None
    if UNREAD in given:
        raise Unread(str(given[UNREAD]))
    held = given.get(urn)
    return Held(str(held["id"]), held) if isinstance(held, Mapping) else None
