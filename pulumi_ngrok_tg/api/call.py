"""What one call of the client takes along on its way: how long it may wait, how often it may send, and when it ends."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from math import inf

from pulumi_ngrok_tg.api.errors import Cancelled

NOTICEABLE = 1.0
"""Seconds; the user is told of a longer wait."""
_CHECK = 0.25
"""Seconds after which a thread that waits for another one checks whether the operation was cancelled."""
_numbers = count()


class Cancellation:
    """Ends all calls when the user presses Ctrl-C, or when ``is_abandoned`` says that nobody records what they do."""

    def __init__(self, is_abandoned: Callable[[], bool] = lambda: False) -> None:
        self.is_abandoned = is_abandoned
        self.requested = threading.Event()

    def cancel(self) -> None:
        """End all calls, now and later."""
        self.requested.set()


@dataclass
class Call:
    """One call of the client, with all of its requests. It belongs to one thread."""

    max_wait: float
    """Seconds that it may wait in all: for ngrok's limits, and between attempts. Waiting for a response does not count
    (timeouts bound it), nor does waiting for our own other requests."""
    max_attempts: int = 1
    """How often each of its requests may fail. Meeting a limit does not count."""
    cancellation: Cancellation = field(default_factory=Cancellation)
    seconds: float = inf
    """How long an advisory call may take in all; ``inf``: it is none. An advisory call sends each request once, and
    neither delays nor fails another call."""
    created: float | None = None
    """When the backend that it is about was created, in seconds since the epoch, if that is known."""
    settle_pauses: Sequence[float] = ()
    """Seconds between further reads if that backend is not found although it is new."""
    may_quote: bool = True
    """Whether its errors may show ngrok's messages; not if what it sends may hold a secret."""
    urgent: bool = False
    """Whether it waits for nothing."""
    waited: float = 0.0
    sent: float = -inf
    """When its last request was sent, by the monotonic clock."""
    number: int = field(default_factory=_numbers.__next__)
    """Calls are served in this order."""
    _began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """How many seconds the call may still take."""
        return self._began + self.seconds - time.monotonic()

    def allows(self, seconds: float) -> bool:
        """Tell whether a wait of that many seconds is within what is left."""
        return seconds <= min(self.max_wait - self.waited, self.left)

    def require_going_on(self) -> None:
        """Raise Cancelled if nothing may be sent any more, because the user or the end of the engine says so."""
        self.require_not_cancelled()
        if self.cancellation.is_abandoned():
            self.cancellation.cancel()
            self.require_not_cancelled()

    def require_not_cancelled(self) -> None:
        """Raise Cancelled if the operation is cancelled; do not ask the engine, because many threads may wait."""
        if self.cancellation.requested.is_set():
            raise Cancelled("The operation was cancelled; nothing was sent.")

    def pause(self, seconds: float) -> None:
        """Wait that long, and count it; return early if the operation is cancelled."""
        began = time.monotonic()
        self.cancellation.requested.wait(seconds)
        self.waited += time.monotonic() - began

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Wait until another thread sets the event, at most so long, which counts; or raise Cancelled."""
        began = time.monotonic()
        ends = began + min(seconds, self.left)
        while not event.wait(max(0.0, min(_CHECK, ends - time.monotonic()))) and time.monotonic() < ends:
            self.require_not_cancelled()
        if seconds < inf:
            self.waited += time.monotonic() - began

    @contextmanager
    def hold(self, lock: threading.Lock) -> Iterator[None]:
        """Wait for a lock, and hold it; raise as :meth:`wait`."""
        while not lock.acquire(timeout=_CHECK):
            self.require_not_cancelled()
        try:
            yield
        finally:
            lock.release()
