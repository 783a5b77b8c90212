"""Makes all threads of an account wait for its limits together."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_ngrok_tg.api.cancellation import Cancellation
from pulumi_ngrok_tg.api.errors import GaveUp, NgrokError
from pulumi_ngrok_tg.api.limits import Limits, Ticket, Wait
from pulumi_ngrok_tg.api.patience import NOTICEABLE, Patience
from pulumi_ngrok_tg.api.reporting import Reporter

_TELLS_NOTHING = NgrokError()


class Pacer:
    """Makes the threads of an account wait until :class:`Limits` allows the next request."""

    def __init__(self, limits: Limits, reporter: Reporter, cancellation: Cancellation | None = None) -> None:
        self._limits = limits
        self._reporter = reporter
        self._changed = threading.Condition()
        if cancellation is not None:
            cancellation.add_waker(self._wake)

    @contextmanager
    def hold_slot(self, request: str, creates: bool, patience: Patience) -> Iterator[None]:
        """Wait until a request may be sent, and hold its place while it is in flight.

        Args:
            request: what is sent, for messages.
            creates: whether it creates a backend.
            patience: how long the call may still wait.

        Raises:
            GaveUp: the wait would be longer than that.
            Cancelled: the operation was cancelled.
        """
        ticket = self._enter(request, creates, patience)
        error: NgrokError | None = None
        try:
            yield
        except NgrokError as failure:
            error = _TELLS_NOTHING if patience.advisory else failure
            raise
        finally:
            with self._changed:
                # Before the place is free again, so that no other request can ignore what this response asks for.
                self._limits.end(ticket, time.monotonic(), error)
                self._changed.notify_all()

    def _enter(self, request: str, creates: bool, patience: Patience) -> Ticket:
        reported = 0.0
        while True:
            with self._changed:
                patience.require_going_on()
                now = time.monotonic()
                wait = None if patience.at_once else self._limits.wait(now, creates)
                if wait is None:
                    return self._limits.begin(creates)
                until = now + (wait.seconds or 0)
                if wait.seconds is None or wait.seconds <= NOTICEABLE or until <= reported + NOTICEABLE:
                    self._wait(request, wait, patience)
                    continue
            reported = until
            if patience.allows(wait.seconds):  # outside the lock, as the reporter may take a moment
                self._reporter.status(f"{wait.reason}: waiting {wait.seconds:.0f} s, then going on")

    def _wait(self, request: str, wait: Wait, patience: Patience) -> None:
        if wait.seconds is None:
            self._changed.wait()
            return
        if not patience.allows(wait.seconds):
            raise GaveUp(
                f"{request}: {wait.reason}. The next request can be sent in {math.ceil(wait.seconds)} s, but one "
                f"call may wait at most {patience.total:g} s in all."
            )
        began = time.monotonic()
        self._changed.wait(wait.seconds)
        patience.spend(time.monotonic() - began)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
