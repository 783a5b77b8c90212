"""Reads many backends with few requests.

A page of LIST holds up to 100 whole backends, so it can replace 100 GETs. But it is not known beforehand how many
backends will be read, nor how many the account has. So the first read fetches a page, which is the whole list of most
accounts. After that, at most about one page is fetched for each read so far, and reads that no page serves are GETs.
That costs at most about twice the requests of the cheaper way, whichever it is.
"""

import threading
from collections.abc import Callable

from pulumi_ngrok_tg.api.errors import NgrokError, is_everyones
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.patience import Patience


class Inventory:
    """The account's backends as listed, with our own writes since; safe to share between threads.

    It lives as long as its process, which serves one operation of the engine.

    Args:
        get: fetches one backend by id.
        listing: the account's backends.
    """

    def __init__(self, get: Callable[[str, Patience], Backend], listing: Listing[Backend]) -> None:
        self._get = get
        self._listing = listing
        self._changed = threading.Condition()
        self._known: dict[str, Backend] = {}
        self._written: set[str] = set()
        """The ids of the backends that we wrote: a page may hold them as they were before."""
        self._reads = 0
        """Reads so far."""
        self._expected = 0
        self._pages = 0
        self._fetching = False
        self._ended = False
        self._failure: BaseException | None = None

    def read(self, id_: str, patience: Patience) -> Backend:
        """Return a backend. One that is not in the list is fetched by id: a missing entry alone never means "gone".

        Raises:
            NgrokError: it could not be fetched, or the list failed for a reason that holds for every read.
        """
        with self._changed:
            self._reads += 1
        while self._wants_page(id_, patience):
            self._fetch_page(patience)
        with self._changed:
            if backend := self._known.get(id_):
                return backend
            if self._failure is not None and is_everyones(self._failure):
                raise self._failure
        return self._get(id_, patience)

    def expect(self, count: int) -> None:
        """Note that there will be at least that many reads."""
        with self._changed:
            self._expected = max(self._expected, count)

    def read_all(self, patience: Patience) -> list[Backend]:
        """Return every backend, newest first; fetch the pages that no read has fetched.

        Raises:
            NgrokError: a page could not be fetched, now or earlier.
        """
        while True:
            with self._changed:
                while self._fetching:
                    patience.wait(self._changed)
                if self._failure is not None:
                    raise self._failure
                if self._ended:
                    return list(self._known.values())
                self._fetching = True
            self._fetch_page(patience)

    def forget(self, id_: str) -> None:
        """Drop a backend that is about to change; it is then fetched by id, unless :meth:`keep` adds it again."""
        with self._changed:
            self._written.add(id_)
            self._known.pop(id_, None)

    def keep(self, backend: Backend) -> None:
        """Note a backend as our own write left it."""
        with self._changed:
            self._written.add(backend.id)
            self._known[backend.id] = backend

    def _wants_page(self, id_: str, patience: Patience) -> bool:
        """Tell whether to fetch a page first; if not, the backend is known or should be fetched by its id."""
        with self._changed:
            while True:
                if id_ in self._known or id_ in self._written or self._ended:
                    return False
                if self._pages >= allow_pages(max(self._reads, self._expected)):
                    return False
                if not self._fetching:
                    self._fetching = True
                    return True
                patience.wait(self._changed)

    def _fetch_page(self, patience: Patience) -> None:
        """Fetch the next page, or end the listing with the reason why that failed."""
        backends: tuple[Backend, ...] = ()
        failure: BaseException | None = None
        try:
            backends = self._listing.next_page(patience)
        except NgrokError as error:
            failure = error
        except BaseException as error:
            failure = error
            raise
        finally:
            with self._changed:
                self._pages += 1
                self._fetching = False
                self._ended = self._listing.ended
                self._failure = failure
                self._known.update({b.id: b for b in backends if b.id not in self._written})
                self._changed.notify_all()


def allow_pages(reads: int) -> int:
    """Return how many pages of the list that many reads may cost; pages and GETs together stay below twice the reads.

    From eight reads on, three more: the engine starts many reads with eight at once, and ten pages list 1000 backends.
    """
    return max(reads - 1, min(reads, 2)) + 3 * (reads >= 8)
