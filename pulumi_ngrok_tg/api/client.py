"""The calls on tunnel group backends, and the lists of what uses them: tunnels, edges, other backends."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pulumi_ngrok_tg.api.cancellation import Cancellation
from pulumi_ngrok_tg.api.creation import Creations
from pulumi_ngrok_tg.api.errors import (
    ConnectionFailed,
    InvalidId,
    NotApplied,
    NotFound,
    Unreadable,
)
from pulumi_ngrok_tg.api.inventory import Inventory
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import (
    BACKENDS,
    TUNNELS,
    Backend,
    Collection,
    Contents,
    Item,
    Tunnel,
    is_id,
)
from pulumi_ngrok_tg.api.patience import Patience
from pulumi_ngrok_tg.api.references import BACKENDS_ONLY, LISTS, References, list_references
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.api.responses import redact
from pulumi_ngrok_tg.api.retrying import Requests
from pulumi_ngrok_tg.api.settings import AccountSettings
from pulumi_ngrok_tg.api.snapshots import Snapshots
from pulumi_ngrok_tg.api.text import to_line

COLLECTION = BACKENDS.path


class Client:
    """The API of one account; safe to share between threads. Every call may raise a ``NgrokError``.

    Args:
        settings: how to reach the account.
        reporter: gets what the user should know while a call runs.
        cancellation: ends all waiting, and prevents new requests.
    """

    def __init__(self, settings: AccountSettings, reporter: Reporter, cancellation: Cancellation | None = None) -> None:
        self._settings = settings
        self._cancellation = cancellation or Cancellation()
        self._requests = Requests(settings, reporter, self._cancellation)
        self.start_over()
        self._creations = Creations(
            self._post,
            lambda: self._listing(BACKENDS),
            lambda: self._requests.clock_offset,
            settings,
            reporter,
        )
        self._tunnels = replace(TUNNELS, read=self._tunnel)
        self._snapshots = Snapshots(self._new_inventory, self._listing, self._tunnels, settings.snapshot_seconds)

    def get(self, id_: str) -> Backend:
        """Fetch a backend with one GET.

        Raises:
            NotFound: there is none.
        """
        return self._get(id_, self._patience())

    def read(self, id_: str) -> Backend:
        """Return a backend as :meth:`get` does, with few requests if many are read."""
        _require_id(id_)
        return self._inventory.read(id_, self._patience())

    def expect_reads(self, count: int) -> None:
        """Announce that many calls of :meth:`read`, so that it lists backends instead of fetching them one by one."""
        self._inventory.expect(count)

    def list_all(self) -> list[Backend]:
        """Return every backend of the account, newest first; fetch only the pages that :meth:`read` has not fetched."""
        return self._inventory.read_all(self._patience())

    def start_over(self) -> None:
        """Forget what :meth:`read` and :meth:`list_all` have fetched, so that they fetch it again."""
        self._inventory = self._new_inventory()

    def read_pages(self) -> Iterator[tuple[Backend, ...]]:
        """Yield the account's backends, newest first, in pages of up to 100."""
        return self._listing(BACKENDS).read_pages(self._patience())

    def list_tunnels(self) -> list[Tunnel]:
        """Return every tunnel online, newest first."""
        return list({tunnel.id: tunnel for tunnel in self._read_all(self._tunnels)}.values())

    def list_references(self, kinds: Iterable[str] = LISTS) -> References:
        """List what refers to backends by their ids. A list that fails is named in the result, not raised.

        Args:
            kinds: some of :data:`pulumi_ngrok_tg.api.references.LISTS`.
        """
        return list_references(self._read_all, self.clean, kinds)

    def find_referring_backends(self) -> References:
        """List the failover and weighted backends that refer to backends; all callers share one listing."""
        return self._snapshots.list_references(BACKENDS_ONLY, self._patience(), self.clean)

    def list_references_advisory(self) -> References:
        """List what refers to backends; advisory and shared, as :meth:`list_tunnels_advisory`."""
        return self._snapshots.list_references(tuple(LISTS), self._advisory_patience(), self.clean)

    def list_tunnels_advisory(self) -> tuple[Tunnel, ...]:
        """Return every tunnel online; all callers share one listing.

        Advisory: respects rate limits, and its failure never delays or fails another call. It requests each page once
        and gives up after ``snapshot_seconds``.
        """
        return self._snapshots.list_tunnels(self._advisory_patience(), float("inf"))

    def list_backends_advisory(self) -> tuple[Backend, ...]:
        """Return the account's newest backends, up to 2,000; none if they cannot be listed.

        Advisory and shared, as :meth:`list_tunnels_advisory`.
        """
        return self._snapshots.list_backends(self._advisory_patience())

    def list_fresh_tunnels(self) -> tuple[Tunnel, ...]:
        """Return every tunnel online, from a listing that is at most ``snapshot_max_age`` seconds old."""
        return self._snapshots.list_tunnels(self._patience(attempts=1), self._settings.snapshot_max_age)

    def read_fresh(self, id_: str) -> Backend:
        """Return a backend as it was at most ``snapshot_max_age`` seconds ago."""
        _require_id(id_)
        return self._snapshots.read_backend(id_, self._patience(), self._settings.snapshot_max_age)

    def clean(self, text: str) -> str:
        """Return a text from a server or an agent as one line without the API key."""
        return to_line(redact(text, self._settings.api_key))

    def create(self, contents: Contents, may_quote: bool = False) -> Backend:
        """Create a backend, once; see :mod:`pulumi_ngrok_tg.api.creation`.

        Args:
            contents: what it holds.
            may_quote: whether an error may show ngrok's message; not if a value in the contents may be a secret.

        Raises:
            FateUnknown: a backend may have been created; whether it was could not be found out.
        """
        backend = self._creations.create(contents, self._patience(may_quote=may_quote))
        self._inventory.keep(backend)
        return backend

    def update(self, id_: str, patch: Contents, may_quote: bool = False) -> Backend:
        """Change the fields in ``patch`` and return the changed backend.

        Args:
            id_: the backend's id.
            patch: the new values.
            may_quote: whether an error may show ngrok's message; not if a value in the patch may be a secret.

        Raises:
            NotApplied: ngrok reported success, but kept other values.
        """
        path = _build_path(id_)
        self._inventory.forget(id_)
        response = self._send_about(id_, "PATCH", self._patience(may_quote=may_quote), patch)
        backend = self._read_backend(id_, "PATCH", response)
        self._inventory.keep(backend)
        now: Mapping[str, object] = backend.contents
        if kept := [name for name, value in patch.items() if now[name] != value]:
            raise NotApplied(f"PATCH {path}: ngrok reported success but did not change {', '.join(kept)}.")
        return backend

    def delete(self, id_: str) -> None:
        """Delete a backend.

        Raises:
            NotFound: there is none.
            Unreadable: the response to a successful delete has a body, which ngrok never sends.
        """
        path = _build_path(id_)
        self._inventory.forget(id_)
        try:
            if self._send_about(id_, "DELETE", self._patience()) is not None:
                raise Unreadable(f"DELETE {path}: the response has a body, but that of a delete has none.")
        except NotFound as error:
            if not error.after_lost:  # else our own first attempt has deleted it
                raise

    def _tunnel(self, request: str, body: Any) -> Tunnel:
        """Read a tunnel; clean its id and upstream, which may hold any text."""
        tunnel = Tunnel.from_json(request, body)
        # All before the last "@" may be a user and a password.
        upstream = tunnel.forwards_to.rpartition("@")[2]
        return replace(tunnel, id=self.clean(tunnel.id), forwards_to=self.clean(upstream))

    def _post(self, body: Contents, patience: Patience) -> Backend:
        response = self._requests.send("POST", COLLECTION, patience, body=body, creates=True)
        try:
            return Backend.from_json(f"POST {COLLECTION}", response)
        except Unreadable as error:
            raise ConnectionFailed(str(error), arrived=True) from error

    def _get(self, id_: str, patience: Patience) -> Backend:
        return self._read_backend(id_, "GET", self._send_about(id_, "GET", patience))

    def _read_backend(self, id_: str, method: str, response: Any) -> Backend:
        backend = Backend.from_json(f"{method} {_build_path(id_)}", response)
        if backend.id != id_:
            raise Unreadable(f"{method} {_build_path(id_)}: the response is about {backend.id}.")
        return backend

    def _send_about(self, id_: str, method: str, patience: Patience, body: Contents | None = None) -> Any:
        """Send a request about one backend."""
        return self._requests.send(method, _build_path(id_), patience, body=body)

    def _listing(self, collection: Collection[Item]) -> Listing[Item]:
        return Listing(
            lambda path, patience: self._requests.send("GET", path, patience), self._settings.base_url, collection
        )

    def _new_inventory(self) -> Inventory:
        return Inventory(self._get, self._listing(BACKENDS))

    def _read_all(self, collection: Collection[Item]) -> list[Item]:
        return self._listing(collection).read_all(self._patience())

    def _advisory_patience(self) -> Patience:
        seconds = self._settings.snapshot_seconds
        most = min(seconds, self._settings.max_wait_seconds)
        return Patience(most, advisory=True, response_seconds=seconds, cancellation=self._cancellation)

    def _patience(self, attempts: int | None = None, may_quote: bool = True) -> Patience:
        seconds = self._settings.max_wait_seconds
        return Patience(seconds, attempts, cancellation=self._cancellation, may_quote=may_quote)


def _require_id(id_: str) -> None:
    """Raise InvalidId for any other text, which in a path could lead to other objects."""
    if not is_id(id_):
        raise InvalidId(f"{id_!r} is not the id of a tunnel group backend, which is bkdtg_ and letters and digits.")


def _build_path(id_: str) -> str:
    """Return the path of a backend."""
    _require_id(id_)
    return f"{COLLECTION}/{id_}"
