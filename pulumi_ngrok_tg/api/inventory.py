"""Reading many backends in few requests.

A LIST page holds up to 100 whole backends, so it can stand for 100 GETs; but nobody knows beforehand how many of the
account's backends will be asked for. So reads start with GETs, and a page is fetched only while the pages so far are
fewer than the GETs: the cost stays within about twice the cheaper of the two ways, whichever that turns out to be.
"""

import threading
from collections.abc import Callable, Iterator

from pulumi_ngrok_tg.api.errors import NgrokError
from pulumi_ngrok_tg.api.models import Page, TunnelGroupBackend


class Inventory:
    """What the account held when it was listed, for as long as the process lives; safe to share between threads.

    Args:
        get: fetches one backend by id.
        pages: lists the account's backends.
    """

    def __init__(self, get: Callable[[str], TunnelGroupBackend], pages: Callable[[], Iterator[Page]]) -> None:
        self._get = get
        self._pages: Iterator[Page] | None = pages()
        self._changed = threading.Condition()
        self._listed: dict[str, TunnelGroupBackend] = {}
        self._forgotten: set[str] = set()
        self._gets = 0
        self._lists = 0
        self._listing = False

    def read(self, id_: str) -> TunnelGroupBackend:
        """Returns a backend. One that is not in the list is asked for by id: LIST alone never says "gone"."""
        while not self._settle(id_):
            self._list()
        with self._changed:
            if backend := self._listed.get(id_):
                return backend
        return self._get(id_)

    def forget(self, id_: str) -> None:
        """Drops a backend that is about to change: from then on it is always asked for by id."""
        with self._changed:
            self._forgotten.add(id_)
            self._listed.pop(id_, None)

    def _settle(self, id_: str) -> bool:
        """Decides how to read: True is from the list or by GET, False is by fetching one more page first."""
        with self._changed:
            while True:
                if id_ in self._listed:
                    return True
                if self._pages is None or id_ in self._forgotten or self._lists + 1 >= self._gets:
                    self._gets += 1
                    return True
                if not self._listing:
                    self._listing = True
                    return False
                self._changed.wait()

    def _list(self) -> None:
        """Fetches the next page. Where LIST fails, reading goes on by GET, whose errors speak for themselves."""
        try:
            page = next(self._pages or iter(()), None)
        except NgrokError:
            page = None
        with self._changed:
            self._lists += 1
            self._listing = False
            if page is None or page.next_page_uri is None:
                self._pages = None
            for backend in page.backends if page else ():
                if backend.id not in self._forgotten:
                    self._listed[backend.id] = backend
            self._changed.notify_all()
