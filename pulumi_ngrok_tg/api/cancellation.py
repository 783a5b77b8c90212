"""Ends all waiting in a process when the user presses Ctrl-C, or when nobody records any more what it does."""

import threading
from collections.abc import Callable


class Cancellation:
    """Whether the operation was cancelled; safe to share between threads. Once cancelled, it stays so.

    Args:
        is_abandoned: tells whether nobody records any more what is done, so that nothing may be sent.
    """

    def __init__(self, is_abandoned: Callable[[], bool] = lambda: False) -> None:
        self._is_abandoned = is_abandoned
        self._cancelled = threading.Event()
        self._wakers: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        """Whether the operation was cancelled."""
        return self._cancelled.is_set() or self._is_abandoned()

    def cancel(self) -> None:
        """End all waits, now and from now on."""
        self._cancelled.set()
        for wake in list(self._wakers):
            wake()

    def add_waker(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when the operation is cancelled."""
        self._wakers.append(wake)

    def sleep(self, seconds: float) -> None:
        """Wait that long, or until the operation is cancelled."""
        self._cancelled.wait(seconds)
