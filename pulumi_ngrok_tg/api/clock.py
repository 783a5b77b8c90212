"""Compares ngrok's times with now: this machine's clock, ngrok's, and a proxy's may differ by hours."""

import time
from collections.abc import Callable

SLACK = 10.0
"""Seconds: ``created_at`` and the Date header are of different machines, and both cut to the second."""


class Clock:
    """The time as this machine has it, and as the Date headers of responses say.

    Args:
        now: returns this machine's time, in seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.ahead = 0.0
        """How many seconds the Date of the last response was ahead of this machine's clock."""

    def count_within(self, moment: float, seconds: float, slack: float = SLACK) -> int:
        """Return by how many of the two clocks a moment is at most so many seconds ago, give or take ``slack``."""
        here = self.now()
        return sum(-slack <= now - moment <= seconds + slack for now in (here, here + self.ahead))
