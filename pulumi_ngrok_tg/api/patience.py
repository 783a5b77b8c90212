"""Limits how long one call may wait, over all of its requests."""

import threading
import time

from pulumi_ngrok_tg.api.cancellation import Cancellation
from pulumi_ngrok_tg.api.errors import Cancelled

NOTICEABLE = 1.0
"""Seconds; the user is told of a longer wait."""
_CHECK = 0.5
"""Seconds after which a thread that waits for another one checks whether the operation was cancelled."""


class Patience:
    """How long a call may still wait, and how often it may retry. A call belongs to one thread.

    Args:
        seconds: how long it may wait in all: for limits, and between attempts. Waiting for a response does not count
            (timeouts limit it), nor does waiting for our own other requests.
        attempts: how often each of its requests may fail; None: as often as the settings say.
        advisory: each request is sent once, and its outcome neither delays nor fails another call.
        at_once: its one request is sent without waiting, whatever the limits say.
        response_seconds: how long each response may take; None: as long as the settings say.
        cancellation: ends all waiting early.
        may_quote: whether its errors may show ngrok's messages; not if what it sends may hold a secret.
    """

    def __init__(
        self,
        seconds: float,
        attempts: int | None = None,
        advisory: bool = False,
        at_once: bool = False,
        response_seconds: float | None = None,
        cancellation: Cancellation | None = None,
        may_quote: bool = True,
    ) -> None:
        self.total = seconds
        self.attempts = attempts
        self.advisory = advisory
        self.at_once = at_once
        self.response_seconds = response_seconds
        self.may_quote = may_quote
        self.spent = 0.0
        self._cancellation = cancellation or Cancellation()

    @property
    def cancelled(self) -> bool:
        """Whether the operation was cancelled, so that nothing new may be sent."""
        return self._cancellation.requested

    def require_going_on(self) -> None:
        """Raise Cancelled if the operation was cancelled."""
        if self.cancelled:
            raise Cancelled("The operation was cancelled; nothing was sent.")

    def allows(self, seconds: float) -> bool:
        """Tell whether a wait of that many seconds is within what is left."""
        return seconds <= self.total - self.spent

    def spend(self, seconds: float) -> None:
        """Count a wait."""
        self.spent += seconds

    def sleep(self, seconds: float) -> None:
        """Wait, and count it; return early if the operation is cancelled."""
        began = time.monotonic()
        self._cancellation.sleep(seconds)
        self.spend(time.monotonic() - began)

    def wait(self, changed: threading.Condition) -> None:
        """Wait until another thread changes something.

        Raises:
            Cancelled: the operation was cancelled.
        """
        self.require_going_on()
        changed.wait(_CHECK)

    def acquire(self, lock: threading.Lock) -> None:
        """Wait until another thread releases a lock.

        Raises:
            Cancelled: the operation was cancelled.
        """
        while not lock.acquire(timeout=_CHECK):
            self.require_going_on()
