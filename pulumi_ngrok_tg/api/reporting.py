"""Who is told what goes on, and in which severity."""

from typing import Protocol


class Reporter(Protocol):
    """Hears, in single lines and from any thread, what goes on. No line holds a key or a header."""

    def debug(self, line: str) -> None:
        """Hear of one HTTP request and its outcome."""

    def status(self, line: str) -> None:
        """Hear what the call of this thread waits for: of interest until the call goes on."""

    def info(self, line: str) -> None:
        """Hear what is good to know once it is all over."""

    def warn(self, line: str) -> None:
        """Hear what the user has to look after."""
