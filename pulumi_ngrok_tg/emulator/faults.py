"""What can go wrong on purpose: faults for chosen requests, and ngrok's two limits."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class Fault:
    """What happens to the next ``times`` API requests that match.

    A fault without ``status`` and ``drop`` lets the request through and alters its response. ``times`` is None for
    "until the faults are cleared"; ``skip`` lets that many matching requests pass first.
    """

    method: str | None = None
    """HTTP method to match, such as ``POST``; None is any."""
    path: str | None = None
    """How the path must end, such as ``tunnel_group`` for LIST and create; None is any."""
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    """Respond with this status instead of handling the request."""
    handled: bool = False
    """With ``status``: handle the request first."""
    error_code: int | None = None
    """With ``status``: respond in ngrok's error format with this ERR_NGROK code."""
    message: str = "The emulator was told to fail."
    body: str | None = None
    """The raw body: of the response with ``status``, or in place of the real one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: Literal["before", "after"] | None = None
    """Reset the connection before the request is handled, or after it is but before its response."""
    truncate: bool = False
    """Send half of the response, then reset the connection."""
    hang: float = 0.0
    """Seconds to wait, after the request is handled, before its response leaves."""
    stall: float = 0.0
    """Seconds to wait before the request is handled; it is handled even when the client has left."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields to put over those of a JSON response."""
    hide: tuple[str, ...] = ()
    """Ids that LIST leaves out."""

    def take(self, method: str, path: str) -> bool:
        """Tells whether this fault befalls the request, and counts it."""
        if self.times == 0 or (self.method or method) != method or not path.endswith(self.path or ""):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class RateLimit:
    """ngrok's limit: ``requests`` within any ``seconds``; beyond it ERR_NGROK_226."""

    requests: int = 120
    seconds: float = 60.0
    retry_after: str | None = None
    """The Retry-After header of the error; ngrok promises none."""
    accepted: deque[float] = field(default_factory=deque, repr=False)

    def admit(self) -> bool:
        """Counts a request and returns True, or returns False where it is one too many."""
        now = time.monotonic()
        while self.accepted and self.accepted[0] <= now - self.seconds:
            self.accepted.popleft()
        if len(self.accepted) >= self.requests:
            return False
        self.accepted.append(now)
        return True
