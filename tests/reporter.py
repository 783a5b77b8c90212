"""Hears what a client tells."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Heard:
    """Every line, by kind."""

    debugs: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    on_status: Callable[[], None] = lambda: None

    def debug(self, line: str) -> None:
        self.debugs.append(line)

    def status(self, line: str) -> None:
        self.statuses.append(line)
        self.on_status()

    def info(self, line: str) -> None:
        self.infos.append(line)

    def warn(self, line: str) -> None:
        self.warnings.append(line)
