"""Creates each backend once, even if the response to the create is lost.

ngrok has no idempotency key, so a create cannot simply be sent again. A response proves that a backend is ours if it
holds what was sent and is as new as the call. If there is no such response, this module lists the account's backends
several times: a list may show a new backend seconds late. One with exactly these contents, as new as the call and not
made by another create of this process, is ours. If there is none, the create is sent once more, and a warning names
what it made: no list can show a request that arrives later still.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.call import Call
from pulumi_ngrok_tg.api.clock import SLACK, Clock
from pulumi_ngrok_tg.api.errors import Cancelled, ConnectionFailed, FateUnknown, NgrokError, Unreadable, is_lost
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import BACKENDS, Backend, Contents
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.api.session import Session

_CLOCKS = 2  # this machine's, and that of ngrok's responses
_MOST_LOST = 2
"""Requests of a create that may be lost: each may have made a backend."""
_REPLAY_AGE = 300.0
"""Seconds; more than both clocks are off, as a rule, and less than the age of what a proxy replays."""


@dataclass
class Creations:
    """Makes the creates of one account; safe to share between threads."""

    session: Session
    begin_listing: Callable[[], Listing[Backend]]
    clock: Clock
    settings: AccountSettings
    reporter: Reporter
    """Gets a warning about a backend that may exist twice."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _claimed: set[str] = field(default_factory=set)
    _turns: dict[str, threading.Lock] = field(default_factory=dict)

    def create(self, contents: Contents, call: Call, others: Iterable[str] = ()) -> Backend:
        """Create a backend that is none of ``others``; raise FateUnknown if one may exist, NgrokError if none does."""
        with self._lock:
            self._claimed.update(others)
            turn = self._turns.setdefault(json.dumps(contents, sort_keys=True), threading.Lock())
        with call.hold(turn):  # identical creates run one by one, so an unclaimed match is ours
            return _Creation(self, contents, call).run()

    def claim(self, *backends: Backend) -> bool:
        """Note that one create has made these backends, or may have; return False if another one has made the first."""
        with self._lock:
            is_free = not backends or backends[0].id not in self._claimed
            self._claimed.update(backend.id for backend in backends)
        return is_free

    def list_unclaimed(self, call: Call) -> list[Backend]:
        """List the backends that are not known from elsewhere."""
        listed = [backend for page in self.begin_listing().read_pages(call) for backend in page]
        with self._lock:
            return [backend for backend in listed if backend.id not in self._claimed]


class _Creation:
    """One create, from its first request until its outcome is known."""

    def __init__(self, creations: Creations, contents: Contents, call: Call) -> None:
        self._all = creations
        self._wanted: Contents = {"description": "", "metadata": "", "labels": {}, **contents}
        self._call = call
        self._began = time.monotonic()
        self._lost: list[NgrokError] = []
        self._has_response = False
        self._named: set[str] = set()  # in responses that were too old by the clocks as they were known

    def run(self) -> Backend:
        body = {name: value for name, value in self._wanted.items() if value}
        made = self._all.session.send(self._call, "POST", BACKENDS.path, self._accept, body, self._settle)
        if len(self._lost) + self._has_response > 1:
            self._warn_of_doubles(made)
        for name in ("description", "metadata"):
            if made.contents[name] != self._wanted[name]:
                line = f"ngrok keeps another {name} of {made.id} than was sent; write it as ngrok does"
                self._all.reporter.warn(line)
        return made

    def _accept(self, body: Any) -> Backend:
        """Return the backend of a response; raise ConnectionFailed if this create has not made it."""
        try:
            backend = BACKENDS.read(f"POST {BACKENDS.path}", body)
        except Unreadable as error:
            raise ConnectionFailed(str(error), arrived=True) from error
        slack = _REPLAY_AGE if backend.contents == self._wanted else SLACK
        if backend.labels != self._wanted["labels"]:
            why = "has other labels than were sent"
        elif not self._count_new(backend, slack):
            why = "was made before"
            self._named.add(backend.id)
        elif not self._all.claim(backend):
            why = "another create has made"
        else:
            self._has_response = True
            return backend
        raise ConnectionFailed(f"The response to a create is about {backend.id}, which {why}.", arrived=True)

    def _count_new(self, backend: Backend, slack: float = SLACK) -> int:
        """Return by how many of the two clocks a backend was created after this began."""
        return self._all.clock.count_within(backend.created, time.monotonic() - self._began, slack)

    def _settle(self, error: NgrokError, is_final: bool) -> Backend | None:
        """Return what a lost request has made, or None if the create may be sent again; else raise FateUnknown."""
        if is_lost(error):
            self._lost.append(error)
        if isinstance(error, Cancelled):
            self._look_once_more(error)
            error = self._lost[-1]
        for pause in (0.0, *self._all.settings.settle_pauses):
            if pause and not self._call.allows(pause):
                is_final = True  # no proof that there is none
                break
            self._call.pause(pause)
            found = self._find()
            names = ", ".join(backend.id for backend in found)
            if len(found) > 1:
                self._all.claim(*found)  # no create of the same contents takes what the user is to delete
                raise FateUnknown(f"{error} Several backends with these contents have appeared since: {names}.")
            if found and self._count_new(found[0]) < _CLOCKS and found[0].id not in self._named:
                apart = f"the Date of responses and this machine's clock differ by {self._all.clock.ahead:+.0f} s"
                raise FateUnknown(f"{error} {names} has these contents, but may be older: {apart}.")
            if found and self._all.claim(found[0]):
                return found[0]
            if self._call.urgent:
                break
        if is_final or self._call.urgent or len(self._lost) >= _MOST_LOST:
            raise FateUnknown(f"{error} No new backend with these contents has appeared, but one may still appear.")
        return None

    def _look_once_more(self, error: Cancelled) -> None:
        """Allow one last listing after the user has cancelled; raise the error if nobody would hear what it finds."""
        if self._call.cancellation.is_abandoned():
            raise error
        self._call = Call(0, urgent=True)

    def _find(self) -> list[Backend]:
        """List what a lost request may have made; raise FateUnknown if there is no list."""
        try:
            listed = self._all.list_unclaimed(self._call)
        except Cancelled as error:
            self._look_once_more(error)
            return self._find()
        except NgrokError as error:
            line = f"{self._lost[-1]} The backend may have been created, and the list of backends could not be read:"
            raise FateUnknown(f"{line} {error}") from error
        ours = (one for one in listed if one.contents == self._wanted or one.id in self._named)
        return [backend for backend in ours if self._count_new(backend)]

    def _warn_of_doubles(self, made: Backend) -> None:
        """Warn that each of several requests may have made a backend; name those that the list shows."""
        doubles = ""
        with suppress(NgrokError):  # the backend is made and known, whatever the list says
            found = self._find()
            self._all.claim(*found)  # else a create of the same contents could take what the user is to delete
            doubles = ", ".join(backend.id for backend in found)
        sent = f"{made.id}, whose create was sent {len(self._lost) + self._has_response} times: a response was lost"
        self._all.reporter.warn(
            f"{doubles} appeared with the contents of {sent}. If nobody else made it, delete it"
            if doubles
            else f"There may be a double of {sent}. If a backend appears with its contents, delete it"
        )
