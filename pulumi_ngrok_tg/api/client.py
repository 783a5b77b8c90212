"""The calls on tunnel group backends, and a look at the tunnels online."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pulumi_ngrok_tg.api.creation import Creations
from pulumi_ngrok_tg.api.diagnosis import one_line, redact
from pulumi_ngrok_tg.api.errors import ConnectionFailed, InvalidId, NotApplied, NotFound, UnexpectedResponse
from pulumi_ngrok_tg.api.inventory import Inventory
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import BACKENDS, TUNNELS, Backend, Collection, Contents, Item, Tunnel, is_id
from pulumi_ngrok_tg.api.online import OnlineTunnels
from pulumi_ngrok_tg.api.patience import Patience
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.api.retrying import Requests
from pulumi_ngrok_tg.api.settings import Settings

COLLECTION = BACKENDS.path


class Client:
    """The API of one account; safe to share between threads. Every call may raise a ``NgrokError``.

    Args:
        settings: how to reach the account.
        reporter: hears what the user should know of while a call goes on.
    """

    def __init__(self, settings: Settings, reporter: Reporter) -> None:
        self._settings = settings
        self._requests = Requests(settings, reporter)
        self.start_over()
        self._creations = Creations(
            self._post,
            lambda: self._listing(BACKENDS),
            lambda: self._requests.clock_offset,
            settings,
            reporter,
        )
        # Its head and its body have half of the time each.
        half = settings.look_seconds / 2
        hasty = replace(settings, max_attempts=1, connect_timeout=half, read_timeout=min(half, settings.read_timeout))
        looks = Requests(hasty, reporter, beside=self._requests)
        self._tunnels = replace(TUNNELS, read=self._tunnel)
        self._online = OnlineTunnels(lambda once: self._listing(self._tunnels, looks, once), settings)

    def get(self, id_: str) -> Backend:
        """Fetches a backend with one GET.

        Raises:
            NotFound: ngrok itself says that there is none.
        """
        return self._get(id_, self._patience())

    def read(self, id_: str) -> Backend:
        """Returns a backend as :meth:`get` does, in as few requests as reading many of them allows."""
        _path(id_)
        return self._inventory.read(id_, self._patience())

    def all(self) -> list[Backend]:
        """Returns every backend of the account, newest first, in no more requests than :meth:`read` has left to do."""
        return self._inventory.all(self._patience())

    def start_over(self) -> None:
        """Has :meth:`read` and :meth:`all` see the account as it is from now on."""
        self._inventory = Inventory(self._get, self._listing(BACKENDS))

    def pages(self) -> Iterator[tuple[Backend, ...]]:
        """Yields the account's backends, newest first, a page of up to 100 at a time."""
        patience, listing = self._patience(), self._listing(BACKENDS)
        while not listing.ended:
            yield listing.next_page(patience)

    def tunnels(self) -> list[Tunnel]:
        """Returns every tunnel online, newest first."""
        patience, listing = self._patience(), self._listing(self._tunnels)
        found: dict[str, Tunnel] = {}
        while not listing.ended:
            found.update((tunnel.id, tunnel) for tunnel in listing.next_page(patience))
        return list(found.values())

    def look_at_tunnels(self, patiently: bool) -> tuple[Tunnel, ...]:
        """Returns every tunnel online as the first such look has found them: one listing, for all who ask.

        A look is for advice: it goes within ngrok's limits, but however it ends, it holds nothing else up. It asks
        once for each page and is given up after ``look_seconds``.

        Args:
            patiently: whether it may wait for ngrok's limits as long as any call, and ask again after them.
        """
        return self._online.all(patiently)

    def shown(self, said: str) -> str:
        """Returns what a server or an agent says as one line that does not hold the key."""
        return one_line(redact(said, self._settings.api_key))

    def create(self, contents: Contents) -> Backend:
        """Creates a backend, once; see :mod:`pulumi_ngrok_tg.api.creation`.

        Raises:
            FateUnknown: one may have been created, and it could not be found out.
        """
        backend = self._creations.create(contents, self._patience())
        self._inventory.keep(backend)
        return backend

    def update(self, id_: str, patch: Contents) -> Backend:
        """Changes what ``patch`` holds and returns the backend as it is then.

        Raises:
            NotApplied: ngrok reported success, but kept other values.
        """
        path = _path(id_)
        self._inventory.forget(id_)
        backend = self._backend(id_, "PATCH", self._patience(), body=patch)
        self._inventory.keep(backend)
        now: Mapping[str, object] = backend.contents
        if kept := [name for name, value in patch.items() if now[name] != value]:
            raise NotApplied(f"PATCH {path}: ngrok reported success but did not change {', '.join(kept)}.")
        return backend

    def delete(self, id_: str) -> None:
        """Deletes a backend.

        Raises:
            NotFound: ngrok itself says that there is none.
            UnexpectedResponse: a success with a body, which ngrok's has not.
        """
        path = _path(id_)
        self._inventory.forget(id_)
        try:
            if self._requests.send("DELETE", path, self._patience()) is not None:
                raise UnexpectedResponse(f"DELETE {path}: the response is not a delete's, as it has a body.")
        except NotFound as error:
            if not error.after_lost:  # else it was there, and our own first attempt has deleted it
                raise

    def _tunnel(self, request: str, body: Any) -> Tunnel:
        """Reads a tunnel, once for all who look; its name and its upstream are anybody's words."""
        tunnel = Tunnel.from_json(request, body)
        return replace(tunnel, id=self.shown(tunnel.id), forwards_to=self.shown(tunnel.forwards_to))

    def _post(self, body: Contents, patience: Patience) -> Backend:
        response = self._requests.send("POST", COLLECTION, patience, body=body, creates=True)
        try:
            return Backend.from_json(f"POST {COLLECTION}", response)
        except UnexpectedResponse as error:
            raise ConnectionFailed(str(error), arrived=True) from error

    def _get(self, id_: str, patience: Patience) -> Backend:
        return self._backend(id_, "GET", patience)

    def _backend(self, id_: str, method: str, patience: Patience, body: Contents | None = None) -> Backend:
        """Sends a request about a backend whose response is the backend itself."""
        path = _path(id_)
        backend = Backend.from_json(f"{method} {path}", self._requests.send(method, path, patience, body=body))
        if backend.id != id_:
            raise UnexpectedResponse(f"{method} {path}: the response is about {backend.id}.")
        return backend

    def _listing(
        self, collection: Collection[Item], requests: Requests | None = None, once: bool = False
    ) -> Listing[Item]:
        sender = requests or self._requests
        return Listing(
            lambda path, patience: sender.send("GET", path, patience, once=once), self._settings.base_url, collection
        )

    def _patience(self) -> Patience:
        return Patience(self._settings.max_wait_seconds)


def _path(id_: str) -> str:
    """Returns the path of a backend. Only an id enters a path: anything else could lead to other objects."""
    if not is_id(id_):
        raise InvalidId(f"{id_!r} is not the id of a tunnel group backend, which is bkdtg_ and letters and digits.")
    return f"{COLLECTION}/{id_}"
