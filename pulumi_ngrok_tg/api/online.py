"""The tunnels online, looked at once for all who ask."""

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
        listing: begins the listing; whether each page is asked for once only.
        settings: how long it may take, and wait.
    """

    def __init__(self, listing: Callable[[bool], Listing[Tunnel]], settings: Settings) -> None:
        self._listing = listing
        self._settings = settings
        self._lock = threading.Lock()
        self._seen: tuple[Tunnel, ...] | None = None
        self._failure: NgrokError | None = None

    def all(self, patiently: bool) -> tuple[Tunnel, ...]:
        """Returns every tunnel online, newest first: lists them at first use, and never again.

        Args:
            patiently: whether to wait for ngrok's limits as long as any call may; else all in all ``look_seconds``.

        Raises:
            NgrokError: they could not be listed, whoever has tried.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._seen is None:
                try:
                    self._seen = self._list(patiently)
                except NgrokError as error:
                    self._failure = error
                    raise
            return self._seen

    def _list(self, patiently: bool) -> tuple[Tunnel, ...]:
        seconds, longest = self._settings.look_seconds, self._settings.max_wait_seconds
        patience = Patience(longest if patiently else min(seconds, longest))
        listing, began = self._listing(not patiently), time.monotonic()
        found: dict[str, Tunnel] = {}
        while not listing.ended:
            waited = patience.spent if patiently else 0.0
            if time.monotonic() - began - waited > seconds:
                raise GaveUp(f"The tunnels online were not all listed within {seconds:g} s.")
            found.update((tunnel.id, tunnel) for tunnel in listing.next_page(patience))
        return tuple(found.values())
