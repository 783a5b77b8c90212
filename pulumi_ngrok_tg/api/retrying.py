"""A request until it ends: within ngrok's limits, and sent again where that is safe and may help."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random
from tenacity.wait import wait_base

from pulumi_ngrok_tg.api.diagnosis import Response, error_in
from pulumi_ngrok_tg.api.errors import ApiError, ConnectionFailed, Limited, ServerError
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
    """

    def __init__(self, settings: Settings, reporter: Reporter) -> None:
        self._settings = settings
        self._base_path = urlsplit(settings.base_url).path
        self._reporter = reporter
        self._transport = Transport(settings)
        self._pacer = Pacer(Limits(settings), reporter)

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
    ) -> Any:
        """Sends a request and returns the JSON body of its response, or None where it has none.

        Args:
            method: the HTTP method.
            path: the path below the base URL, with its query.
            patience: what the call may still wait.
            body: the JSON body.
            creates: whether it creates something, so that it must not be repeated when it may have had its effect.

        Raises:
            NgrokError: one of its kinds; see :mod:`pulumi_ngrok_tg.api.errors`.
        """
        attempts = _Attempts(self._settings, self._reporter, patience, repeatable=not creates)
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
        with self._pacer.slot(request, creates, patience):
            attempts.sent += 1
            began = time.monotonic()
            response: Response | None = None
            try:
                response = self._transport.exchange(request, method, path, body)
                if error := error_in(request, response, self._settings.api_key):
                    raise error
                return response.body
            finally:
                outcome = f"HTTP {response.status}" if response else "no response"
                operation = f", operation {response.operation}" if response and response.operation else ""
                self._reporter.debug(
                    f"{method} {self._base_path}{path}: {outcome} in {(time.monotonic() - began) * 1000:.0f} ms "
                    f"(attempt {attempts.sent}{operation})"
                )


class _Attempts:
    """How often one request is sent."""

    def __init__(self, settings: Settings, reporter: Reporter, patience: Patience, repeatable: bool) -> None:
        self.sent = 0
        self._failures = 0
        self._max_attempts = settings.max_attempts
        self._backoff = backoff(settings)
        self._reporter = reporter
        self._patience = patience
        self._repeatable = repeatable

    def retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception(lambda error: may_repeat(error, self._repeatable)),
            after=self._count,
            wait=self._wait,
            stop=self._stop,
            before_sleep=self._tell,
            sleep=self._patience.sleep,
            reraise=True,
        )

    def _count(self, state: RetryCallState) -> None:
        self._failures += not isinstance(_error(state), Limited)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt; where the response asks for a wait, the pacer has it wait instead."""
        error = _error(state)
        paced = isinstance(error, Limited) or (isinstance(error, ApiError) and error.retry_after is not None)
        return 0.0 if paced else self._backoff(state)

    def _stop(self, state: RetryCallState) -> bool:
        return self._failures >= self._max_attempts or not self._patience.allows(state.upcoming_sleep)

    def _tell(self, state: RetryCallState) -> None:
        if state.upcoming_sleep > NOTICEABLE:
            self._reporter.status(f"{_error(state)} Trying again in {state.upcoming_sleep:.0f} s")


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


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
