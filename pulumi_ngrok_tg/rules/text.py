"""Text that messages share."""

from collections.abc import Sequence


def join_names(names: Sequence[str], few: int = 5) -> str:
    """Return the first few names as a list in words, with the number of the others."""
    more = len(names) - few
    return ", ".join(names[:few]) + (f" and {more} more" if more > 0 else "")
