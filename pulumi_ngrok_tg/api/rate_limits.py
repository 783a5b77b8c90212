"""Decides who may send when, by ngrok's limits; without threads and without a clock of its own.

ngrok limits an account in three ways (https://ngrok.com/docs/errors/reference): requests in a rolling minute
(ERR_NGROK_226), requests at once (ERR_NGROK_225), and creates in an interval (ERR_NGROK_5001). Other stacks and tools
share these limits, so this package slows down only after ngrok rejects a request.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from random import uniform

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.errors import ApiError, Limited, NgrokError, ServerError

REQUESTS = "ngrok's limit of requests per minute is reached (ERR_NGROK_226)"
AT_ONCE = "ngrok's limit of requests at once is reached (ERR_NGROK_225)"
CREATES = "ngrok's limit of creates in an interval is reached (ERR_NGROK_5001)"
TOO_MANY = "the server asks for fewer requests (HTTP 429)"
_REASONS = {225: AT_ONCE, 226: REQUESTS, 5001: CREATES}
_LONGEST_PAUSE = 15.0  # seconds, if no response names another


@dataclass(frozen=True)
class Wait:
    """Why a request has to wait, and for how many seconds; ``inf`` means until it is woken."""

    seconds: float
    reason: str = ""


@dataclass(order=True)
class Place:
    """A request's place in the queue."""

    number: int
    """That of its call. Lower numbers go first."""
    wake: Callable[[], object] = field(compare=False, default=lambda: None)
    """Called when the request may be the next."""
    begun: float = field(compare=False, default=-inf)


@dataclass
class Turns:
    """The requests of one account that wait or are in flight. Times are seconds of one monotonic clock."""

    settings: AccountSettings
    jitter: Callable[[], float] = lambda: uniform(0.5, 1.5)  # noqa: S311
    """Returns a factor for a pause of unknown length, so that several stacks do not go on at the same moment."""
    _waiting: list[Place] = field(default_factory=list)
    _in_flight: int = 0
    _ended: deque[float] = field(default_factory=deque)
    """When each request of the rolling window ended; requests that met a limit do not count."""
    _keeps_window: bool = False
    """Whether ngrok has enforced the rolling limit; it is kept from then on."""
    _at_once: float = inf
    """How many may be in flight, as learned from ERR_NGROK_225."""
    _alone_until: float = 0.0
    """Until then only one is in flight, because other stacks and tools use the rolling limit, too."""
    _not_before: float = 0.0
    _reason: str = ""
    _paused_at: float = -inf
    _pauses: int = 0
    """Pauses of unknown length since a request got through; each is twice as long as the one before."""

    def join(self, place: Place) -> None:
        """Put a request in the queue."""
        insort(self._waiting, place)

    def leave(self, place: Place) -> None:
        """Take a request out of the queue that is not to be sent any more."""
        self._waiting.remove(place)
        self._wake_next()

    def begin(self, place: Place, now: float) -> Wait | None:
        """Take a request out of the queue if it may be sent now; if not, return what it has to wait for."""
        if (wait := self._find_wait(now)) is not None:
            return wait
        if self._waiting[0] is not place:
            return Wait(inf)
        del self._waiting[0]
        self.go(place, now)
        self._wake_next()
        return None

    def go(self, place: Place, now: float) -> None:
        """Note that a request is sent."""
        place.begun = now
        self._in_flight += 1

    def end(self, place: Place, now: float, error: NgrokError | None) -> None:
        """Note how a request ended, and what that means for later ones."""
        self._in_flight -= 1
        if isinstance(error, Limited):
            self._slow_down(place, now, error)
        else:
            self._ended.append(now)
            if isinstance(error, ServerError) and error.retry_after is not None:
                self._pause(now, error.retry_after, f"ngrok is unavailable (HTTP {error.status})")
            elif place.begun >= self._not_before and (error is None or isinstance(error, ApiError)):
                self._pauses = 0
        self._wake_next()

    def _find_wait(self, now: float) -> Wait | None:
        if now < self._not_before:
            return Wait(self._not_before - now, self._reason)
        if self._in_flight >= (1 if now < self._alone_until else min(self._at_once, self.settings.max_concurrency)):
            return Wait(inf)
        left = self._find_left(now)
        is_full = self._keeps_window and len(self._ended) + self._in_flight >= self.settings.rate_limit
        return Wait(left, REQUESTS) if is_full else None

    def _slow_down(self, place: Place, now: float, error: Limited) -> None:
        if error.code == 225:
            self._at_once = max(1, min(self._at_once, self._in_flight))
            if error.retry_after is None and self._in_flight:
                return  # with fewer in flight there is room
        self._keeps_window |= error.code == 226
        seconds = error.retry_after
        if seconds is None:
            if place.begun < self._paused_at:
                return  # of one burst with the request that has set the pause
            if error.code == 226:
                seconds = self._find_room(now)
            else:  # after a 225 there is room soon
                doublings = 0 if error.code == 225 else self._pauses
                seconds = min(self.settings.backoff * 2.0**doublings, _LONGEST_PAUSE) * self.jitter()
                self._pauses += 1
        self._pause(now, seconds, _REASONS.get(error.code, TOO_MANY))

    def _pause(self, now: float, seconds: float, reason: str) -> None:
        self._paused_at = now
        if now + seconds > self._not_before:
            self._not_before, self._reason = now + seconds, reason

    def _find_room(self, now: float) -> float:
        """Return the seconds until the rolling limit may have room; exact if our own requests use it up."""
        left = self._find_left(now)
        if left < inf and len(self._ended) + self._in_flight >= self.settings.rate_limit:
            return left
        self._alone_until = now + self.settings.rate_window
        return min(left, self.settings.rate_window / 10 * self.jitter())

    def _find_left(self, now: float) -> float:
        """Return the seconds until the oldest request leaves the rolling window; drop those that have left."""
        while self._ended and self._ended[0] <= now - self.settings.rate_window:
            self._ended.popleft()
        return max(self._ended[0] + self.settings.rate_window - now, 0.001) if self._ended else inf

    def _wake_next(self) -> None:
        if self._waiting:
            self._waiting[0].wake()
