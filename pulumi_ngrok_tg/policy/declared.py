"""A backend as the rules see it: what a program declares of it, as far as it is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that a preview does not know yet. No rule judges it."""
Text = str | Literal[_Unknown.UNKNOWN]


@dataclass(frozen=True)
class Declared:
    """A tunnel group backend that a stack declares.

    Values may be secrets, and nothing here tells which: no message of a rule may hold one, nor a label's key.
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
        """The labels, where there are any and all are known, else None."""
        if self.labels is UNKNOWN or not self.labels:
            return None
        known = frozenset((key, value) for key, value in self.labels.items() if value is not UNKNOWN)
        return known if len(known) == len(self.labels) else None
