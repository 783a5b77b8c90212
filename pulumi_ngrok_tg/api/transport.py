"""Sends one HTTP request: nothing of it was sent, its response was lost, or here it is."""

import io
import json
import os
import re
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from urllib3 import exceptions
from urllib3.util import parse_url

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.clock import Clock
from pulumi_ngrok_tg.api.errors import ConnectionFailed, NgrokError, Unsendable, Untrusted
from pulumi_ngrok_tg.api.redaction import redact, to_line
from pulumi_ngrok_tg.api.responses import Response

_MAX_BODY = 64 * 2**20  # bytes; the largest page that ngrok's limits allow is below 1 MiB
_BROKEN = (requests.ConnectionError, exceptions.ProtocolError, OSError)
_UNREADABLE = (requests.exceptions.ContentDecodingError, exceptions.DecodeError)


class Transport:
    """Sends single requests to one ngrok account, and sets the clock by them; safe to share between threads."""

    def __init__(self, settings: AccountSettings, clock: Clock) -> None:
        self._settings = settings
        self.clock = clock
        self._session = requests.Session()
        self._session.auth = self._authorize  # an auth also keeps requests from using credentials of ~/.netrc
        # Over http://, a proxy from the environment could read the key; over TLS it cannot.
        self._session.trust_env = not settings.base_url.startswith("http:")
        self._session.headers.update(
            {
                "Accept": "application/json",
                "Content-Type": "application/json",
                "Ngrok-Version": "2",
                "User-Agent": f"pulumi-ngrok-tg/{version('pulumi-ngrok-tg')}",
            }
        )
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=settings.max_concurrency)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def exchange(
        self, request: str, method: str, path: str, body: Mapping[str, Any] | None, seconds: float
    ) -> Response:
        """Send a request, which messages call ``request``, and return its response, whatever its status.

        Redirects are not followed. The response may take ``seconds``, if that is less than usual. Raise Unsendable if a
        setting keeps it from being sent, and ConnectionFailed if there is no readable response.
        """
        url = self._settings.base_url + path
        server = urlsplit(url).netloc
        content = None if body is None else _Body(json.dumps(body).encode())
        timeout = (self._settings.connect_timeout, max(0.1, min(self._settings.read_timeout, seconds)))
        handled = sys.exc_info()[1]
        begun, sent = False, False  # type: tuple[bool, bool | None]
        try:
            prepared = self._session.prepare_request(requests.Request(method, url, data=content))
            options: Any = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
            if (proxy := select_proxy(url, options["proxies"])) and not parse_url(proxy).host:
                raise requests.exceptions.InvalidProxyURL
            server += " through the proxy (HTTPS_PROXY or ALL_PROXY)" if proxy else ""
            # The adapter, not the session: a session reads the Location of a redirect even if it is not to follow it.
            sent = None if content is None else False
            with self._session.get_adapter(url).send(prepared, timeout=timeout, **options) as response:
                begun = True
                received = _read(response.raw, time.monotonic() + timeout[1])
        except Exception as error:  # a hostile response makes the HTTP client raise nearly anything
            sent = begun or (sent if content is None else content.was_read)
            raise _explain(request, server, list(_find_causes(error, handled)), timeout, sent) from error
        parsed = _parse(received)
        now, here = _read_date(response.headers.get("Date")), self.clock.now()
        if now is not None and method != "POST":  # a create is compared with the Date of other responses
            self.clock.ahead = now - here
        retry_after = _read_retry_after(response.headers.get("Retry-After", ""), here if now is None else now)
        return Response(response.status_code, parsed, retry_after, self._find_operation(response, parsed))

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._settings.api_key}"
        return request

    def _find_operation(self, response: requests.Response, body: Any) -> str:
        """Return the id that ngrok gave the operation, from an error's body or the header."""
        details = body.get("details") if isinstance(body, dict) else None
        named = details.get("operation_id") if isinstance(details, dict) else None
        for value in (named, response.headers.get("Ngrok-Operation-Id")):
            if isinstance(value, str) and re.fullmatch(r"op_[0-9A-Za-z]{1,64}", value):
                return redact(value, self._settings.api_key)
        return ""


class _Body(io.BytesIO):
    """A request's body that notes when the HTTP client begins to read it: after it has connected and sent the head."""

    was_read = False

    def read(self, size: int | None = -1) -> bytes:
        self.was_read = True
        return super().read(size)


