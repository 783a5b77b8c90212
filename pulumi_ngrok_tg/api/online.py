"""The tunnels online, looked at once for all who ask: what they are for helps people, and nothing waits for it long."""

import threading
import time
from collections.abc import Callable

from pulumi_ngrok_tg.api.errors import GaveUp, NgrokError
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import Tunnel
from pulumi_ngrok_tg.api.patience import Patience
from pulumi_ngrok_tg.api.settings import Settings


class OnlineTunnels:
    """What one listing of the account's tunnels has shown; safe to share between threads.

    Args:
        listing: begins the listing.
        settings: how long it may take.
    """

    def __init__(self, listing: Callable[[], Listing[Tunnel]], settings: Settings) -> None:
        self._listing = listing
        self._seconds = settings.look_seconds
        self._max_wait = min(settings.look_seconds, settings.max_wait_seconds)
        self._lock = threading.Lock()
        self._seen: tuple[Tunnel, ...] | None = None
        self._failure: NgrokError | None = None

    def all(self) -> tuple[Tunnel, ...]:
        """Returns every tunnel online, newest first: lists them at first use, and never again.

        Raises:
            NgrokError: they could not be listed, whoever has tried.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._seen is None:
                try:
                    self._seen = self._list()
                except NgrokError as error:
                    self._failure = error
                    raise
            return self._seen

    def _list(self) -> tuple[Tunnel, ...]:
        listing, patience, began = self._listing(), Patience(self._max_wait), time.monotonic()
        found: dict[str, Tunnel] = {}
        while not listing.ended:
            if time.monotonic() - began > self._seconds:
                raise GaveUp(f"The tunnels online were not all listed within {self._seconds:g} s.")
            found.update((tunnel.id, tunnel) for tunnel in listing.next_page(patience))
        return tuple(found.values())
