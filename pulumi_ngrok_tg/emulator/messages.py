"""HTTP requests and responses, as those see them who know nothing of sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

StatusAndBody = tuple[int, Any]
"""The status of a response, and its JSON body; None where it has none."""


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
    """The body; None where it did not arrive whole, or is larger than 8 MiB."""

    @property
    def content_type(self) -> str:
        """The media type of the body, in lower case and without parameters; "" where none is named."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


class Ending(Enum):
    """What becomes of the connection."""

    KEPT = auto()
    CLOSED_AFTER = auto()
    """It is closed once the response has left, without a word of it in the response."""
    HALF = auto()
    """It is closed in the middle of the response's body."""
    CLOSED = auto()
    """It is closed instead of a response."""
    RESET = auto()
    """It is reset instead of a response."""


@dataclass
class HttpResponse:
    """A response to send, and how its connection goes on. Date and framing headers are added."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    ending: Ending = Ending.KEPT
