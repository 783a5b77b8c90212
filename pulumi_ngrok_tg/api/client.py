"""The calls on tunnel group backends, and the lists of what uses them: tunnels, edges, other backends."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any, TypeVar

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.batched_reads import BatchedReads
from pulumi_ngrok_tg.api.call import Call, Cancellation
from pulumi_ngrok_tg.api.clock import Clock
from pulumi_ngrok_tg.api.creation import Creations
from pulumi_ngrok_tg.api.errors import (
    ApiError,
    Cancelled,
    GaveUp,
    InvalidId,
    Limited,
    NgrokError,
    NotApplied,
    NotFound,
    ServerError,
    Unreadable,
)
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import (
    BACKENDS,
    TUNNELS,
    Backend,
    Collection,
    Contents,
    Item,
    Ref,
    Tunnel,
    is_id,
    read_seconds,
)
from pulumi_ngrok_tg.api.redaction import redact, to_line
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.api.session import Session
from pulumi_ngrok_tg.api.snapshots import Snapshots
from pulumi_ngrok_tg.api.transport import Transport

Result = TypeVar("Result")
_MOST_TUNNELS = 20
_NOT_FOUND = 404
_WITHDRAWN = (7008, 7196)
"""ERR_NGROK codes of an API that ngrok has withdrawn."""


class Client:
    """The API of one account; safe to share between threads. Every call may raise a ``NgrokError``.

    There are three ways to read: :meth:`get` fetches one backend, :meth:`read` reads many with few requests, and
    :meth:`list` lists a collection. If tunnels cannot be listed, :meth:`get_tunnels` fetches some. The reporter gets
    what the user should know; the cancellation ends all calls.
    """

    def __init__(self, settings: AccountSettings, reporter: Reporter, cancellation: Cancellation | None = None) -> None:
        self.settings = settings
        self._cancellation = cancellation or Cancellation()
        clock = Clock()
        self._session = Session(settings, reporter, Transport(settings, clock))
        self._creations = Creations(self._session, partial(self._begin_listing, BACKENDS), clock, settings, reporter)
        self._snapshots = Snapshots()
        self._reads, self._reads_at = self._start_reads()
        self._advised: dict[str, Tunnel | None] = {}
        self._advice_failed = False
        self._advisory_seconds = settings.snapshot_seconds

    def get(self, id_: str, created_at: str = "") -> Backend:
        """Fetch a backend with one GET.

        Raises:
            NotFound: there is none.
            Unsettled: ngrok does not find it, but by ``created_at`` it is only seconds old.
        """
        return self._exchange(self._start_call(created_at=created_at), id_)

    def read(self, id_: str, created_at: str = "", among: int = 1, max_age: float = inf) -> Backend:
        """Return a backend as :meth:`get` does, at most ``max_age`` seconds old; few requests read ``among``."""
        _build_path(id_)  # checks it
        if time.monotonic() - self._reads_at > max_age:
            self._reads, self._reads_at = self._start_reads()
        return self._reads.read(self._start_call(created_at=created_at), id_, among)

    def list(
        self,
        collection: Collection[Item],
        max_age: float = 0.0,
        advisory: bool = False,
        most: float = inf,
        since: float | None = None,
    ) -> tuple[Item, ...]:
        """Return the objects of a collection, newest first. Their texts are clean, except those of backends.

        Args:
            collection: ``BACKENDS``, ``TUNNELS`` or one of :data:`pulumi_ngrok_tg.api.references.LISTS`.
            max_age: seconds for which callers share a listing, or the error that ended it.
            advisory: whether to send each request once, and to give up when all such calls of this client have taken
                ``snapshot_seconds``, so that nothing else is delayed. ngrok's limits hold all the same.
            most: how many objects are enough.
            since: the moment of the monotonic clock since which callers share it, instead of ``max_age``.
        """
        call = self._start_call(advisory=advisory)
        since = time.monotonic() - max_age if since is None else since
        key = collection.path, advisory, most
        return self._snapshots.read(call, key, since, lambda: self._begin_listing(collection), most)

    def get_tunnels(self, refs: Sequence[Ref], why: NgrokError, advisory: bool = False) -> dict[str, Tunnel]:
        """Fetch up to 20 tunnels one by one, by id, where ngrok itself no longer lists them; stop at an error.

        Args:
            refs: the tunnels.
            why: why they could not be listed. After an outage or a limit, none is fetched.
            advisory: as for :meth:`list`. All such calls together fetch up to 20, each once, and none after an error.
        """
        if not isinstance(why, ApiError) or why.foreign or isinstance(why, Limited | ServerError):
            return {}
        found: dict[str, Tunnel | None] = {}
        for ref in refs[:_MOST_TUNNELS]:
            if not re.fullmatch(r"tn_[0-9A-Za-z]{1,64}", ref.id):
                break
            try:
                found[ref.id] = self._advise(ref.id) if advisory else self._get_tunnel(ref.id, advisory=False)
            except Cancelled:
                raise
            except NgrokError:
                break
        return {id_: tunnel for id_, tunnel in found.items() if tunnel is not None}

    def clean(self, text: str) -> str:
        """Return a text from a server or an agent as one line without the API key."""
        return to_line(redact(text, self.settings.api_key))

    def create(self, contents: Contents, may_quote: bool = False, others: Iterable[str] = ()) -> Backend:
        """Create a backend, once, which is none of ``others``; see :mod:`pulumi_ngrok_tg.api.creation`.

        Errors quote ngrok only if ``may_quote``: its message may hold a value that was sent, which may be a secret.
        """
        backend = self._creations.create(contents, self._start_call(may_quote=may_quote), others)
        self._reads.keep(backend)
        return backend

    def update(self, id_: str, patch: Contents, may_quote: bool = False, created_at: str = "") -> Backend:
        """Change the fields in ``patch`` and return the changed backend; errors quote ngrok as those of a create.

        Raises:
            NotFound, Unsettled: as for :meth:`get`.
            NotApplied: ngrok reported success, but kept other values.
        """
        path = _build_path(id_)
        self._reads.forget(id_)
        backend = self._exchange(self._start_call(may_quote=may_quote, created_at=created_at), id_, "PATCH", patch)
        self._reads.keep(backend)
        now: Mapping[str, object] = backend.contents
        if kept := [name for name, value in patch.items() if now[name] != value]:
            raise NotApplied(f"PATCH {path}: ngrok reported success but did not change {', '.join(kept)}.")
        return backend

    def delete(self, id_: str, created_at: str = "") -> None:
        """Delete a backend.

        Raises:
            NotFound, Unsettled: as for :meth:`get`.
            Unreadable: the response to a successful delete has a body, which ngrok never sends.
        """
        path = _build_path(id_)
        self._reads.forget(id_)

        def read(body: Any) -> None:
            if body is not None:
                raise Unreadable(f"DELETE {path}: the response has a body, but that of a delete has none.")

        try:
            self._session.send(self._start_call(created_at=created_at), "DELETE", path, read)
        except NotFound as error:
            if not error.after_lost:  # else our own first attempt has deleted it
                raise

    def _exchange(self, call: Call, id_: str, method: str = "GET", body: Contents | None = None) -> Backend:
        """Send a request about one backend, and read the backend in its response."""
        path = _build_path(id_)

        def read(response: Any) -> Backend:
            backend = Backend.from_json(f"{method} {path}", response)
            if backend.id != id_:
                raise Unreadable(f"{method} {path}: the response is about {backend.id}.")
            return backend

        return self._session.send(call, method, path, read, body)

    def _advise(self, id_: str) -> Tunnel | None:
        """Return a tunnel as :meth:`_get_tunnel` does, but ask for few and once; raise GaveUp for more."""
        if id_ not in self._advised:
            if len(self._advised) >= _MOST_TUNNELS or self._advice_failed:
                raise GaveUp(f"{id_} was not read: enough tunnels were.")
            self._advised[id_] = None
            try:
                self._advised[id_] = self._get_tunnel(id_, advisory=True)
            except NgrokError:
                self._advice_failed = True
                raise
        return self._advised[id_]

    def _get_tunnel(self, id_: str, advisory: bool) -> Tunnel | None:
        """Fetch a tunnel; return None if it has gone offline."""
        path = f"{TUNNELS.path}/{id_}"
        try:
            read = partial(Tunnel.from_json, f"GET {path}")
            return self._send(self._start_call(advisory), path, read).clean(self.clean)
        except ApiError as error:
            if error.status == _NOT_FOUND and error.code not in _WITHDRAWN:
                return None
            raise

    def _begin_listing(self, collection: Collection[Item]) -> Listing[Item]:
        def fetch(call: Call, path: str) -> Any:
            return self._send(call, path, lambda body: body)

        def read(request: str, body: Any) -> Item:
            return collection.clean(collection.read(request, body), self.clean)

        return Listing(fetch, self.settings.base_url, replace(collection, read=read))

    def _send(self, call: Call, path: str, read: Callable[[Any], Result]) -> Result:
        """Send a GET; count the time of an advisory one."""
        before = call.left
        try:
            return self._session.send(call, "GET", path, read)
        finally:
            if call.seconds < inf:
                self._advisory_seconds -= before - call.left

    def _start_reads(self) -> tuple[BatchedReads, float]:
        return BatchedReads(self._exchange, self._begin_listing(BACKENDS)), time.monotonic()

    def _start_call(self, advisory: bool = False, may_quote: bool = True, created_at: str = "") -> Call:
        settings, created = self.settings, None
        with suppress(ValueError, OverflowError, AttributeError):  # a state may say anything, or nothing
            created = read_seconds(created_at)
        return Call(
            min(settings.max_wait_seconds, settings.snapshot_seconds if advisory else inf),
            settings.max_attempts,
            self._cancellation,
            max(self._advisory_seconds, 0.0) if advisory else inf,
            created,
            settings.settle_pauses,
            may_quote,
        )


def _build_path(id_: str) -> str:
    """Return the path of a backend; raise InvalidId for any other text, which could lead to other objects."""
    if not is_id(id_):
        raise InvalidId(f"{id_!r} is not the id of a tunnel group backend, which is bkdtg_ and letters and digits.")
    return f"{BACKENDS.path}/{id_}"
