"""What is known of one operation of the engine."""

import threading

from pulumi_ngrok_tg.rules import replaced


class Holders:
    """Which resource holds which backend, as far as known in one operation; safe to share between threads.

    The engine may delete a backend that a resource of another name holds: after a rename without an alias, or while an
    earlier delete is pending.
    """

    def __init__(self) -> None:
        self._holders: dict[str, tuple[str, bool]] = {}
        self._lock = threading.Lock()

    def adopt(self, id_: str, urn: str) -> str | None:
        """Note that a resource adopts a backend; return the URN of another resource that already holds it, or None."""
        with self._lock:
            holder, _ = self._holders.setdefault(id_, (urn, True))
        return holder if holder != urn else None

    def keep(self, id_: str, urn: str) -> None:
        """Note that a resource of the program holds a backend and keeps it."""
        with self._lock:
            self._holders.setdefault(id_, (urn, False))

    def find_other(self, id_: str, urn: str) -> str | None:
        """Return the URN of the other resource that still needs this backend, or None."""
        with self._lock:
            holder, adopted = self._holders.get(id_, ("", False))
        return holder if adopted or (holder and holder != urn) else None


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
