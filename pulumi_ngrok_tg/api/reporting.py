"""Where progress and warnings go."""

from typing import Protocol


class Reporter(Protocol):
    """Reports progress and warnings to the user, a line at a time, from any thread. No line holds an API key."""

    def debug(self, line: str) -> None:
        """Report one HTTP request and its outcome."""

    def status(self, line: str) -> None:
        """Report what this thread waits for; the line matters only until the wait ends."""

    def info(self, line: str) -> None:
        """Report what the user may want to know after the operation, too."""

    def warn(self, line: str) -> None:
        """Report what the user has to act on."""
