"""What an account holds right before a change: backends, tunnels online, references; fetched once for all callers."""

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Protocol

from pulumi_ngrok_tg.api.errors import GaveUp, NgrokError
from pulumi_ngrok_tg.api.inventory import Inventory
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import BACKENDS, Backend, Collection, Item, Tunnel
from pulumi_ngrok_tg.api.patience import Patience
from pulumi_ngrok_tg.api.references import References, list_references

_MOST = 2000
"""Backends that an advisory listing reads: ten times what a large user has."""


class MakeListing(Protocol):
    """Begins a listing."""

    def __call__(self, collection: Collection[Item]) -> Listing[Item]:
        """Return a listing of the collection that has fetched nothing yet."""


class Snapshots:
    """Recent listings of one account; safe to share between threads.

    Args:
        inventory: returns an inventory of the account's backends that has read nothing yet.
        listing: begins a listing.
        tunnels: the collection of the tunnels.
        seconds: how long a listing may take, without the waits for ngrok's limits.
    """

    def __init__(
        self, inventory: Callable[[], Inventory], listing: MakeListing, tunnels: Collection[Tunnel], seconds: float
    ) -> None:
        self._make_inventory = inventory
        self._make_listing = listing
        self._tunnel_collection = tunnels
        self._seconds = seconds
        self._lock = threading.Lock()
        self._inventory: Inventory | None = None
        self._inventory_at = 0.0
        self._listing_lock = threading.Lock()
        self._tunnels: tuple[Tunnel, ...] | NgrokError | None = None
        self._tunnels_at = 0.0
        self._backends_lock = threading.Lock()
        self._backends: tuple[Backend, ...] | None = None
        self._references_lock = threading.Lock()
        self._references: dict[tuple[str, ...], References] = {}

    def read_backend(self, id_: str, patience: Patience, max_age: float) -> Backend:
        """Return a backend as it was at most ``max_age`` seconds ago.

        Raises:
            NgrokError: it could not be read.
        """
        with self._lock:
            if self._inventory is None or time.monotonic() - self._inventory_at > max_age:
                self._inventory, self._inventory_at = self._make_inventory(), time.monotonic()
            inventory = self._inventory
        return inventory.read(id_, patience)

    def list_tunnels(self, patience: Patience, max_age: float) -> tuple[Tunnel, ...]:
        """Return every tunnel online, newest first, as they were at most ``max_age`` seconds ago.

        Raises:
            NgrokError: this call, or an earlier one at most ``max_age`` seconds ago, could not list them.
        """
        patience.acquire(self._listing_lock)
        try:
            if self._tunnels is None or time.monotonic() - self._tunnels_at > max_age:
                try:
                    found, self._tunnels_at = self._read(self._tunnel_collection, patience)
                    self._tunnels = tuple({tunnel.id: tunnel for tunnel in found}.values())
                except NgrokError as error:
                    self._tunnels, self._tunnels_at = error, time.monotonic()
            if isinstance(self._tunnels, NgrokError):
                raise self._tunnels
            return self._tunnels
        finally:
            self._listing_lock.release()

    def list_backends(self, patience: Patience) -> tuple[Backend, ...]:
        """Return the account's newest backends, from the first listing; none if that failed."""
        patience.acquire(self._backends_lock)
        try:
            if self._backends is None:
                try:
                    self._backends = tuple(self._read(BACKENDS, patience, most=_MOST)[0])
                except NgrokError:
                    self._backends = ()
            return self._backends
        finally:
            self._backends_lock.release()

    def list_references(self, kinds: tuple[str, ...], patience: Patience, clean: Callable[[str], str]) -> References:
        """Return what refers to the account's backends, from the first listing of these kinds.

        Args:
            kinds: what to list.
            patience: how long it may take; waits for ngrok's limits count if it is advisory.
            clean: returns a text from the server as one line without the API key.
        """
        patience.acquire(self._references_lock)
        try:
            if kinds not in self._references:
                began = time.monotonic()
                found = list_references(lambda kind: self._read(kind, patience, began)[0], clean, kinds)
                self._references[kinds] = found
            return self._references[kinds]
        finally:
            self._references_lock.release()

    def _read(
        self, collection: Collection[Item], patience: Patience, began: float | None = None, most: float = inf
    ) -> tuple[list[Item], float]:
        """Return what a list holds, and when its first page came; later pages may have waited for a limit.

        It reads no further page once it has ``most`` objects.

        Raises:
            GaveUp: it took too long, counted from ``began`` or from now.
        """
        listing, waited = self._make_listing(collection), patience.spent
        began = time.monotonic() if began is None else began
        if time.monotonic() - began > self._seconds:
            raise GaveUp(f"{collection.title} were not listed within {self._seconds:g} s.")
        found: list[Item] = []
        at = 0.0
        for page in listing.read_pages(patience):
            found += page
            at = at or time.monotonic()
            if len(found) >= most:
                break
            taken = time.monotonic() - began - (0 if patience.advisory else patience.spent - waited)
            if taken > self._seconds and not listing.ended:
                raise GaveUp(f"{collection.title} were not all listed within {self._seconds:g} s.")
        return found, at
