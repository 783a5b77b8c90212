"""HTTP requests and responses as values, without sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

StatusAndBody = tuple[int, Any]
"""The status of a response, and its JSON body; None if it has none."""


@dataclass(frozen=True)
class HttpRequest:
    """A request as it arrived."""

    method: str
    path: str
    """Percent-decoded, without the query."""
    query: str
    """As it came, without the question mark."""
    headers: Mapping[str, str]
    """Names are in title case, such as ``Ngrok-Version``."""
    content: bytes | None
    """The body; None if it did not arrive whole."""

    @property
    def content_type(self) -> str:
        """The media type of the body, in lower case and without parameters; "" if none is named."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


class Ending(Enum):
    """What happens to the connection."""

    KEPT = auto()
    CLOSED_AFTER = auto()
    """It is closed after the response, which does not announce it."""
    HALF = auto()
    """It is closed in the middle of the response's body."""
    CLOSED = auto()
    """It is closed instead of a response."""
    RESET = auto()
    """It is reset instead of a response."""


@dataclass
class HttpResponse:
    """A response to send, and what happens to its connection. The server adds Date and the headers of the length."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    ending: Ending = Ending.KEPT
