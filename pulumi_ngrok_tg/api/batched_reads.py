"""Reads many backends with few requests.

A page of LIST holds up to 100 whole backends, so it can replace 100 GETs. But it is not known beforehand how many
backends will be read, nor how many the account has. So the first read fetches a page, which is the whole list of most
accounts. After that, at most about one page is fetched for each read so far, and reads that no page serves are GETs.
That costs at most about twice the requests of the cheaper way, whichever it is.
"""

import threading
from collections.abc import Callable

from pulumi_ngrok_tg.api.call import Call
from pulumi_ngrok_tg.api.errors import NgrokError, is_everyones
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import Backend


class BatchedReads:
    """The account's backends as listed, with our own writes since; safe to share between threads."""

    def __init__(self, get: Callable[[Call, str], Backend], listing: Listing[Backend]) -> None:
        self._get = get
        self._listing = listing
        self._paging = threading.Lock()
        """Held while a page is fetched."""
        self._lock = threading.Lock()
        self._known: dict[str, Backend] = {}
        self._written: set[str] = set()
        """The ids of the backends that we wrote: a page may hold them as they were before."""
        self._reads = 0
        self._announced = 0
        self._pages = 0
        self._ended = False
        self._failure: BaseException | None = None

    def read(self, call: Call, id_: str, among: int = 1) -> Backend:
        """Return a backend, one of ``among`` or more that are read; raise what ended the list if that is everyone's.

        One that is not in the list is fetched by id: a missing entry alone never means "gone".
        """
        with self._lock:
            self._reads += 1
            self._announced = max(self._announced, among)
        while self._wants_page(id_):
            with call.hold(self._paging):
                if self._wants_page(id_):  # else another thread has fetched it meanwhile
                    self._fetch_page(call)
        with self._lock:
            if backend := self._known.get(id_):
                return backend
            if self._failure is not None and is_everyones(self._failure):
                raise self._failure
        return self._get(call, id_)

    def forget(self, id_: str) -> None:
        """Drop a backend that is about to change; it is then fetched by id, unless :meth:`keep` adds it again."""
        with self._lock:
            self._written.add(id_)
            self._known.pop(id_, None)

    def keep(self, backend: Backend) -> None:
        """Note a backend as our own write left it."""
        with self._lock:
            self._written.add(backend.id)
            self._known[backend.id] = backend

    def _wants_page(self, id_: str) -> bool:
        """Tell whether to fetch a page first; if not, the backend is known or should be fetched by its id."""
        with self._lock:
            is_settled = id_ in self._known or id_ in self._written or self._ended
            return not is_settled and self._pages < allow_pages(max(self._reads, self._announced))

    def _fetch_page(self, call: Call) -> None:
        """Fetch the next page, or end the listing with the reason why that failed."""
        backends: tuple[Backend, ...] = ()
        failure: BaseException | None = None
        try:
            backends = self._listing.next_page(call)
        except NgrokError as error:
            failure = error
        finally:
            with self._lock:
                self._pages += 1
                self._ended = self._listing.ended
                self._failure = failure
                self._known.update({b.id: b for b in backends if b.id not in self._written})


def allow_pages(reads: int) -> int:
    """Return how many pages of the list that many reads may cost; pages and GETs together stay below twice the reads.

    From eight reads on, three more: the engine starts many reads with eight at once, and ten pages list 1000 backends.
    """
    return max(reads - 1, min(reads, 2)) + 3 * (reads >= 8)
