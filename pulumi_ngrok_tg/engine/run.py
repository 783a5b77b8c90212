"""What one operation of the engine has shown so far."""

from pulumi_ngrok_tg.engine.holders import Holders
from pulumi_ngrok_tg.rules import replaced


class Run:
    """What one operation of the engine has shown so far."""

    def __init__(self) -> None:
        self.holders = Holders()
        self.declared: set[str] = set()
        """The URNs of the resources that were checked: those that the program declares."""
        self.replaced: dict[str, replaced.Held] = {}
        """What is about to be replaced, by URN."""
        self.refusing: set[str] = set()
        """The URNs of the resources of which the program says that a loss of traffic is refused."""
        self.deleted: set[str] = set()
        """The ids of what was deleted."""
        self.adopting: set[str] = set()
        """The URNs of what adopts a backend."""
