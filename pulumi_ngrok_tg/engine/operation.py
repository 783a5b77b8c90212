"""What is known of one operation of the engine."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from pulumi_ngrok_tg.rules.adopt_identical import IdenticalBackends
from pulumi_ngrok_tg.rules.facts import Facts


class Operation:
    """What is known of one operation of the engine so far; safe to share between threads.

    The engine may delete a backend that a resource of another name needs: after a rename without an alias, or while an
    earlier delete is pending. So this notes which resource has which backend.
    """

    def __init__(self) -> None:
        self.declared: dict[str, Facts] = {}
        """What the program says of each resource that was checked, by URN; it declares these and no others."""
        self.deleted: set[str] = set()
        """The ids of the deleted backends."""
        self._lock = threading.Lock()
        self._indexing = threading.Lock()
        self._indexes: dict[str | None, IdenticalBackends] = {}
        self._counts: Counter[str] = Counter()
        self._first_delete: float | None = None
        self._adopted: dict[str, str] = {}
        self._kept: dict[str, str] = {}

    def find_facts(self, urn: str) -> Facts:
        """Return what the program says of a resource."""
        return self.declared.get(urn, Facts())

    def adopt(self, id_: str, urn: str) -> str | None:
        """Note that a resource adopts a backend; return the URN of another resource that already has it, or None."""
        with self._lock:
            other = self._kept.get(id_) or self._adopted.setdefault(id_, urn)
        return other if other != urn else None

    def index(self, account: str | None, make: Callable[[], IdenticalBackends]) -> IdenticalBackends:
        """Return an account's backends by their contents, made once."""
        with self._indexing:
            if account not in self._indexes:
                self._indexes[account] = make()
            return self._indexes[account]

    def count(self, kind: str) -> int:
        """Return how often this was called for a kind of lines."""
        with self._lock:
            self._counts[kind] += 1
            return self._counts[kind]

    def begin_delete(self) -> float:
        """Return when this was first called, by the monotonic clock: what deletes share is no older."""
        with self._lock:
            self._first_delete = self._first_delete or time.monotonic()
            return self._first_delete

    def keep(self, id_: str, urn: str) -> None:
        """Note that a resource of the program has a backend and keeps it."""
        with self._lock:
            self._kept.setdefault(id_, urn)

    def release(self, urn: str) -> None:
        """Note that a resource keeps its backend no more: the engine is about to replace it."""
        with self._lock:
            self._kept = {id_: other for id_, other in self._kept.items() if other != urn or not urn}

    def find_other(self, id_: str, urn: str) -> str | None:
        """Return the URN of the other resource that still needs this backend, or None.

        A backend that was adopted in this operation is never deleted in it, not even for the resource that adopted it:
        that delete would be for what the resource had before.
        """
        with self._lock:
            adopted, kept = self._adopted.get(id_), self._kept.get(id_)
        return adopted if adopted is not None else (kept if kept != urn else None)
