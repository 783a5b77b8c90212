"""The log of API requests: what ngrok would have seen."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

_MAX_SIZE = 64 * 2**20  # bytes in all: of what was received, and a lump sum for each entry
_MAX_CONTENT = 64 * 2**10  # bytes of one body
_ENTRY = 1024  # bytes that an entry takes beside its texts, roughly


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


class Log(Sequence[Request]):
    """The API requests so far, in the order of the responses; the oldest are forgotten where 64 MiB do not hold all."""

    def __init__(self) -> None:
        self._requests: list[Request] = []
        self._size = 0
        self._lock = threading.Lock()

    def add(self, request: Request) -> None:
        """Appends a request; its body is kept up to a size."""
        if request.content is not None and len(request.content) > _MAX_CONTENT:
            request = replace(request, content=None)
        with self._lock:
            self._requests.append(request)
            self._size += _size(request)
            forgotten = 0
            while self._size > _MAX_SIZE:
                self._size -= _size(self._requests[forgotten])
                forgotten += 1
            del self._requests[:forgotten]

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._requests.clear()
            self._size = 0

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[Request]:
        return iter(self._requests[:])

    def __eq__(self, other: object) -> bool:
        return self._requests == (other._requests if isinstance(other, Log) else other)

    def __repr__(self) -> str:
        return repr(self._requests)

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> list[Request]: ...
    def __getitem__(self, index: int | slice) -> Request | list[Request]:
        return self._requests[index]


def _size(request: Request) -> int:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    return _ENTRY + headers + len(request.path) + len(request.query) + len(request.content or b"")
