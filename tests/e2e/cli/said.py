"""What `pulumi-ngrok-tg` says, taken apart."""

import re

UNREAD = "The stack organization/other/dev could not be read: no permission"
"""What is said of the fixture ``unreadable``."""


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a table by their ids."""
    cells = [re.split(r" {2,}", line.strip()) for line in text.splitlines() if line.startswith("bkdtg_")]
    return {id_: rest for id_, *rest in cells}
