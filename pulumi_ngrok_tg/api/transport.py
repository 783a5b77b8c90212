"""One request and its answer: headers, limits, repeats, and the errors they end in."""

import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.metadata import version
from ssl import SSLCertVerificationError
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random
from tenacity.wait import wait_base
from urllib3.exceptions import InvalidHeader, NewConnectionError
from urllib3.util import Retry

from pulumi_ngrok_tg.api.errors import (
    ApiError,
    ConnectionFailed,
    Limited,
    NgrokError,
    ServerError,
    UnexpectedAnswer,
    api_error,
)
from pulumi_ngrok_tg.api.pacing import NOTICEABLE, Pacer
from pulumi_ngrok_tg.api.settings import Settings


class Transport:
    """Sends requests to one ngrok account; safe to share between threads.

    Args:
        settings: how to reach the account.
        notify: told, in one line, of every wait over a second.
    """

    def __init__(self, settings: Settings, notify: Callable[[str], None]) -> None:
        self._settings = settings
        self._notify = notify
        self._pacer = Pacer(settings, notify)
        self.clock_offset = 0.0
        """Seconds that the server's clock is ahead of ours, by its last answer (to the second)."""
        self._session = requests.Session()
        self._session.auth = _Bearer(settings.api_key)
        # http:// is for loopback, and a proxy from the environment would read the key; TLS goes through one unread.
        self._session.trust_env = not settings.base_url.startswith("http:")
        self._session.headers.update(
            {
                "Accept": "application/json",
                "Ngrok-Version": "2",
                "User-Agent": f"pulumi-ngrok-tg/{version('pulumi-ngrok-tg')}",
            }
        )
        adapter = HTTPAdapter(pool_maxsize=settings.max_concurrency)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        idempotent: bool = True,
    ) -> Any:
        """Sends a request and returns the JSON body of its answer, or None where it has none.

        Args:
            target: a path below the base URL, with its query, or a URI of the same origin.
            idempotent: False forbids to repeat a request that may have had an effect.

        Raises:
            NgrokError: one of its kinds; see :mod:`pulumi_ngrok_tg.api.errors`.
        """
        url = self._resolve(target)
        what = f"{method} {urlsplit(url).path}"
        patience = _Patience(self._settings, self._notify, idempotent)

        def once() -> Any:
            try:
                with self._pacer.slot(what, patience.deadline):
                    return self._exchange(what, method, url, body)
            except ApiError as error:
                self._heed(error, patience.cool_down())
                raise

        return Retrying(
            retry=retry_if_exception(patience.worth_repeating),
            stop=patience.spent,
            wait=patience.wait,
            before_sleep=patience.tell,
            reraise=True,
        )(once)

    def _resolve(self, target: str) -> str:
        base = self._settings.base_url
        url = base + target if target.startswith("/") else target
        if urlsplit(url)[:2] != urlsplit(base)[:2]:
            raise UnexpectedAnswer(
                f"ngrok's answer leads to another origin, {urlsplit(url).netloc}; the API key is not sent there. "
                f"Is a proxy in between, or {self._settings.namespace}:apiBaseUrl wrong?"
            )
        return url

    def _exchange(self, what: str, method: str, url: str, body: Mapping[str, Any] | None) -> Any:
        timeout = (self._settings.connect_timeout, self._settings.read_timeout)
        try:
            response = self._session.request(method, url, json=body, timeout=timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise _connection_failed(what, url, error, timeout) from error
        if response.status_code == 204:
            return None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.status_code < 300 and answer is not None:
            self._note_clock(response)
            return answer
        raise self._refusal(what, response, answer)

    def _refusal(self, what: str, response: requests.Response, answer: Any) -> NgrokError:
        status, retry_after = response.status_code, _retry_after(response)
        if error := api_error(what, status, answer, self._settings, retry_after):
            return error
        if status < 300:
            return ConnectionFailed(f"{what}: the answer to a successful request is not JSON (HTTP {status}).", True)
        if status < 400:
            return UnexpectedAnswer(
                f"{what}: the server redirects (HTTP {status}), which ngrok's API never does; the API key is not "
                f"sent on. Set {self._settings.namespace}:apiBaseUrl to the API itself."
            )
        line = (
            f"{what}: HTTP {status}, not in ngrok's error format. Is a proxy in between, or "
            f"{self._settings.namespace}:apiBaseUrl wrong?"
        )
        if status == 429:
            return Limited(line, status, 0, retry_after)
        if status >= 500 or status == 408:
            return ServerError(line, status, 0, retry_after)
        return UnexpectedAnswer(line)

    def _heed(self, error: ApiError, least: float) -> None:
        """Makes all threads wait where the answer asks for it."""
        if isinstance(error, ServerError) and error.retry_after is not None:
            self._pacer.cool_down(error.retry_after, f"ngrok is unavailable (HTTP {error.status})")
        elif isinstance(error, Limited) and error.retry_after is not None:
            self._pacer.cool_down(error.retry_after)
        elif error.code == 226:
            self._pacer.meet_limit(least)
        elif isinstance(error, Limited):
            self._pacer.cool_down(least)

    def _note_clock(self, response: requests.Response) -> None:
        try:
            self.clock_offset = parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
        except (KeyError, TypeError, ValueError):
            pass  # then our clock has to do


def backoff(settings: Settings) -> wait_base:
    """How long to wait between attempts."""
    return wait_exponential(multiplier=settings.backoff, max=15) + wait_random(0, settings.backoff)


class _Bearer(AuthBase):
    """The API key. As an auth object it also keeps requests from taking credentials out of ~/.netrc."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class _Patience:
    """How long one call goes on trying."""

    def __init__(self, settings: Settings, notify: Callable[[str], None], idempotent: bool) -> None:
        self.deadline = time.monotonic() + settings.max_wait_seconds
        self._max_attempts = settings.max_attempts
        self._backoff = backoff(settings)
        self._least_cool_down = settings.backoff / 2
        self._notify = notify
        self._idempotent = idempotent
        self._failures = 0
        self._refusals = 0

    def worth_repeating(self, error: BaseException) -> bool:
        """Whether sending again is safe and may help."""
        if isinstance(error, Limited):
            self._refusals += 1
            return True
        self._failures += 1
        if isinstance(error, ConnectionFailed):
            return self._idempotent or not error.arrived
        return isinstance(error, ServerError) and self._idempotent

    def spent(self, state: RetryCallState) -> bool:
        """Whether the last failure is final."""
        return self._failures >= self._max_attempts or time.monotonic() + state.upcoming_sleep > self.deadline

    def wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt; where a limit is at work, the pacer has it wait instead."""
        error = _error(state)
        paced = isinstance(error, Limited) or (isinstance(error, ApiError) and error.retry_after is not None)
        return 0.0 if paced else self._backoff(state)

    def cool_down(self) -> float:
        """Seconds for all to wait after a refusal that names none: more each time."""
        return self._least_cool_down * 2.0 ** min(self._refusals, 6)

    def tell(self, state: RetryCallState) -> None:
        """Tells the user of a wait worth telling."""
        if state.upcoming_sleep > NOTICEABLE:
            self._notify(f"{_error(state)} Trying again in {state.upcoming_sleep:.0f} s")


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _retry_after(response: requests.Response) -> float | None:
    """Seconds in the Retry-After header, given as seconds or as an HTTP date."""
    value = response.headers.get("Retry-After")
    try:
        return Retry().parse_retry_after(value) if value else None
    except InvalidHeader:
        return None


def _connection_failed(
    what: str, url: str, error: requests.RequestException, timeout: tuple[float, float]
) -> NgrokError:
    origin = urlsplit(url).netloc
    fail = partial(_describe, what, error)
    if isinstance(error, ValueError):
        return UnexpectedAnswer(fail(f"no request can be made of the address {origin}"))
    if any(isinstance(cause, SSLCertVerificationError) for cause in _causes(error)):
        return UnexpectedAnswer(fail(f"the TLS certificate of {origin} is not trusted"))
    if isinstance(error, requests.exceptions.ProxyError):
        return ConnectionFailed(fail(f"cannot connect to {origin} through the proxy"), arrived=False)
    if isinstance(error, requests.ConnectTimeout):
        return ConnectionFailed(fail(f"no connection to {origin} within {timeout[0]:g} s"), arrived=False)
    if isinstance(error, requests.Timeout):
        return ConnectionFailed(fail(f"no answer from {origin} within {timeout[1]:g} s"), arrived=True)
    if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError):
        return ConnectionFailed(fail(f"cannot connect to {origin}"), arrived=False)
    return ConnectionFailed(fail(f"the connection to {origin} broke before the whole answer came"), arrived=True)


def _describe(what: str, error: BaseException, problem: str) -> str:
    """One line without the library's own nesting, but with what the operating system said."""
    said = next((cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror), None)
    return f"{what}: {problem} ({said})." if said else f"{what}: {problem}."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
