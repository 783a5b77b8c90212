"""How messages name many things."""

from collections.abc import Sequence

_NAMED = 5


def first_few(names: Sequence[str]) -> str:
    """Returns the first five names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
