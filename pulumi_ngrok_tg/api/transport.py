"""One request and its response, over HTTP."""

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from pulumi_ngrok_tg.api.diagnosis import Response, connection_failed
from pulumi_ngrok_tg.api.errors import UnexpectedResponse
from pulumi_ngrok_tg.api.settings import Settings

_MAX_BODY = 64 * 2**20  # bytes; a page of LIST with all that ngrok's limits admit has less than one


class Transport:
    """Sends single requests to one ngrok account; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._base_url = settings.base_url
        self._timeout = (settings.connect_timeout, settings.read_timeout)
        self.clock_offset = 0.0
        """Seconds that the server's clock is ahead of ours, by its last successful response (to the second)."""
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

    def exchange(self, request: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Response:
        """Sends a request and returns its response, whatever it says. Redirects are not followed.

        Args:
            request: what is sent, for messages.
            method: the HTTP method.
            path: the path below the base URL, with its query.
            body: the JSON body.

        Raises:
            ConnectionFailed: there is no response that can be read.
            UnexpectedResponse: the server cannot be trusted, or the request cannot be made.
        """
        url = self._base_url + path
        try:
            prepared = self._session.prepare_request(requests.Request(method, url, json=body))
            options = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
        except (requests.RequestException, ValueError) as error:
            raise UnexpectedResponse(f"{request}: no request can be made of this address.") from error
        try:
            with self._session.send(prepared, timeout=self._timeout, allow_redirects=False, **options) as response:
                content = self._read(response)
        except Exception as error:  # a hostile response makes the HTTP client raise nearly anything
            raise connection_failed(request, url, error, self._timeout) from error
        parsed = _json(content)
        if 200 <= response.status_code < 300:
            self._note_clock(response)
        return Response(response.status_code, parsed, _retry_after(response), _operation(response, parsed))

    def _read(self, response: requests.Response) -> bytes:
        """Reads the body, within bounds."""
        content, deadline = b"", time.monotonic() + self._timeout[1]
        for chunk in response.iter_content(65536):
            content += chunk
            if len(content) > _MAX_BODY:
                raise requests.exceptions.ContentDecodingError("too large")
            if time.monotonic() > deadline:
                raise requests.Timeout
        return content

    def _note_clock(self, response: requests.Response) -> None:
        try:
            self.clock_offset = parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
        except (KeyError, TypeError, ValueError, OverflowError):
            pass  # then our clock has to do


class _Bearer(AuthBase):
    """The API key. As an auth object it also keeps requests from taking credentials out of ~/.netrc."""

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


def _retry_after(response: requests.Response) -> float | None:
    """Seconds in the Retry-After header, given as seconds or as an HTTP date."""
    try:
        seconds = Retry().parse_retry_after(response.headers["Retry-After"])
        return None if seconds is None else float(seconds)
    except Exception:  # there is none, or it is one of the many things that are no time
        return None


def _operation(response: requests.Response, body: Any) -> str:
    """The id that ngrok gave the operation, from an error's body or the header."""
    details = body.get("details") if isinstance(body, dict) else None
    named = details.get("operation_id") if isinstance(details, dict) else None
    for value in (named, response.headers.get("Ngrok-Operation-Id")):
        if isinstance(value, str) and re.fullmatch(r"op_[0-9A-Za-z]{1,64}", value):
            return value
    return ""
