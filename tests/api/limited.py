"""What the tests of limits share."""

from pulumi_ngrok_tg.api.errors import Limited, NgrokError
from pulumi_ngrok_tg.api.limits import (
    Limits,
)
from pulumi_ngrok_tg.api.settings import AccountSettings

SETTINGS = AccountSettings("key", backoff=0.4, rate_limit=10, max_concurrency=4)


def limits() -> Limits:
    return Limits(SETTINGS, jitter=lambda: 1.0)


def limited(code: int, retry_after: float | None = None) -> Limited:
    return Limited("limited", 429, code, retry_after)


def send(known: Limits, now: float, error: NgrokError | None = None, creates: bool = False) -> None:
    """One request, alone."""
    known.end(known.begin(creates), now, error)
