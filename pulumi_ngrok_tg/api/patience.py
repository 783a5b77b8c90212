"""How long one call may wait, over all of its requests."""

import time

NOTICEABLE = 1.0
"""Seconds: a longer wait is told to the user."""


class Patience:
    """The waiting a call may still do. A call belongs to one thread.

    Args:
        seconds: how long it may wait in all: for limits to pass and between attempts. What the server takes to
            respond is bounded by the timeouts, and waiting for our own other requests is no waiting for ngrok.
    """

    def __init__(self, seconds: float) -> None:
        self.total = seconds
        self.spent = 0.0

    def allows(self, seconds: float) -> bool:
        """Tells whether a wait of that many seconds is within what is left."""
        return seconds <= self.total - self.spent

    def spend(self, seconds: float) -> None:
        """Counts a wait."""
        self.spent += seconds

    def sleep(self, seconds: float) -> None:
        """Waits, and counts it."""
        time.sleep(seconds)
        self.spend(seconds)
