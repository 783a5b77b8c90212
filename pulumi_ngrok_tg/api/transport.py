"""Sends one HTTP request and reads its response."""

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any

import requests
from requests.auth import AuthBase

from pulumi_ngrok_tg.api.deadline import BoundedAdapter
from pulumi_ngrok_tg.api.errors import UnexpectedResponse
from pulumi_ngrok_tg.api.responses import Response, read_failure, redact
from pulumi_ngrok_tg.api.settings import AccountSettings

_MAX_BODY = 64 * 2**20  # bytes; the largest page that ngrok's limits allow is below 1 MiB


class Transport:
    """Sends single requests to one ngrok account; safe to share between threads."""

    def __init__(self, settings: AccountSettings) -> None:
        self._base_url = settings.base_url
        self._api_key = settings.api_key
        self._timeout = (settings.connect_timeout, settings.read_timeout)
        self.clock_offset = 0.0
        """How many seconds the server's clock is ahead of this machine's, by its last success; precise to a second."""
        self._session = requests.Session()
        self._session.auth = _Bearer(settings.api_key)
        # Over http://, a proxy from the environment could read the key; over TLS it cannot.
        self._session.trust_env = not settings.base_url.startswith("http:")
        self._session.headers.update(
            {
                "Accept": "application/json",
                "Ngrok-Version": "2",
                "User-Agent": f"pulumi-ngrok-tg/{version('pulumi-ngrok-tg')}",
            }
        )
        adapter = BoundedAdapter(pool_maxsize=settings.max_concurrency)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def exchange(
        self,
        request: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        response_seconds: float | None = None,
    ) -> Response:
        """Send a request and return its response, whatever its status. Redirects are not followed.

        Args:
            request: what is sent, for messages.
            method: the HTTP method.
            path: the path below the base URL, with its query.
            body: the JSON body.
            response_seconds: how long the response may take, if less than usual.

        Raises:
            ConnectionFailed: there is no readable response.
            UnexpectedResponse: the server cannot be trusted, or the request cannot be made.
        """
        url = self._base_url + path
        try:
            prepared = self._session.prepare_request(requests.Request(method, url, json=body))
            options: Any = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
        except (requests.RequestException, ValueError) as error:
            raise UnexpectedResponse(f"{request}: no request can be sent, because the address is malformed.") from error
        connecting, reading = self._timeout
        timeout = (connecting, reading if response_seconds is None else min(reading, response_seconds))
        begun = False
        try:
            # The adapter, not the session: a session reads the Location of a redirect even if it is not to follow it.
            adapter = self._session.get_adapter(url)
            with adapter.send(prepared, timeout=timeout, **options) as response:
                begun = True
                content = self._read(response)
        except Exception as error:  # a hostile response makes the HTTP client raise nearly anything
            raise read_failure(request, url, error, timeout, begun) from error
        parsed = _json(content)
        now = _moment(response.headers.get("Date"))
        if 200 <= response.status_code < 300 and now is not None:
            self.clock_offset = now - time.time()
        retry_after = _retry_after(response.headers.get("Retry-After", ""), time.time() if now is None else now)
        return Response(response.status_code, parsed, retry_after, self._operation(response, parsed))

    def _read(self, response: requests.Response) -> bytes:
        """Read the body, within bounds."""
        content = bytearray()
        for chunk in response.iter_content(65536):
            content += chunk
            if len(content) > _MAX_BODY:
                raise requests.exceptions.ContentDecodingError("too large")
        return bytes(content)

    def _operation(self, response: requests.Response, body: Any) -> str:
        """Return the id that ngrok gave the operation, from an error's body or the header."""
        details = body.get("details") if isinstance(body, dict) else None
        named = details.get("operation_id") if isinstance(details, dict) else None
        for value in (named, response.headers.get("Ngrok-Operation-Id")):
            if isinstance(value, str) and re.fullmatch(r"op_[0-9A-Za-z]{1,64}", value):
                return redact(value, self._api_key)
        return ""


class _Bearer(AuthBase):
    """Sends the API key. As an auth object, it also keeps requests from using credentials of ~/.netrc."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _retry_after(value: str, now: float) -> float | None:
    """Return the seconds of a Retry-After header, given as seconds or as an HTTP date; None if it asks for no wait."""
    given = re.fullmatch(r"\s*([0-9]{1,9})\s*", value)
    seconds = float(given[1]) if given else (_moment(value) or now) - now
    return seconds if seconds > 0 else None


def _moment(date: str | None) -> float | None:
    """Return an HTTP date as seconds since the epoch; None if it is not one."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
