"""The log of API requests."""

import json
from dataclasses import dataclass
from typing import Any

_KEPT = 10_000


@dataclass(frozen=True)
class Request:
    """One API request as it arrived, for assertions about what ngrok would have received."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    content: bytes | None
    """The body; None if it did not arrive whole."""
    status: int | None
    """The status of the response; None when the connection was dropped."""
    arrived: float
    """When it arrived, in seconds of the monotonic clock of the emulator's process."""
    ended: float
    """When its response was ready to leave, by the same clock."""

    @property
    def body(self) -> Any:
        """The JSON of the body; None if there is none."""
        try:
            return json.loads(self.content or b"")
        except (ValueError, RecursionError):
            return None


class Log(list[Request]):
    """The last 10,000 API requests, in the order of the responses."""

    def add(self, request: Request) -> None:
        """Append a request, and drop the oldest if there are too many."""
        self.append(request)
        del self[:-_KEPT]

    def take(self) -> "Log":
        """Return the requests so far and remove them from the log."""
        taken = Log(self)
        del self[: len(taken)]
        return taken

    @property
    def methods(self) -> list[str]:
        """The HTTP methods of the requests."""
        return [request.method for request in self]

    @property
    def writes(self) -> list[str]:
        """The HTTP methods of the requests other than GET."""
        return [method for method in self.methods if method != "GET"]
