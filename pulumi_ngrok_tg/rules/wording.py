"""Text that messages share."""

from collections.abc import Mapping, Sequence


def join_names(names: Sequence[str], few: int = 5, all_: int = 0) -> str:
    """Return the first few names as a list in words, with the number of the others: of ``all_``, if that is more."""
    more = max(len(names), all_) - few
    return ", ".join(names[:few]) + (f" and {more} more" if more > 0 else "")


def join_labels(labels: Mapping[str, str]) -> str:
    """Return labels as the command line takes them, sorted by key."""
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))
