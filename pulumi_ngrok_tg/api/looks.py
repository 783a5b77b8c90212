"""What an account shows right before a change: its backends and the tunnels online, asked once for all who look."""

import threading
import time
from collections.abc import Callable

from pulumi_ngrok_tg.api.errors import GaveUp, NgrokError
from pulumi_ngrok_tg.api.inventory import Inventory
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.api.patience import Patience


class Looks:
    """The looks at one account; safe to share between threads.

    Args:
        inventory: begins to read the account's backends anew.
        listing: begins a listing of its tunnels.
        seconds: how long a listing of the tunnels may take, waits for ngrok's limits not counted.
    """

    def __init__(
        self, inventory: Callable[[], Inventory], listing: Callable[[], Listing[Tunnel]], seconds: float
    ) -> None:
        self._make_inventory = inventory
        self._make_listing = listing
        self._seconds = seconds
        self._lock = threading.Lock()
        self._inventory: Inventory | None = None
        self._inventory_at = 0.0
        self._listing_lock = threading.Lock()
        self._tunnels: tuple[Tunnel, ...] | NgrokError | None = None
        self._tunnels_at = 0.0

    def backend(self, id_: str, patience: Patience, max_age: float) -> Backend:
        """Returns a backend as it was at most ``max_age`` seconds ago.

        Raises:
            NgrokError: it could not be read.
        """
        with self._lock:
            if self._inventory is None or time.monotonic() - self._inventory_at > max_age:
                self._inventory, self._inventory_at = self._make_inventory(), time.monotonic()
            inventory = self._inventory
        return inventory.read(id_, patience)

    def tunnels(self, patience: Patience, max_age: float) -> tuple[Tunnel, ...]:
        """Returns every tunnel online, newest first, as they were at most ``max_age`` seconds ago.

        Raises:
            NgrokError: they could not be listed, by whomever.
        """
        patience.acquire(self._listing_lock)
        try:
            if self._tunnels is None or time.monotonic() - self._tunnels_at > max_age:
                try:
                    self._tunnels = self._list(patience)
                except NgrokError as error:
                    self._tunnels, self._tunnels_at = error, time.monotonic()
            if isinstance(self._tunnels, NgrokError):
                raise self._tunnels
            return self._tunnels
        finally:
            self._listing_lock.release()

    def _list(self, patience: Patience) -> tuple[Tunnel, ...]:
        listing, began, waited = self._make_listing(), time.monotonic(), patience.spent
        found: dict[str, Tunnel] = {}
        at = 0.0  # when the first page came: the others may have waited for a limit
        for page in listing.read_pages(patience):
            found.update((tunnel.id, tunnel) for tunnel in page)
            at = at or time.monotonic()
            taken = time.monotonic() - began - (0 if patience.advisory else patience.spent - waited)
            if taken > self._seconds and not listing.ended:
                raise GaveUp(f"The tunnels online were not all listed within {self._seconds:g} s.")
        self._tunnels_at = at
        return tuple(found.values())
