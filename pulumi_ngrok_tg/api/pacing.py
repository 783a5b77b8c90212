"""When the next request may go: one rule for all threads of an account."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pulumi_ngrok_tg.api.errors import GaveUp, Limited
from pulumi_ngrok_tg.api.settings import Settings

NOTICEABLE = 1.0
"""Seconds: a longer wait is told to the user."""
LIMIT_REACHED = "ngrok's request limit is reached"


class Pacer:
    """Lets requests go: no more in flight than allowed, and none during a cool-down.

    Once ngrok has enforced its rolling limit, none either that would exceed it again. All threads wait together.
    """

    def __init__(self, settings: Settings, notify: Callable[[str], None]) -> None:
        self._settings = settings
        self._notify = notify
        self._changed = threading.Condition()
        self._in_flight = 0
        self._finished: deque[float] = deque()  # when each request of the rolling window ended
        self._limit_met = False
        self._cool_until = 0.0
        self._why = LIMIT_REACHED
        self._told_until = 0.0

    @contextmanager
    def slot(self, what: str, deadline: float) -> Iterator[None]:
        """Waits until a request may go, and holds its place while it is under way.

        Args:
            what: the request, for the message where it gives up.
            deadline: monotonic time after which not to wait.

        Raises:
            GaveUp: the wait would pass the deadline.
        """
        with self._changed:
            while (wait := self._wait()) != 0:
                now = time.monotonic()
                if (wait or 0) > deadline - now:
                    raise GaveUp(
                        f"{what}: ngrok asks to wait {wait or 0:.0f} s more, and a call may wait "
                        f"{self._settings.max_wait_seconds:g} s in all. Try again later, or raise "
                        f"{self._settings.namespace}:maxWaitSeconds."
                    )
                if wait and wait > NOTICEABLE and now + wait > self._told_until + NOTICEABLE:
                    self._told_until = now + wait
                    self._notify(f"{self._why}: waiting {wait:.0f} s, then going on")
                self._changed.wait(wait)
            self._in_flight += 1
        counts = True
        try:
            yield
        except Limited:
            counts = False
            raise
        finally:
            with self._changed:
                self._in_flight -= 1
                if counts:
                    self._finished.append(time.monotonic())
                self._changed.notify_all()

    def cool_down(self, seconds: float, why: str = LIMIT_REACHED) -> None:
        """Lets no request go for that long; ``why`` is what the user is told."""
        with self._changed:
            self._cool_until = max(self._cool_until, time.monotonic() + seconds)
            self._why = why

    def meet_limit(self, least: float) -> None:
        """Notes that ngrok enforced its rolling limit: waits until our oldest request has left it.

        Args:
            least: the least to wait, in seconds; what is left when others have used the limit up.
        """
        with self._changed:
            self._limit_met = True
            oldest = self._window()
            left = oldest + self._settings.rate_window - time.monotonic() if oldest is not None else 0.0
            self.cool_down(max(left, least))

    def _window(self) -> float | None:
        """Forgets what has left the rolling window; returns when its oldest request ended."""
        start = time.monotonic() - self._settings.rate_window
        while self._finished and self._finished[0] <= start:
            self._finished.popleft()
        return self._finished[0] if self._finished else None

    def _wait(self) -> float | None:
        """Seconds until a request may go; 0 is now, None until another one ends."""
        now = time.monotonic()
        if now < self._cool_until:
            return self._cool_until - now
        if self._in_flight >= self._settings.max_concurrency:
            return None
        oldest = self._window()
        if self._limit_met and len(self._finished) + self._in_flight >= self._settings.rate_limit:
            return None if oldest is None else max(oldest + self._settings.rate_window - now, 0.001)
        return 0
