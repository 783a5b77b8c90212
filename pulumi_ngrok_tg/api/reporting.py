"""What the client tells while calls go on, and whom."""

from typing import Protocol


class Reporter(Protocol):
    """Hears, in single lines and from any thread, what goes on. No line holds a key or a header."""

    def debug(self, line: str) -> None:
        """Hears of one HTTP request and its outcome."""

    def status(self, line: str) -> None:
        """Hears what the call of this thread waits for: of interest until the call goes on."""

    def warn(self, line: str) -> None:
        """Hears what the user has to look after."""
