"""Decides when the next request may be sent, by ngrok's limits; without threads and without a clock of its own.

ngrok limits an account in three ways (https://ngrok.com/docs/errors/reference): requests in a rolling minute
(ERR_NGROK_226), requests at once (ERR_NGROK_225), and creates in an interval (ERR_NGROK_5001). Other stacks and tools
share these limits, so this package slows down only after ngrok rejects a request.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import uniform

from pulumi_ngrok_tg.api.errors import ApiError, Limited, NgrokError, ServerError
from pulumi_ngrok_tg.api.settings import AccountSettings

REQUESTS = "ngrok's limit of requests per minute is reached (ERR_NGROK_226)"
AT_ONCE = "ngrok's limit of requests at once is reached (ERR_NGROK_225)"
CREATES = "ngrok's limit of creates in an interval is reached (ERR_NGROK_5001)"
TOO_MANY = "the server asks for fewer requests (HTTP 429)"
_REASONS = {225: AT_ONCE, 226: REQUESTS, 5001: CREATES}
_DOUBLINGS = {225: 2, 226: 0}
"""How often a wait may double, by code (others: 6). For these two, room comes soon or at a known time."""


@dataclass(frozen=True)
class Wait:
    """Why a request has to wait, and for how many seconds; None means until another of our requests ends."""

    seconds: float | None
    reason: str = ""


@dataclass(frozen=True)
class Ticket:
    """A request in flight."""

    number: int
    creates: bool


@dataclass
class _Pause:
    """A time in which requests wait."""

    until: float = 0.0
    reason: str = ""
    repeats: int = 0
    """How often it was set again before a request succeeded."""
    seen: int = 0
    """The number of the last request that had begun when it was set. If these meet the limit, too, nothing changes."""
    in_flight: int = 0
    """Requests in flight that it concerns."""
    ramp: int = 0
    """How many may be in flight after it: one, then one more for each success."""


@dataclass
class Limits:
    """The limits of one account, as learned so far. Times are seconds of one monotonic clock.

    Args:
        settings: the bounds to begin with, and the length of waits.
        jitter: returns a factor around 1 for each wait without a Retry-After, so that several stacks do not retry at
            the same moment.
    """

    settings: AccountSettings
    jitter: Callable[[], float] = lambda: uniform(0.5, 1.5)  # noqa: S311
    _begun: int = 0
    _ended: deque[float] = field(default_factory=deque)
    """When each request of the rolling window ended; requests that met a limit do not count."""
    _rate_met: bool = False
    _pause_all: _Pause = field(default_factory=_Pause)
    _pause_creates: _Pause = field(default_factory=_Pause)
    _at_once: int = 0
    """How many may be in flight, as learned from ERR_NGROK_225."""
    _shrunk_at: int = 0

    def __post_init__(self) -> None:
        self._at_once = self._pause_all.ramp = self._pause_creates.ramp = self.settings.max_concurrency

    @property
    def in_flight(self) -> int:
        """Requests in flight."""
        return self._pause_all.in_flight

    def wait(self, now: float, creates: bool) -> Wait | None:
        """Return what a request has to wait for, or None if it may be sent."""
        for pause in self._pauses(creates):
            if now < pause.until:
                return Wait(pause.until - now, pause.reason)
            if pause.in_flight >= pause.ramp:
                return Wait(None)
        if self.in_flight >= self._at_once:
            return Wait(None)
        oldest = self._oldest(now)
        if self._rate_met and len(self._ended) + self.in_flight >= self.settings.rate_limit:
            if oldest is None:
                return Wait(None)
            return Wait(max(oldest + self.settings.rate_window - now, 0.001), REQUESTS)
        return None

    def begin(self, creates: bool) -> Ticket:
        """Note that a request is sent."""
        for pause in self._pauses(creates):
            pause.in_flight += 1
        self._begun += 1
        return Ticket(self._begun, creates)

    def end(self, ticket: Ticket, now: float, error: NgrokError | None) -> None:
        """Note how a request ended, and what that means for later requests."""
        if isinstance(error, Limited):
            self._meet(ticket, now, error)
        else:
            self._ended.append(now)
            if isinstance(error, ServerError) and error.retry_after is not None:
                reason = f"ngrok is unavailable (HTTP {error.status})"
                self._pause(self._pause_all, ticket, now, error.retry_after, reason)
            elif error is None or (isinstance(error, ApiError) and not isinstance(error, ServerError)):
                self._go_through(ticket)
        for pause in self._pauses(ticket.creates):
            pause.in_flight -= 1

    def _meet(self, ticket: Ticket, now: float, error: Limited) -> None:
        """Slow down after a request met a limit."""
        pause = self._pause_creates if error.code == 5001 else self._pause_all
        seconds = error.retry_after
        if error.code == 225:
            last = self.in_flight == 1
            self._shrink(ticket)
            if seconds is None and not last:
                return  # with fewer in flight there is room
        self._rate_met |= error.code == 226
        if seconds is None:
            repeats = pause.repeats + (ticket.number > pause.seen) - 1
            doublings = min(repeats, _DOUBLINGS.get(error.code, 6))
            seconds = self.settings.backoff / 4 * 2.0**doublings * self.jitter()
            if error.code == 226:
                seconds = max(seconds, self._until_room(now))
        self._pause(pause, ticket, now, seconds, _REASONS.get(error.code, TOO_MANY))

    def _until_room(self, now: float) -> float:
        """Return the seconds until the rolling limit may have room; exact if our own requests alone use it up."""
        oldest = self._oldest(now)
        look = self.settings.rate_window / 10 * self.jitter()
        if oldest is None:
            return look
        left = oldest + self.settings.rate_window - now
        return left if len(self._ended) >= 0.75 * self.settings.rate_limit else min(left, look)

    def _pause(self, pause: _Pause, ticket: Ticket, now: float, seconds: float, reason: str) -> None:
        if ticket.number > pause.seen:
            pause.repeats += 1
            pause.seen = self._begun
            pause.ramp = 1
        if now + seconds > pause.until:
            pause.until, pause.reason = now + seconds, reason

    def _shrink(self, ticket: Ticket) -> None:
        """Allow fewer requests in flight for the rest of the operation: one fewer for each that was too many."""
        if ticket.number > self._shrunk_at:
            self._at_once = min(self._at_once, self.in_flight)
            self._shrunk_at = self._begun
        self._at_once = max(1, self._at_once - 1)

    def _go_through(self, ticket: Ticket) -> None:
        """Speed up after a request met no limit: allow one more in flight."""
        for pause in self._pauses(ticket.creates):
            if ticket.number > pause.seen:
                pause.repeats = 0
            pause.ramp = min(pause.ramp + 1, self.settings.max_concurrency)

    def _pauses(self, creates: bool) -> tuple[_Pause, ...]:
        return (self._pause_all, self._pause_creates) if creates else (self._pause_all,)

    def _oldest(self, now: float) -> float | None:
        """Drop requests that have left the rolling window; return when its oldest one ended."""
        while self._ended and self._ended[0] <= now - self.settings.rate_window:
            self._ended.popleft()
        return self._ended[0] if self._ended else None
