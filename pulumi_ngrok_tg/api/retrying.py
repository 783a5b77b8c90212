"""A request until it ends: within ngrok's limits, and sent again where that is safe and may help."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random
from tenacity.wait import wait_base

from pulumi_ngrok_tg.api.diagnosis import error_in, one_line, redact
from pulumi_ngrok_tg.api.errors import ApiError, ConnectionFailed, GaveUp, Limited, NotFound, ServerError
from pulumi_ngrok_tg.api.limits import Limits
from pulumi_ngrok_tg.api.pacing import Pacer
from pulumi_ngrok_tg.api.patience import NOTICEABLE, Patience
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.api.settings import Settings
from pulumi_ngrok_tg.api.transport import Transport


class Requests:
    """Sends the requests of one account; safe to share between threads.

    Args:
        settings: how to reach the account, and how long to go on.
        reporter: hears of every attempt, and of every wait over a second.
        beside: the requests of the account, where these are looks beside them: they go when those may go, too, but
            what comes of them teaches nothing about the account's limits, and so holds nothing else up.
    """

    def __init__(self, settings: Settings, reporter: Reporter, beside: "Requests | None" = None) -> None:
        self._settings = settings
        self._learns = beside is None
        self._base_path = urlsplit(settings.base_url).path
        self._reporter = reporter
        self._transport = Transport(settings)
        self._pacer: Pacer = beside._pacer if beside else Pacer(Limits(settings), reporter)

    @property
    def clock_offset(self) -> float:
        """Seconds that the server's clock is ahead of ours."""
        return self._transport.clock_offset

    def send(
        self,
        method: str,
        path: str,
        patience: Patience,
        *,
        body: Mapping[str, Any] | None = None,
        creates: bool = False,
        once: bool = False,
    ) -> Any:
        """Sends a request and returns the JSON body of its response, or None where it has none.

        Args:
            method: the HTTP method.
            path: the path below the base URL, with its query.
            patience: what the call may still wait.
            body: the JSON body.
            creates: whether it creates something, so that it must not be repeated when it may have had its effect.
            once: whether it must not be repeated, whatever comes of it.

        Raises:
            NgrokError: one of its kinds; see :mod:`pulumi_ngrok_tg.api.errors`.
        """
        attempts = _Attempts(self._settings, self._reporter, patience, repeatable=not creates, paced=self._learns)
        if once:
            return self._attempt(attempts, method, path, patience, body, creates)
        return attempts.retrying()(lambda: self._attempt(attempts, method, path, patience, body, creates))

    def _attempt(
        self,
        attempts: "_Attempts",
        method: str,
        path: str,
        patience: Patience,
        body: Mapping[str, Any] | None,
        creates: bool,
    ) -> Any:
        request = f"{method} {self._base_path}{path.partition('?')[0]}"
        attempts.sent += 1
        began, outcome, operation = time.monotonic(), "no response", ""
        try:
            with self._pacer.slot(request, creates, patience, self._learns):
                began = time.monotonic()
                response = self._transport.exchange(request, method, path, body)
                outcome, operation = f"HTTP {response.status}", response.operation
                if error := error_in(request, response, self._settings.api_key):
                    if isinstance(error, NotFound):
                        error.after_lost = attempts.lost
                    raise error
                return response.body
        except GaveUp:
            outcome = ""  # nothing was sent
            raise
        finally:
            if outcome:
                facts = f"attempt {attempts.sent}" + (f", operation {operation}" if operation else "")
                milliseconds = (time.monotonic() - began) * 1000
                line = f"{method} {self._base_path}{path}: {outcome} in {milliseconds:.0f} ms ({facts})"
                # The path of a next page is the server's words.
                self._reporter.debug(one_line(redact(line, self._settings.api_key)))


class _Attempts:
    """How often one request is sent."""

    def __init__(
        self, settings: Settings, reporter: Reporter, patience: Patience, repeatable: bool, paced: bool
    ) -> None:
        self.sent = 0
        self.lost = False
        """Whether one of them may have had its effect without a response that says so."""
        self._failures = 0
        self._max_attempts = settings.max_attempts
        self._backoff = backoff(settings)
        self._reporter = reporter
        self._patience = patience
        self._repeatable = repeatable
        self._paced = paced

    def retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception(lambda error: may_repeat(error, self._repeatable)),
            after=self._count,
            wait=self._wait,
            stop=self._stop,
            before_sleep=tell_of_wait(self._reporter),
            sleep=self._patience.sleep,
            reraise=True,
        )

    def _count(self, state: RetryCallState) -> None:
        error = _error(state)
        self._failures += not isinstance(error, Limited)
        self.lost |= error is not None and is_lost(error)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt; where the response asks for a wait, the pacer has it wait instead."""
        error = _error(state)
        asked = error.retry_after if isinstance(error, ApiError) else None
        if self._paced and (isinstance(error, Limited) or asked is not None):
            return 0.0
        return self._backoff(state) if asked is None else asked

    def _stop(self, state: RetryCallState) -> bool:
        return self._failures >= self._max_attempts or not self._patience.allows(state.upcoming_sleep)


def may_repeat(error: BaseException, repeatable: bool) -> bool:
    """Tells whether sending a request again is safe and may help.

    Args:
        error: how it ended.
        repeatable: whether it may have its effect twice.
    """
    if isinstance(error, ConnectionFailed):
        return repeatable or not error.arrived
    return isinstance(error, Limited) or (isinstance(error, ServerError) and repeatable)


def is_lost(error: BaseException) -> bool:
    """Tells whether a write that ended so may have had its effect."""
    return isinstance(error, ServerError) or (isinstance(error, ConnectionFailed) and error.arrived)


def backoff(settings: Settings) -> wait_base:
    """Returns how long to wait between attempts."""
    return wait_exponential(multiplier=settings.backoff, max=15) + wait_random(0, settings.backoff)


def tell_of_wait(reporter: Reporter) -> Callable[[RetryCallState], None]:
    """Returns a hook that tells of a wait before the next attempt, where it is worth telling."""

    def tell(state: RetryCallState) -> None:
        if state.upcoming_sleep > NOTICEABLE:
            reporter.status(f"{_error(state)} Next attempt in {state.upcoming_sleep:.0f} s")

    return tell


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
