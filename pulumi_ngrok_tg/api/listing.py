"""Lists a collection of the API, page by page."""

from collections.abc import Callable, Iterator
from typing import Any, Generic
from urllib.parse import SplitResult, urljoin, urlsplit

from pulumi_ngrok_tg.api.errors import Unreadable
from pulumi_ngrok_tg.api.models import Collection, Item, Page
from pulumi_ngrok_tg.api.patience import Patience

PAGE_SIZE = 100
"""The most objects that ngrok puts on a page."""
_MAX_EMPTY_PAGES = 10


class Listing(Generic[Item]):
    """One listing of a collection, newest first.

    Args:
        fetch: sends a GET of a path below the base URL and returns the JSON body.
        base_url: the API's base URL; a next page has to be there, too.
        collection: what is listed.
    """

    def __init__(self, fetch: Callable[[str, Patience], Any], base_url: str, collection: Collection[Item]) -> None:
        self._fetch = fetch
        self._collection = collection
        self._path = collection.path
        self._url = base_url + collection.path
        self._request = f"GET {collection.path}"
        self._query = f"limit={PAGE_SIZE}"
        self._seen: set[str] = set()
        self._empty_pages = 0
        self.ended = False
        """True if the last page has been fetched, or a page failed."""

    def read_pages(self, patience: Patience) -> Iterator[tuple[Item, ...]]:
        """Yield the remaining pages; raise as :meth:`next_page` does."""
        while not self.ended:
            yield self.next_page(patience)

    def read_all(self, patience: Patience) -> list[Item]:
        """Return the items of the remaining pages."""
        return [item for page in self.read_pages(patience) for item in page]

    def next_page(self, patience: Patience) -> tuple[Item, ...]:
        """Fetch the next page; only while the listing has not ended.

        Raises:
            Unreadable: it names a next page at another origin or one that was listed already, or it is not a page.
            NgrokError: it could not be fetched.
        """
        self.ended = True  # unless the page says otherwise
        page = Page.from_json(self._collection, self._request, self._fetch(f"{self._path}?{self._query}", patience))
        if page.next_page_uri is not None:
            ids = {item.id for item in page.items}
            self._empty_pages += not ids
            if (ids and ids <= self._seen) or self._empty_pages > _MAX_EMPTY_PAGES:
                raise Unreadable(f"{self._request}: the pages lead in a circle.")
            self._seen |= ids
            self._query = self._query_of(page.next_page_uri)
            self.ended = False
        return page.items

    def _query_of(self, uri: str) -> str:
        """Return the query of the next page's URI, absolute or relative; ignore the rest of it."""
        try:
            ours, next_ = urlsplit(self._url), urlsplit(urljoin(self._url, uri))
            same = _origin(ours) == _origin(next_)
        except ValueError:
            same = False
        if not same:
            raise Unreadable(
                f"{self._request}: the next page is at another origin than the API. The API key is not sent there."
            )
        if not next_.path.endswith(self._path):
            raise Unreadable(f"{self._request}: the next page is not a page of this list.")
        return next_.query


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(url.scheme)