def _read(raw: Any, ends: float) -> bytes:
    """Read a body as it arrives, within bounds: a server could send a byte now and then, or without end."""
    content = bytearray()
    while piece := raw.read1(65536, decode_content=True):
        content += piece
        if len(content) > _MAX_BODY:
            raise requests.exceptions.ContentDecodingError("too large")
        if time.monotonic() > ends:
            raise requests.ReadTimeout
    return bytes(content)


def _explain(
    request: str, server: str, causes: list[BaseException], timeout: tuple[float, float], sent: bool | None
) -> NgrokError:
    """Return the error for a request without a readable response, from what the HTTP client raised, and its causes.

    ``timeout`` is for connecting and reading, in seconds. ``sent`` is None for a request without a body that the HTTP
    client has got: then the causes tell.
    """
    reason = next((f" ({one.strerror})" for one in causes if isinstance(one, OSError) and one.strerror), "")
    timed_out = any(isinstance(one, requests.Timeout | exceptions.ReadTimeoutError | TimeoutError) for one in causes)
    if not sent:
        if problem := _find_bad_setting(causes):
            return Unsendable(f"{request}: nothing was sent to {server}, because {problem}.")
        if untrusted := next((one for one in causes if isinstance(one, ssl.SSLCertVerificationError)), None):
            why = to_line(untrusted.verify_message or str(untrusted.strerror)).rstrip(".")
            return Untrusted(f"{request}: the TLS certificate of {server} is not trusted ({why}).")
        no_tls = any(getattr(one, "reason", None) == "WRONG_VERSION_NUMBER" for one in causes)
        if sent is False or no_tls or any(map(_is_no_connection, causes)):
            within = f" within {timeout[0]:g} s" * timed_out
            why = f"{server} does not speak TLS" if no_tls else f"there was no connection to {server}{within}"
            return ConnectionFailed(f"{request}: nothing was sent, because {why}{reason}.", arrived=False)
    if timed_out:
        problem = f"no response from {server} within {round(timeout[1], 1):g} s"
    elif isinstance(causes[0], _BROKEN) and not isinstance(causes[0], _UNREADABLE):
        problem = f"the connection to {server} broke before the whole response came"
    else:
        problem = f"the response of {server} cannot be read"
    return ConnectionFailed(f"{request}: {problem}{reason}.", arrived=True)


def _find_bad_setting(causes: list[BaseException]) -> str:
    """Return which setting keeps a request from being sent, and why; "" if none does. It never quotes a password."""
    error = causes[0]
    if isinstance(error, requests.exceptions.InvalidURL | exceptions.LocationParseError):
        return "its address or that of the proxy (HTTPS_PROXY) is malformed"
    if isinstance(error, requests.exceptions.InvalidSchema):
        return "HTTPS_PROXY names a SOCKS proxy, which needs the package PySocks (pip install pysocks)"
    for cause in causes:
        if isinstance(cause, exceptions.NewConnectionError):
            break
        if isinstance(cause, OSError) and cause.filename and cause.filename == os.environ.get("SSLKEYLOGFILE"):
            return f"SSLKEYLOGFILE names a file that cannot be written ({cause.strerror})"
        is_file = isinstance(cause, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError)
        if is_file or getattr(cause, "library", None) == "X509" or type(cause) is OSError is type(error):
            why = to_line(str(cause)).rstrip(".")
            return f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file with certificates ({why})"
    return ""


def _is_no_connection(cause: BaseException) -> bool:
    no_tunnel = isinstance(cause, OSError) and str(cause).startswith("Tunnel connection failed")
    return no_tunnel or isinstance(cause, exceptions.NewConnectionError | exceptions.ConnectTimeoutError)


def _find_causes(error: BaseException | None, handled: BaseException | None) -> Iterator[BaseException]:
    while error is not None and error is not handled:
        yield error
        error = error.__cause__ or error.__context__


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _read_retry_after(value: str, now: float) -> float | None:
    """Return the seconds of a Retry-After header, given as seconds or as an HTTP date; None if it asks for no wait."""
    given = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]*)?)\s*", value)
    seconds = float(given[1]) if given else (_read_date(value) or now) - now
    return seconds if seconds > 0 else None


def _read_date(date: str | None) -> float | None:
    """Return an HTTP date as seconds since the epoch; None if it is not one."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
