"""Turns a response, or the lack of one, into one of the :mod:`errors`, or into none.

A server may send anything. Its text gets into messages only as one printable line without credentials.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from pulumi_ngrok_tg.api.errors import (
    ApiError,
    ConnectionFailed,
    Limited,
    NgrokError,
    NotFound,
    ServerError,
    UnexpectedResponse,
    Untrusted,
)
from pulumi_ngrok_tg.api.text import to_line

_LIMITS = {225, 226, 5001}
_NOT_QUOTED = "ngrok rejected it, with a message that is not shown because it may quote a secret"
_PIECE = 8  # characters in a row that reveal a value
_GONE = 6514
_ACCOUNT_FULL = 5000  # waiting does not help


@dataclass(frozen=True)
class Response:
    """A response as it came, from ngrok, a proxy or any other server."""

    status: int
    body: Any
    """The JSON body; None if there is none."""
    retry_after: float | None = None
    """Seconds."""
    operation: str = ""
    """ngrok's id of the operation, for its support; "" if the response named none."""


def read_error(request: str, response: Response, secret: str, may_quote: bool = True) -> NgrokError | None:
    """Return the error that a response means, or None for a success.

    Args:
        request: what was sent, such as ``GET /backends/tunnel_group``.
        response: what came back.
        secret: the API key. It is removed from ngrok's message, as are parts of it.
        may_quote: whether to show ngrok's message. It may quote what was sent, in any form, so it is not shown if a
            value in the body may be a secret.
    """
    status, body = response.status, response.body
    if status == 204 or (200 <= status < 300 and body is not None):
        return None
    if status < 300:
        return ConnectionFailed(f"{request}: the response is not JSON (HTTP {status}).", arrived=True, foreign=True)
    if error := _api_error(request, response, secret, may_quote):
        return error
    if status < 400:
        return UnexpectedResponse(
            f"{request}: the server redirects (HTTP {status}), which ngrok's API never does. "
            "The API key is not sent on."
        )
    line = f"{request}: HTTP {status}, not in ngrok's error format."
    if status == 429:
        return Limited(line, status, 0, response.retry_after, foreign=True)
    if status >= 500 or status == 408:
        return ServerError(line, status, 0, response.retry_after, foreign=True)
    return UnexpectedResponse(line, status)


def _api_error(request: str, response: Response, secret: str, may_quote: bool) -> ApiError | None:
    """Return the error of a response in ngrok's error format."""
    body, status = response.body, response.status
    if not isinstance(body, dict) or not isinstance(body.get("msg"), str) or "error_code" not in body:
        return None
    code = _error_code(body["error_code"])
    facts = [f"ERR_NGROK_{code}" if code else "", f"HTTP {status}"]
    facts += [f"operation {response.operation}"] if response.operation else []
    said = f"ngrok says: {to_line(redact(body['msg'], secret)).rstrip('.')}" if may_quote else _NOT_QUOTED
    line = f"{request}: {said} ({', '.join(filter(None, facts))})."
    return _kind(status, code)(line, status, code, response.retry_after)


def _error_code(code: object) -> int:
    """Return the number in ``ERR_NGROK_nnn``; 0 if there is none."""
    found = re.fullmatch(r"ERR_NGROK_([0-9]{1,6})", code) if isinstance(code, str) else None
    return int(found[1]) if found else 0


def _kind(status: int, code: int) -> type[ApiError]:
    if status == 404 and code == _GONE:
        return NotFound
    if code in _LIMITS or (status == 429 and code != _ACCOUNT_FULL):
        return Limited
    if status >= 500 or status == 408:
        return ServerError
    return ApiError


def redact(text: str, secret: str) -> str:
    """Remove every word that holds eight characters in a row of the API key, and credentials that ngrok quotes."""
    pieces = {secret[start : start + _PIECE] for start in range(max(len(secret) - _PIECE + 1, 1))}
    text = re.sub(r"\S+", lambda word: "[redacted]" if any(piece in word[0] for piece in pieces) else word[0], text)
    text = re.sub(r"(?i)\b(authorization header): .*?(?=\. |$)", r"\1: [redacted]", text, flags=re.DOTALL)
    return re.sub(r"(?i)\byour (credential|authentication|key): \S+", r"Your \1: [redacted].", text)


def read_failure(
    request: str, url: str, error: Exception, timeout: tuple[float, float], begun: bool = False
) -> NgrokError:
    """Return the error for a request without a readable response.

    Args:
        request: what was sent, for the message.
        url: where it was sent.
        error: what the HTTP client raised.
        timeout: the timeouts for connecting and reading, in seconds.
        begun: whether the response had begun, so that the request has certainly arrived.
    """
    origin = urlsplit(url).netloc

    def fail(problem: str, arrived: bool) -> ConnectionFailed:
        return ConnectionFailed(_describe(request, error, problem), arrived)

    untrusted = next((cause for cause in _causes(error) if isinstance(cause, SSLCertVerificationError)), None)
    if untrusted and not begun:
        why = to_line(getattr(untrusted, "verify_message", "") or str(untrusted.strerror)).rstrip(".")
        return Untrusted(f"{request}: the TLS certificate of {origin} is not trusted ({why}).")
    if not begun and (problem := _not_sent(origin, error, timeout[0])):
        return fail(problem, arrived=False)
    if any(isinstance(cause, requests.Timeout | ReadTimeoutError | TimeoutError) for cause in _causes(error)):
        return fail(f"no response from {origin} within {timeout[1]:g} s", arrived=True)
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        way = " through the proxy" if isinstance(error, requests.exceptions.ProxyError) else ""
        return fail(f"the connection to {origin}{way} broke before the whole response came", arrived=True)
    return fail(f"the response of {origin} cannot be read", arrived=True)


def _not_sent(origin: str, error: Exception, connect_timeout: float) -> str:
    """Return why a request was certainly not sent; "" if it may have been."""
    if isinstance(error, requests.exceptions.InvalidURL):  # its own text may hold a proxy's password
        return f"no request can be sent to {origin}, as its address or that of a proxy (HTTPS_PROXY) is malformed"
    if isinstance(error, requests.exceptions.InvalidSchema) or type(error) is OSError:
        return f"no request can be sent to {origin}: {to_line(str(error)).rstrip('.')}"
    if isinstance(error, requests.exceptions.ProxyError):
        # The same error stands for a connection through the proxy that broke after the request was sent.
        unconnected = any(map(_is_no_connection, _causes(error)))
        return f"cannot connect to {origin} through the proxy" if unconnected else ""
    if any(getattr(cause, "reason", None) == "WRONG_VERSION_NUMBER" for cause in _causes(error)):
        return f"{origin} does not speak TLS"
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection to {origin} within {connect_timeout:g} s"
    if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError):
        return f"cannot connect to {origin}"
    return ""


def _describe(request: str, error: BaseException, problem: str) -> str:
    """Return one line with the operating system's reason, without the library's nested messages."""
    said = next((cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror), None)
    return f"{request}: {problem} ({said})." if said else f"{request}: {problem}."


def _is_no_connection(cause: BaseException) -> bool:
    no_tunnel = isinstance(cause, OSError) and str(cause).startswith("Tunnel connection failed")
    return no_tunnel or isinstance(cause, NewConnectionError | ConnectTimeoutError)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
