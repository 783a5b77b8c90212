"""The log of API requests: what ngrok would have seen."""

import json
from dataclasses import dataclass, replace
from typing import Any

_KEPT = 10_000
_MAX_CONTENT = 64 * 2**10  # bytes of one body


@dataclass(frozen=True)
class Request:
    """One API request as it arrived: for asserting what ngrok would have seen."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    content: bytes | None
    """The body; None where it did not arrive whole, or is larger than the log keeps (64 KiB)."""
    status: int | None
    """The status of the response; None when the connection was dropped."""
    arrived: float
    """When it arrived, in seconds of the monotonic clock of the emulator's process."""
    ended: float
    """When its response was ready to leave, by the same clock."""

    @property
    def body(self) -> Any:
        """The JSON of the body; None where there is none."""
        try:
            return json.loads(self.content or b"")
        except (ValueError, RecursionError):
            return None


class Log(list[Request]):
    """The API requests so far, in the order of the responses; the oldest are forgotten beyond 10,000."""

    def add(self, request: Request) -> None:
        """Append a request; its body is kept up to a size."""
        if request.content is not None and len(request.content) > _MAX_CONTENT:
            request = replace(request, content=None)
        self.append(request)
        del self[:-_KEPT]

    def take(self) -> "Log":
        """Return the requests so far and forget them, so that the next look shows only what came after."""
        taken = Log(self)
        del self[: len(taken)]
        return taken

    @property
    def methods(self) -> list[str]:
        """The HTTP methods of the requests."""
        return [request.method for request in self]

    @property
    def writes(self) -> list[str]:
        """The HTTP methods of the requests that change something."""
        return [method for method in self.methods if method != "GET"]
