"""Lists a collection of the API, page by page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic
from urllib.parse import SplitResult, urljoin, urlsplit

from pulumi_ngrok_tg.api.call import Call
from pulumi_ngrok_tg.api.errors import Unreadable
from pulumi_ngrok_tg.api.models import Collection, Item, get_or

PAGE_SIZE = 100
"""The most objects that ngrok puts on a page."""
_MOST_EMPTY_PAGES = 10
_MOST_PAGES = 1000


class Listing(Generic[Item]):
    """One listing of a collection, newest first. ``fetch`` sends a GET of a path below the base URL."""

    def __init__(self, fetch: Callable[[Call, str], Any], base_url: str, collection: Collection[Item]) -> None:
        self._fetch = fetch
        self._collection = collection
        self._path = collection.path
        self._url = base_url + collection.path
        self._request = f"GET {collection.path}"
        self._query = f"limit={PAGE_SIZE}"
        self._seen: set[str] = set()
        self._pages = 0
        self._empty_pages = 0
        self.ended = False
        """True if the last page has been fetched, or a page failed."""

    def read_pages(self, call: Call) -> Iterator[tuple[Item, ...]]:
        """Yield the remaining pages; raise as :meth:`next_page` does."""
        while not self.ended:
            yield self.next_page(call)

    def next_page(self, call: Call) -> tuple[Item, ...]:
        """Fetch the next page; only while the listing has not ended.

        Raises:
            Unreadable: it is no page, or one that was listed already; it leads to another origin; or there is no end.
                Its ``listed`` holds the objects of the page that could be read.
        """
        self.ended = True  # unless the page says otherwise
        body = self._fetch(call, f"{self._path}?{self._query}")
        name = self._collection.name
        if not isinstance(body, dict) or not isinstance(body.get(name), list):
            raise Unreadable(f"{self._request}: the response is not a list of {name}.")
        items: list[Item] = []
        failure: Unreadable | None = None
        for one in body[name]:
            try:
                items.append(self._collection.read(self._request, one))
            except Unreadable as error:
                failure = error
        new = [item for item in items if item.id not in self._seen]
        try:
            if failure is not None:
                raise failure
            self._read_next(body, {item.id for item in items})
        except Unreadable as error:
            error.listed = new
            raise
        return tuple(items)

    def _read_next(self, body: Mapping[str, Any], ids: set[str]) -> None:
        """Find the next page in a page with these ids, if there is one."""
        self._pages += 1
        self._empty_pages += not ids
        if (ids and ids <= self._seen) or self._empty_pages > _MOST_EMPTY_PAGES:
            raise Unreadable(f"{self._request}: the pages lead in a circle.")
        if self._pages > _MOST_PAGES:
            raise Unreadable(f"{self._request}: the list has no end.")
        self._seen |= ids
        next_page_uri = get_or(body, "next_page_uri", "")
        if not isinstance(next_page_uri, str):
            raise Unreadable(f"{self._request}: the response names a next page by something that is not a URI.")
        if next_page_uri:
            self._query = self._find_query(next_page_uri)
            self.ended = False

    def _find_query(self, uri: str) -> str:
        """Return the query of the next page's URI, absolute or relative; ignore the rest of it."""
        try:
            ours, next_ = urlsplit(self._url), urlsplit(urljoin(self._url, uri))
            same = _origin(ours) == _origin(next_)
        except ValueError:
            same = False
        if not same:
            line = f"{self._request}: the next page is at another origin than the API."
            raise Unreadable(f"{line} The API key is not sent there.")
        if not next_.path.endswith(self._path):
            raise Unreadable(f"{self._request}: the next page is not a page of this list.")
        return next_.query


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(url.scheme)
