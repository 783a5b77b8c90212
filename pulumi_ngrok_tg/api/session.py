"""Sends the requests of one account: each in its turn, and again if that is safe and may help."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count
from random import uniform
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.call import NOTICEABLE, Call
from pulumi_ngrok_tg.api.errors import (
    ApiError,
    Cancelled,
    ConnectionFailed,
    GaveUp,
    Limited,
    NgrokError,
    ServerError,
    Unsettled,
    is_lost,
)
from pulumi_ngrok_tg.api.rate_limits import Place, Turns
from pulumi_ngrok_tg.api.redaction import redact, to_line
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.api.responses import read_error
from pulumi_ngrok_tg.api.transport import Transport

Result = TypeVar("Result")
_LONGEST_BACKOFF = 15.0  # seconds
_NEW = 30.0
"""Seconds in which a "not found" proves nothing, as a server of ngrok's may not have seen the backend yet."""


class Session:
    """Sends the requests of one account, and reports attempts and waits; safe to share between threads."""

    def __init__(self, settings: AccountSettings, reporter: Reporter, transport: Transport) -> None:
        self._settings = settings
        self._base_path = urlsplit(settings.base_url).path
        self._reporter = reporter
        self._transport = transport
        self._turns = Turns(settings)
        self._lock = threading.Lock()

    def send(
        self,
        call: Call,
        method: str,
        path: str,
        read: Callable[[Any], Result],
        body: Mapping[str, Any] | None = None,
        settle: Callable[[NgrokError, bool], Result | None] | None = None,
    ) -> Result:
        """Send a request until it succeeds or must not be sent again.

        Args:
            call: how often it may be sent, and how long the call may wait.
            method: the HTTP method.
            path: the path below the base URL, with its query.
            read: returns the result from the JSON body of a success (None if it has none).
            body: what is sent as JSON.
            settle: for a request that must not take effect twice: gets the error of each lost response, and of the end
                after one, and whether it is final; returns what was made, or None to send it again, or raises.

        Raises:
            NgrokError: one of the kinds in :mod:`pulumi_ngrok_tg.api.errors`.
        """
        failures, was_lost = 0, False
        for attempt in count(1):
            try:
                return read(self._attempt(call, method, path, body, attempt))
            except NgrokError as error:
                if isinstance(error, ApiError):
                    error.after_lost = was_lost
                failures += not isinstance(error, Limited)
                was_lost |= is_lost(error)
                pause = self._plan_retry(error, failures, call)
                asks = settle if was_lost and (pause is None or is_lost(error)) else None
                if asks is not None and (found := asks(error, pause is None)) is not None:
                    return found
                if pause is None:
                    raise
                if pause > NOTICEABLE:
                    self._reporter.status(f"{error} Next attempt in {pause:.0f} s")
            call.pause(pause)
        raise AssertionError  # it counts for ever

    def _plan_retry(self, error: NgrokError, failures: int, call: Call) -> float | None:
        """Return the seconds to wait before the next attempt, or None if there is none."""
        if isinstance(error, Unsettled) and call.settle_pauses and call.allows(call.settle_pauses[0]):
            pause, *call.settle_pauses = call.settle_pauses
            return pause
        if not isinstance(error, ConnectionFailed | Limited | ServerError) or call.seconds < math.inf:
            return None
        pause = min(self._settings.backoff * 2.0 ** (failures - 1), _LONGEST_BACKOFF)
        pause += uniform(0, self._settings.backoff)  # noqa: S311
        if isinstance(error, Limited) or (isinstance(error, ServerError) and error.retry_after is not None):
            pause = 0.0  # its turn comes late enough
        return pause if failures < call.max_attempts and call.allows(pause) else None

    def _attempt(self, call: Call, method: str, path: str, body: Mapping[str, Any] | None, attempt: int) -> Any:
        """Send a request once, and return the JSON body of its response."""
        request = f"{method} {self._base_path}{path.partition('?')[0]}"
        place = self._take_turn(request, call)
        call.sent, outcome, operation = time.monotonic(), "no response", ""
        error: NgrokError | None = NgrokError()  # of an exception that nobody expects
        try:
            response = self._transport.exchange(request, method, path, body, call.left)
            outcome = f"HTTP {response.status}"
            operation = f", operation {response.operation}" if response.operation else ""
            is_new = call.created is not None and self._transport.clock.count_within(call.created, _NEW) > 0
            if error := read_error(request, response, self._settings.api_key, call.may_quote, is_new):
                raise error
            return response.body
        except NgrokError as failure:
            error = failure
            raise
        finally:
            now = time.monotonic()
            with self._lock:
                # Before the place is free again, so that no other request can ignore what this response asks for.
                self._turns.end(place, now, error if call.seconds == math.inf else NgrokError())
            facts = f"in {(now - call.sent) * 1000:.0f} ms (attempt {attempt}{operation})"
            line = f"{method} {self._base_path}{path}: {outcome} {facts}"  # the server chooses a next page's path
            self._reporter.debug(to_line(redact(line, self._settings.api_key)))

    def _take_turn(self, request: str, call: Call) -> Place:
        """Wait until a request may be sent; raise GaveUp if that takes longer than the call may wait, or Cancelled."""
        woken, reported = threading.Event(), 0.0
        place = Place(call.number, woken.set)
        with self._lock:
            if call.urgent:
                self._turns.go(place, time.monotonic())
                return place
            self._turns.join(place)
        try:
            while True:
                call.require_not_cancelled()
                if call.left <= 0:
                    raise GaveUp(f"{request}: it was given up, as it may take at most {call.seconds:g} s in all.")
                with self._lock:
                    woken.clear()
                    now = time.monotonic()
                    wait = self._turns.begin(place, now)
                if wait is None:
                    break
                if wait.seconds < math.inf and not call.allows(wait.seconds):
                    line = f"{request}: {wait.reason}. The next request can be sent in {math.ceil(wait.seconds)} s, but"
                    raise GaveUp(f"{line} one call may wait at most {call.max_wait:g} s in all.")
                if NOTICEABLE < wait.seconds < math.inf and now + wait.seconds > reported + NOTICEABLE:
                    reported = now + wait.seconds
                    self._reporter.status(f"{wait.reason}: waiting {wait.seconds:.0f} s, then going on")
                call.wait(woken, wait.seconds)
        except BaseException:
            with self._lock:
                self._turns.leave(place)
            raise
        try:
            call.require_going_on()  # now, as it may have waited long for its turn
        except Cancelled:
            with self._lock:
                self._turns.end(place, time.monotonic(), NgrokError())
            raise
        return place
