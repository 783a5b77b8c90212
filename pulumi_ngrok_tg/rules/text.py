"""How messages name many things."""

from collections.abc import Sequence


def join_names(names: Sequence[str], few: int = 5) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - few
    return ", ".join(names[:few]) + (f" and {more} more" if more > 0 else "")
