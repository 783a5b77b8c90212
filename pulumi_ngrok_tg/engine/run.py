"""What is known of one operation of the engine."""

from pulumi_ngrok_tg.engine.holders import Holders
from pulumi_ngrok_tg.rules import replaced


class Run:
    """What is known of one operation of the engine so far."""

    def __init__(self) -> None:
        self.holders = Holders()
        self.declared: set[str] = set()
        """The URNs of the resources that were checked, which are those that the program declares."""
        self.replaced: dict[str, replaced.Held] = {}
        """The backends that will be replaced, by URN."""
        self.refusing: set[str] = set()
        """The URNs of the resources for which the program says that onTrafficLoss is ``refuse``."""
        self.deleted: set[str] = set()
        """The ids of the deleted backends."""
        self.adopting: set[str] = set()
        """The URNs of the resources that adopt a backend."""
