"""The calls on tunnel group backends."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from pulumi_ngrok_tg.api.creation import Creations
from pulumi_ngrok_tg.api.errors import ConnectionFailed, NotApplied, NotFound, UnexpectedAnswer
from pulumi_ngrok_tg.api.inventory import Inventory
from pulumi_ngrok_tg.api.models import Contents, Page, TunnelGroupBackend
from pulumi_ngrok_tg.api.settings import Settings
from pulumi_ngrok_tg.api.transport import Transport

COLLECTION = "/backends/tunnel_group"
_PAGE_SIZE = 100


class Client:
    """The API of one account; safe to share between threads. Every call may raise a ``NgrokError``.

    Args:
        settings: how to reach the account.
        notify: told, in one line, what the user should see while a call goes on.
    """

    def __init__(self, settings: Settings, notify: Callable[[str], None]) -> None:
        self._transport = Transport(settings, notify)
        self._inventory = Inventory(self.get, self.pages)
        self._creations = Creations(self._post, self.pages, lambda: self._transport.clock_offset, settings, notify)

    def get(self, id_: str) -> TunnelGroupBackend:
        """Fetches a backend.

        Raises:
            NotFound: ngrok itself says that there is none.
        """
        return _backend(id_, self._transport.send("GET", f"{COLLECTION}/{id_}"))

    def read(self, id_: str) -> TunnelGroupBackend:
        """Returns a backend as :meth:`get` does, in as few requests as reading many of them allows."""
        return self._inventory.read(id_)

    def pages(self) -> Iterator[Page]:
        """Yields the account's backends, newest first, in pages of up to 100.

        Raises:
            UnexpectedAnswer: the pages lead to another origin or in a circle.
        """
        uri: str | None = f"{COLLECTION}?limit={_PAGE_SIZE}"
        seen: set[str] = set()
        while uri:
            # Relative or absolute; which hosts are admitted is the transport's to say.
            page = Page.from_json(self._transport.send("GET", urljoin(COLLECTION, uri)))
            ids = {backend.id for backend in page.backends}
            if page.next_page_uri and ids <= seen:
                raise UnexpectedAnswer(f"GET {COLLECTION}: ngrok's pages lead in a circle.")
            seen |= ids
            yield page
            uri = page.next_page_uri

    def create(self, contents: Contents) -> TunnelGroupBackend:
        """Creates a backend, once; see :mod:`pulumi_ngrok_tg.api.creation`.

        Raises:
            FateUnknown: one may have been created, and it could not be found out.
        """
        backend = self._creations.create(contents)
        self._inventory.forget(backend.id)
        return backend

    def update(self, id_: str, patch: Contents) -> TunnelGroupBackend:
        """Changes what ``patch`` holds and returns the backend as it is then.

        Raises:
            NotApplied: ngrok answered with success, but kept other values.
        """
        self._inventory.forget(id_)
        backend = _backend(id_, self._transport.send("PATCH", f"{COLLECTION}/{id_}", body=patch))
        now: Mapping[str, object] = backend.contents
        if kept := [name for name, value in patch.items() if now[name] != value]:
            raise NotApplied(
                f"PATCH {COLLECTION}/{id_}: ngrok answered with success but did not change {', '.join(kept)}. "
                "Run `pulumi refresh` to see what it holds now."
            )
        return backend

    def delete(self, id_: str) -> None:
        """Deletes a backend; one that is already gone is a success."""
        self._inventory.forget(id_)
        try:
            self._transport.send("DELETE", f"{COLLECTION}/{id_}")
        except NotFound:
            pass

    def _post(self, body: Mapping[str, Any]) -> TunnelGroupBackend:
        answer = self._transport.send("POST", COLLECTION, body=body, idempotent=False)
        try:
            return TunnelGroupBackend.from_json(answer)
        except UnexpectedAnswer as error:
            raise ConnectionFailed(f"POST {COLLECTION}: {error}", arrived=True) from error


def _backend(id_: str, answer: Any) -> TunnelGroupBackend:
    backend = TunnelGroupBackend.from_json(answer)
    if backend.id != id_:
        raise UnexpectedAnswer(f"{COLLECTION}/{id_}: the answer is about {backend.id}. Is a proxy in between?")
    return backend
