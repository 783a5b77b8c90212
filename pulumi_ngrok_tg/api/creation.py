"""Creates that happen once, although their answers can get lost.

ngrok has no idempotency key. So a create is never just sent again: after a lost answer the account's backends are
listed, and one with exactly these contents, created since the call began and not by another create of this process,
is ours.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt

from pulumi_ngrok_tg.api.errors import ConnectionFailed, FateUnknown, NgrokError, ServerError
from pulumi_ngrok_tg.api.models import Contents, Page, TunnelGroupBackend
from pulumi_ngrok_tg.api.settings import Settings
from pulumi_ngrok_tg.api.transport import backoff

_CLOCK_SLACK = 2.0  # seconds: created_at and the Date header are both cut to the second


class Creations:
    """Makes the creates of one account; safe to share between threads.

    Args:
        post: sends one create and returns its backend.
        pages: lists the account's backends.
        clock_offset: how far ngrok's clock is ahead of ours, in seconds.
        settings: how often to try, and how long to wait in between.
        notify: told, in one line, of a backend that may be a double.
    """

    def __init__(
        self,
        post: Callable[[Mapping[str, Any]], TunnelGroupBackend],
        pages: Callable[[], Iterator[Page]],
        clock_offset: Callable[[], float],
        settings: Settings,
        notify: Callable[[str], None],
    ) -> None:
        self._post = post
        self._pages = pages
        self._clock_offset = clock_offset
        self.settings = settings
        self.notify = notify
        self._lock = threading.Lock()
        self._claimed: set[str] = set()
        self._turns: dict[str, threading.Lock] = {}

    def create(self, contents: Contents) -> TunnelGroupBackend:
        """Creates a backend with ``contents``.

        Raises:
            FateUnknown: one may have been created, and it could not be found out.
            NgrokError: none was created.
        """
        with self._turn(contents):
            backend = _Creation(self, contents).run()
            with self._lock:
                self._claimed.add(backend.id)
            return backend

    def send(self, contents: Contents) -> TunnelGroupBackend:
        """Sends the create once; empty fields are left out."""
        return self._post({name: value for name, value in contents.items() if value})

    def matches(self, contents: Contents, since: float) -> list[TunnelGroupBackend]:
        """Lists the unclaimed backends with exactly ``contents``, created since that moment of our clock."""
        whole = {"description": "", "metadata": "", "labels": {}, **contents}
        listed = [backend for page in self._pages() for backend in page.backends]
        earliest = since + self._clock_offset() - _CLOCK_SLACK
        with self._lock:
            return [b for b in listed if b.contents == whole and b.created >= earliest and b.id not in self._claimed]

    def _turn(self, contents: Contents) -> threading.Lock:
        """Identical creates take turns, so that a match nobody has claimed can only be ours."""
        with self._lock:
            return self._turns.setdefault(json.dumps(contents, sort_keys=True), threading.Lock())


class _Creation:
    """One create, from its first request until it is known what became of it."""

    def __init__(self, creations: Creations, contents: Contents) -> None:
        self._all = creations
        self._contents = contents
        self._started = time.time()
        self._lost: NgrokError | None = None

    def run(self) -> TunnelGroupBackend:
        attempts = Retrying(
            retry=retry_if_exception(is_lost),
            stop=stop_after_attempt(self._all.settings.max_attempts),
            wait=backoff(self._all.settings),
            reraise=True,
        )
        try:
            return attempts(self._find_or_send)
        except FateUnknown:
            raise
        except NgrokError as error:
            if self._lost is None:
                raise
            if found := self._find():
                return found
            raise FateUnknown(
                f"{error} No backend with these contents has appeared, but one may yet: look for it before you run "
                "`pulumi up` again."
            ) from error

    def _find_or_send(self) -> TunnelGroupBackend:
        if self._lost and (found := self._find()):
            return found
        try:
            backend = self._all.send(self._contents)
        except NgrokError as error:
            if is_lost(error):
                self._lost = error
            raise
        if self._lost:
            self._tell_of_doubles(backend)
        return backend

    def _find(self) -> TunnelGroupBackend | None:
        try:
            matches = self._all.matches(self._contents, self._started)
        except NgrokError as error:
            raise FateUnknown(
                f"{self._lost} The backend may have been created, and the list of backends that would tell could not "
                f"be had: {error} Look for it before you run `pulumi up` again."
            ) from error
        if len(matches) > 1:
            raise FateUnknown(
                f"{self._lost} Several backends with these contents have appeared since: "
                f"{', '.join(b.id for b in matches)}. Import the one that is yours, and delete what is nobody's."
            )
        return matches[0] if matches else None

    def _tell_of_doubles(self, backend: TunnelGroupBackend) -> None:
        try:
            doubles = [b for b in self._all.matches(self._contents, self._started) if b.id != backend.id]
        except NgrokError:
            return  # the backend is made and known, whatever the list says
        for double in doubles:
            self._all.notify(
                f"{double.id} has the contents of {backend.id} and appeared while its create was sent again; if "
                "nobody else made it, it stems from the lost request: delete it"
            )


def is_lost(error: BaseException) -> bool:
    """Tells whether a create that ended so may have had its effect."""
    return isinstance(error, ServerError) or (isinstance(error, ConnectionFailed) and error.arrived)
