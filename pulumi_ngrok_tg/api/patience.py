"""How long one call may take, over all of its requests."""

import threading
import time

from pulumi_ngrok_tg.api.cancellation import Cancellation
from pulumi_ngrok_tg.api.errors import Cancelled

NOTICEABLE = 1.0
"""Seconds: a longer wait is told to the user."""
_GLANCE = 0.5
"""Seconds after which a thread that waits for another one sees that the operation was cancelled."""


class Patience:
    """What a call may still do until it ends. A call belongs to one thread.

    Args:
        seconds: how long it may wait in all: for limits to pass and between attempts. What the server takes to
            respond is bounded by the timeouts, and waiting for our own other requests is no waiting for ngrok.
        attempts: how often each of its requests may fail; None is as often as the settings say.
        advisory: each request is sent once, and what comes of it neither delays nor fails another call.
        at_once: nothing waits: its one request goes whatever the limits say.
        response_seconds: how long each response may take; None is as long as the settings say.
        cancellation: ends it early.
    """

    def __init__(
        self,
        seconds: float,
        attempts: int | None = None,
        advisory: bool = False,
        at_once: bool = False,
        response_seconds: float | None = None,
        cancellation: Cancellation | None = None,
    ) -> None:
        self.total = seconds
        self.attempts = attempts
        self.advisory = advisory
        self.at_once = at_once
        self.response_seconds = response_seconds
        self.spent = 0.0
        self._cancellation = cancellation or Cancellation()

    @property
    def cancelled(self) -> bool:
        """Whether the operation was cancelled, so that nothing new may be sent."""
        return self._cancellation.requested

    def require_going_on(self) -> None:
        """Raise Cancelled where the operation was cancelled."""
        if self.cancelled:
            raise Cancelled("The operation was cancelled; nothing was sent.")

    def allows(self, seconds: float) -> bool:
        """Tell whether a wait of that many seconds is within what is left."""
        return seconds <= self.total - self.spent

    def spend(self, seconds: float) -> None:
        """Count a wait."""
        self.spent += seconds

    def sleep(self, seconds: float) -> None:
        """Wait, and count it; return early where the operation is cancelled."""
        began = time.monotonic()
        self._cancellation.sleep(seconds)
        self.spend(time.monotonic() - began)

    def wait(self, changed: threading.Condition) -> None:
        """Wait until another thread changes something.

        Raises:
            Cancelled: the operation was cancelled.
        """
        self.require_going_on()
        changed.wait(_GLANCE)

    def acquire(self, lock: threading.Lock) -> None:
        """Wait until another thread gives back a lock.

        Raises:
            Cancelled: the operation was cancelled.
        """
        while not lock.acquire(timeout=_GLANCE):
            self.require_going_on()
