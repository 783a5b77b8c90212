"""Everything that keeps a call to ngrok from succeeding, each as one line a user can act on.

The codes are ngrok's own: https://ngrok.com/docs/errors/reference.
"""

import re
from typing import Any

from pulumi_ngrok_tg.api.settings import Settings

_ADVICE = {
    **dict.fromkeys(
        (200, 201, 202, 203, 206, 207, 208),
        "Set a valid API key (not a tunnel authtoken or a key id): `pulumi config set --secret {namespace}:apiKey`. "
        "Plain `pulumi refresh` and `pulumi destroy` use the key recorded by the last `pulumi up`; "
        "`pulumi up` and the option --run-program use the current one",
    ),
    204: "The account's plan does not include the ngrok API; upgrade it",
    205: "The account is suspended; contact ngrok support",
    220: "The account's IP policy does not admit this machine; run from an admitted address or change the policy",
    247: "The account is suspended for non-payment; settle the bill",
    635: "The API key may not write; use one that may",
    5000: "Remove what is no longer needed, or ask ngrok for a higher limit",
    6500: "The account's plan does not include backends; contact ngrok support",
    6502: "Another backend or an edge route still refers to it; remove that reference first, then delete it",
    6526: "Check the id",
    6527: "The id is of another kind of backend; check the id",
    7008: "ngrok has withdrawn edges and backends from this account; the resource stays in the state until you decide. "
    "Move the traffic to internal endpoints, then remove it with `pulumi state delete`",
}
"""ERR_NGROK code to what the user should do; ``{namespace}`` is that of the account's settings."""

_LIMITS = {225, 226, 5001}
_ACCOUNT_FULL = 5000  # no wait helps
_NEVER_GONE = {*range(200, 300), *range(3000, 4000), 635, 5000, 5001, 6500, 6501, 6502, 6503, 6504}
_NEVER_GONE |= {6508, 6509, 6510, 6526, 6527, 6531, 7008}


class NgrokError(Exception):
    """A call to ngrok that did not succeed. ``str()`` is one line, with no credential in it."""


class ConnectionFailed(NgrokError):
    """No whole answer came back.

    Attributes:
        arrived: False when the request surely never reached the server.
    """

    def __init__(self, message: str, arrived: bool) -> None:
        super().__init__(message)
        self.arrived = arrived


class UnexpectedAnswer(NgrokError):
    """An answer that is not ngrok's: a proxy's page, a redirect, a body of another shape. Says nothing of backends."""


class GaveUp(NgrokError):
    """The waiting that a call may do (``maxWaitSeconds``) is used up, or would be."""


class NotApplied(NgrokError):
    """ngrok answered a write with success, but kept other values than were asked."""


class FateUnknown(NgrokError):
    """A backend may or may not have been created, and it could not be found out."""


class ApiError(NgrokError):
    """ngrok refused, in its own error shape.

    Attributes:
        status: the HTTP status.
        code: the number in ``ERR_NGROK_nnn``, or 0.
        retry_after: seconds to wait, where the answer said so.
    """

    def __init__(self, message: str, status: int, code: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class NotFound(ApiError):
    """The one way to know that a backend is gone: a 404 of ngrok's own."""


class Limited(ApiError):
    """ngrok refused for now: a rate or concurrency limit. The request had no effect."""


class ServerError(ApiError):
    """A 5xx (or 408), from ngrok or from something before it. A write may have had its effect."""


def api_error(
    what: str, status: int, body: Any, settings: Settings, retry_after: float | None = None
) -> ApiError | None:
    """Makes the error for an answer, or returns None where it is not in ngrok's error shape.

    Args:
        what: what was tried, such as ``GET /backends/tunnel_group``.
        body: the parsed JSON body, or None.
        settings: those of the account: its API key and anything like it is redacted from ngrok's message.
    """
    if not isinstance(body, dict) or not isinstance(body.get("msg"), str) or "error_code" not in body:
        return None
    found = re.fullmatch(r"ERR_NGROK_(\d+)", str(body["error_code"] or ""))
    code = int(found[1]) if found else 0
    details = body.get("details")
    operation = details.get("operation_id") if isinstance(details, dict) else None
    facts = [f"ERR_NGROK_{code}" if code else "", f"HTTP {status}", f"operation {operation}" if operation else ""]
    said = _one_line(redact(body["msg"], settings.api_key))
    line = f"{what}: ngrok says: {said} ({_one_line(', '.join(filter(None, facts)))})"
    if advice := _ADVICE.get(code):
        line = f"{line}. {advice.format(namespace=settings.namespace)}."
    return _kind(status, code)(line, status, code, retry_after)


def _kind(status: int, code: int) -> type[ApiError]:
    if code in _LIMITS or (status == 429 and code != _ACCOUNT_FULL):
        return Limited
    if status >= 500 or status == 408:
        return ServerError
    if status == 404 and code and code not in _NEVER_GONE:
        return NotFound
    return ApiError


def redact(text: str, secret: str) -> str:
    """Removes every word that holds eight characters in a row of the API key, and any credential ngrok quotes."""
    pieces = {secret[start : start + 8] for start in range(max(len(secret) - 7, 1))}
    text = re.sub(r"\S+", lambda word: "[redacted]" if any(piece in word[0] for piece in pieces) else word[0], text)
    return re.sub(r"(?i)\byour (credential|authentication|key): \S+", r"Your \1: [redacted].", text)


def _one_line(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip().rstrip(".")[:500]
