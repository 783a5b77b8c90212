"""Turns a response into one of the :mod:`errors`, or into none.

A server may send anything. Its text gets into messages only as one printable line without credentials.
"""

import re
from dataclasses import dataclass
from typing import Any

from pulumi_ngrok_tg.api.errors import (
    ApiError,
    ConnectionFailed,
    Limited,
    NgrokError,
    NotFound,
    ServerError,
    UnexpectedResponse,
    Unsettled,
)
from pulumi_ngrok_tg.api.redaction import redact, to_line

_LIMITS = {225, 226, 5001}
_NOT_QUOTED = "ngrok rejected it, with a message that is not shown because it may quote a secret"
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


def read_error(
    request: str, response: Response, secret: str, may_quote: bool = True, is_new: bool = False
) -> NgrokError | None:
    """Return the error that a response means, or None for a success; its message does not quote ``secret``.

    ngrok's message may quote what was sent, in any form: ``may_quote`` says whether to show it. ``is_new`` says whether
    the request is about a backend that is only seconds old.
    """
    status, body = response.status, response.body
    if status == 204 or (200 <= status < 300 and body is not None):
        return None
    if status < 300:
        return ConnectionFailed(f"{request}: the response is not JSON (HTTP {status}).", arrived=True, foreign=True)
    if status < 400 or not (isinstance(body, dict) and isinstance(body.get("msg"), str) and "error_code" in body):
        return _read_foreign(request, response)
    found = re.fullmatch(r"ERR_NGROK_([0-9]{1,6})", str(body["error_code"]))
    code = int(found[1]) if found else 0
    facts = (
        [f"ERR_NGROK_{code}"] * bool(code)
        + [f"HTTP {status}"]
        + [f"operation {response.operation}"] * bool(response.operation)
    )
    said = f"ngrok says: {to_line(redact(body['msg'], secret)).rstrip('.')}" if may_quote else _NOT_QUOTED
    line = f"{request}: {said} ({', '.join(facts)})."
    if status == 404 and code == _GONE and is_new:
        return Unsettled(f"{line} It is only seconds old: ngrok may find it later.", status, code)
    return _find_kind(status, code)(line, status, code, response.retry_after)


def _read_foreign(request: str, response: Response) -> NgrokError:
    status = response.status
    if status < 400:
        line = f"{request}: the server redirects (HTTP {status}), which ngrok's API never does."
        return UnexpectedResponse(f"{line} The API key is not sent on.")
    line, kind = f"{request}: HTTP {status}, not in ngrok's error format.", _find_kind(status, 0)
    if kind is ApiError:
        return UnexpectedResponse(line, status)
    return kind(line, status, 0, response.retry_after, foreign=True)


def _find_kind(status: int, code: int) -> type[ApiError]:
    if status == 404 and code == _GONE:
        return NotFound
    if code in _LIMITS or (status == 429 and code != _ACCOUNT_FULL):
        return Limited
    return ServerError if status >= 500 or status == 408 else ApiError
