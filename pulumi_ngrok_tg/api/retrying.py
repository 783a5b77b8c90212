"""Sends a request within ngrok's limits, and again if that is safe and may help."""

import time
from collections.abc import Mapping
from itertools import count
from random import uniform
from typing import Any
from urllib.parse import urlsplit

from pulumi_ngrok_tg.api.cancellation import Cancellation
from pulumi_ngrok_tg.api.errors import (
    ApiError,
    Cancelled,
    ConnectionFailed,
    GaveUp,
    Limited,
    NgrokError,
    ServerError,
)
from pulumi_ngrok_tg.api.limits import Limits
from pulumi_ngrok_tg.api.pacing import Pacer
from pulumi_ngrok_tg.api.patience import NOTICEABLE, Patience
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.api.responses import read_error, redact
from pulumi_ngrok_tg.api.settings import AccountSettings
from pulumi_ngrok_tg.api.text import to_line
from pulumi_ngrok_tg.api.transport import Transport

_LONGEST_BACKOFF = 15.0  # seconds


class Requests:
    """Sends the requests of one account; safe to share between threads.

    Args:
        settings: how to reach the account, and how long to retry.
        reporter: gets every attempt, and every wait of more than a second.
        cancellation: ends all waiting.
    """

    def __init__(self, settings: AccountSettings, reporter: Reporter, cancellation: Cancellation | None = None) -> None:
        self._settings = settings
        self._base_path = urlsplit(settings.base_url).path
        self._reporter = reporter
        self._transport = Transport(settings)
        self._pacer = Pacer(Limits(settings), reporter, cancellation)

    @property
    def clock_offset(self) -> float:
        """How many seconds the server's clock is ahead of this machine's."""
        return self._transport.clock_offset

    def send(
        self,
        method: str,
        path: str,
        patience: Patience,
        *,
        body: Mapping[str, Any] | None = None,
        creates: bool = False,
    ) -> Any:
        """Send a request and return the JSON body of its response, or None if it has none.

        Args:
            method: the HTTP method.
            path: the path below the base URL, with its query.
            patience: how long the call may still wait.
            body: the JSON body.
            creates: whether it creates something, so that it must not be sent again if it may have had its effect.

        Raises:
            NgrokError: one of its kinds; see :mod:`pulumi_ngrok_tg.api.errors`. ``after_lost`` is True if an earlier
                attempt may have had its effect.
        """
        failures, lost = 0, None
        most = patience.attempts or self._settings.max_attempts
        for attempt in count(1):
            try:
                return self._attempt(attempt, method, path, patience, body, creates)
            except Cancelled as error:
                if lost is None:
                    raise
                raise Cancelled(f"{lost} It was not sent again, as the operation was cancelled.") from error
            except NgrokError as error:
                if isinstance(error, ApiError):
                    error.after_lost = lost is not None
                failures += not isinstance(error, Limited)
                pause = self._pause(error, failures)
                enough = patience.advisory or patience.at_once or failures >= most or not patience.allows(pause)
                if enough or not may_repeat(error, creates):
                    raise
                lost = error if is_lost(error) else lost
                if pause > NOTICEABLE:
                    self._reporter.status(f"{error} Next attempt in {pause:.0f} s")
            patience.sleep(pause)
        raise AssertionError  # it counts for ever

    def _pause(self, error: NgrokError, failures: int) -> float:
        """Return the seconds before the next attempt; 0 if the response asks for a wait, which the pacer keeps."""
        asked = isinstance(error, Limited) or (isinstance(error, ApiError) and error.retry_after is not None)
        return 0.0 if asked else draw_backoff(self._settings, failures)

    def _attempt(
        self,
        attempt: int,
        method: str,
        path: str,
        patience: Patience,
        body: Mapping[str, Any] | None,
        creates: bool,
    ) -> Any:
        request = f"{method} {self._base_path}{path.partition('?')[0]}"
        began, outcome, operation = time.monotonic(), "no response", ""
        try:
            with self._pacer.hold_slot(request, creates, patience):
                began = time.monotonic()
                response = self._transport.exchange(request, method, path, body, patience.response_seconds)
                outcome, operation = f"HTTP {response.status}", response.operation
                if error := read_error(request, response, self._settings.api_key, patience.may_quote):
                    raise error
                return response.body
        except (GaveUp, Cancelled):
            outcome = ""  # nothing was sent
            raise
        finally:
            if outcome:
                facts = f"attempt {attempt}" + (f", operation {operation}" if operation else "")
                milliseconds = (time.monotonic() - began) * 1000
                line = f"{method} {self._base_path}{path}: {outcome} in {milliseconds:.0f} ms ({facts})"
                # The server chooses the path of a next page.
                self._reporter.debug(to_line(redact(line, self._settings.api_key)))


def may_repeat(error: BaseException, creates: bool) -> bool:
    """Tell whether sending a request again is safe and may help.

    Args:
        error: how it ended.
        creates: whether it creates something, so that it must not take effect twice.
    """
    if isinstance(error, ConnectionFailed):
        return not (creates and error.arrived)
    return isinstance(error, Limited) or (isinstance(error, ServerError) and not creates)


def is_lost(error: BaseException) -> bool:
    """Tell whether a write that ended with this error may have had its effect."""
    return isinstance(error, ServerError) or (isinstance(error, ConnectionFailed) and error.arrived)


def draw_backoff(settings: AccountSettings, failures: int) -> float:
    """Return how many seconds to wait after that many failures."""
    return min(settings.backoff * 2.0 ** (failures - 1), _LONGEST_BACKOFF) + uniform(0, settings.backoff)  # noqa: S311
