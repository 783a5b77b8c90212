"""A backend for the rules: what a program declares, as far as it is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that is unknown in a preview. The rules skip it."""
Text = str | Literal[_Unknown.UNKNOWN]


@dataclass(frozen=True)
class Declared:
    """A tunnel group backend that a stack declares.

    Any value or label key may be secret, so no message of a rule may hold one.
    """

    name: str
    """The resource's name."""
    urn: str
    account: Text = ""
    labels: Mapping[str, Text] | Literal[_Unknown.UNKNOWN] = UNKNOWN
    description: Text = ""
    metadata: Text = ""
    protect: bool = False

    @property
    def selector(self) -> frozenset[tuple[str, str]] | None:
        """The labels; None if there are none or one is unknown."""
        if self.labels is UNKNOWN or not self.labels:
            return None
        known = frozenset((key, value) for key, value in self.labels.items() if value is not UNKNOWN)
        return known if len(known) == len(self.labels) else None
