"""Creates each backend once, even if the response to the create is lost.

ngrok has no idempotency key, so a create cannot simply be sent again. After a lost response, this module lists the
account's backends. One with exactly these contents, created since the call began and not by another create of this
process, is the one that the lost request made. The list cannot show a request that arrives after it was read, nor
whether somebody else created the same contents at the same moment.
"""

import json
import threading
import time
from collections.abc import Callable
from typing import NoReturn, cast

from pulumi_ngrok_tg.api.errors import Cancelled, ConnectionFailed, FateUnknown, NgrokError
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import Backend, Contents
from pulumi_ngrok_tg.api.patience import NOTICEABLE, Patience
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.api.retrying import draw_backoff, is_lost
from pulumi_ngrok_tg.api.settings import AccountSettings

_CLOCK_SLACK = 2.0  # seconds: created_at and the Date header are both cut to the second
_REPLAY_AGE = 300.0  # seconds; more than a clock is off, as a rule, and less than the age of what is replayed


class Creations:
    """Makes the creates of one account; safe to share between threads.

    Args:
        post: sends one create and returns its backend.
        listing: begins a listing of the account's backends.
        clock_offset: returns how far ngrok's clock is ahead of ours, in seconds.
        settings: the number of attempts, and how long to wait in between.
        reporter: gets a warning about a backend that may exist twice.
        clock: returns this machine's time, in seconds since the epoch.
    """

    def __init__(
        self,
        post: Callable[[Contents, Patience], Backend],
        listing: Callable[[], Listing[Backend]],
        clock_offset: Callable[[], float],
        settings: AccountSettings,
        reporter: Reporter,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._post = post
        self._listing = listing
        self._clock_offset = clock_offset
        self.settings = settings
        self.reporter = reporter
        self.clock = clock
        self._lock = threading.Lock()
        self._claimed: set[str] = set()
        self._turns: dict[str, _Turn] = {}

    def create(self, contents: Contents, patience: Patience) -> Backend:
        """Create a backend with ``contents``.

        Raises:
            FateUnknown: a backend may have been created; whether it was could not be found out.
            NgrokError: none was created.
        """
        turn = self._turn(contents)
        waited_before = turn.waited
        patience.acquire(turn.lock)
        try:
            patience.spend(turn.waited - waited_before)
            spent_before = patience.spent
            try:
                return _Creation(self, contents, patience).run()
            finally:
                turn.waited += patience.spent - spent_before
        finally:
            turn.lock.release()

    def send(self, contents: Contents, since: Callable[[], float], patience: Patience) -> Backend:
        """Send the create once, without its empty fields, and claim the backend that it made.

        Raises:
            ConnectionFailed: the response is about a backend that this create has not made, as when a proxy replays an
                earlier response; so the create's fate is unknown.
        """
        backend = self._post(cast(Contents, {name: value for name, value in contents.items() if value}), patience)
        whole: Contents = {"description": "", "metadata": "", "labels": {}, **contents}
        if backend.created < since() + min(0.0, self._clock_offset()) - _REPLAY_AGE:  # by our clock or the server's
            self._reject(backend, "was made before")
        if backend.labels != whole["labels"]:
            self._reject(backend, "has other labels than were sent")
        if not self.claim(backend):
            self._reject(backend, "another create has made")
        for name in ("description", "metadata"):
            if backend.contents[name] != whole[name]:
                self.reporter.warn(f"ngrok keeps another {name} of {backend.id} than was sent; write it as ngrok does")
        return backend

    @staticmethod
    def _reject(backend: Backend, why: str) -> NoReturn:
        raise ConnectionFailed(f"The response to a create is about {backend.id}, which {why}.", arrived=True)

    def find_matches(self, contents: Contents, since: Callable[[], float], patience: Patience) -> list[Backend]:
        """List the unclaimed backends with exactly ``contents``, created after ``since()``.

        ``since`` is evaluated once the list has been read.
        """
        whole = {"description": "", "metadata": "", "labels": {}, **contents}
        listed = self._listing().read_all(patience)
        earliest = since() + self._clock_offset() - _CLOCK_SLACK
        with self._lock:
            return [b for b in listed if b.contents == whole and b.created >= earliest and b.id not in self._claimed]

    def claim(self, backend: Backend) -> bool:
        """Note that one create of this process made a backend; return False if another create made it."""
        with self._lock:
            claimed = backend.id not in self._claimed
            self._claimed.add(backend.id)
        return claimed

    def _turn(self, contents: Contents) -> "_Turn":
        """Return the turn of these contents: identical creates run one by one, so an unclaimed match is ours."""
        with self._lock:
            return self._turns.setdefault(json.dumps(contents, sort_keys=True), _Turn())


class _Turn:
    """Lets one of several identical creates run at a time.

    The time that the earlier ones waited for ngrok counts as waited for the later ones, too.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waited = 0.0


class _Creation:
    """One create, from its first request until its outcome is known."""

    def __init__(self, creations: Creations, contents: Contents, patience: Patience) -> None:
        self._all = creations
        self._contents = contents
        self._patience = patience
        self._started = creations.clock(), time.monotonic()
        self._lost: NgrokError | None = None
        self._times_lost = 0

    def run(self) -> Backend:
        """Send the create until its outcome is known.

        Raises:
            FateUnknown: the outcome could not be found out.
            NgrokError: nothing was created.
        """
        try:
            while True:
                try:
                    return self._find_or_send()
                except NgrokError as error:
                    pause = draw_backoff(self._all.settings, self._times_lost)
                    enough = self._times_lost >= self._all.settings.max_attempts or not self._patience.allows(pause)
                    if enough or not is_lost(error):
                        raise
                    if pause > NOTICEABLE:
                        self._all.reporter.status(f"{error} Next attempt in {pause:.0f} s")
                self._patience.sleep(pause)
        except FateUnknown:
            raise
        except NgrokError as error:
            if self._lost is None:
                raise
            if isinstance(error, Cancelled):
                self._patience = Patience(0, at_once=True)  # for one last listing
            if found := self._find():
                return found
            why = self._lost if isinstance(error, Cancelled) else error
            raise FateUnknown(
                f"{why} No backend with these contents has appeared, but one may still appear."
            ) from error

    def _since(self) -> float:
        """Return when this began; the earlier of two values, in case this machine's clock was set back since."""
        then, began = self._started
        return min(then, self._all.clock() - (time.monotonic() - began))

    def _find_or_send(self) -> Backend:
        if self._lost and (found := self._find()):
            return found
        try:
            backend = self._all.send(self._contents, self._since, self._patience)
        except NgrokError as error:
            if is_lost(error):
                self._lost = error
                self._times_lost += 1
            raise
        if self._lost:
            self._tell_of_doubles(backend)
        return backend

    def _find(self) -> Backend | None:
        """Return the backend that a lost request has created, if there is one now."""
        try:
            matches = self._all.find_matches(self._contents, self._since, self._patience)
        except Cancelled:
            raise
        except NgrokError as error:
            raise FateUnknown(
                f"{self._lost} The backend may have been created, and the list of backends could not be read: {error}"
            ) from error
        if len(matches) > 1:
            ids = [backend.id for backend in matches]
            raise FateUnknown(
                f"{self._lost} Several backends with these contents have appeared since: {', '.join(ids)}."
            )
        if not matches or not self._all.claim(matches[0]):
            return None
        found = matches[0]
        if self._times_lost > 1:
            self._all.reporter.warn(
                f"The create of {found.id} was sent {self._times_lost} times without a response; if another "
                "backend with its contents appears that nobody else made, delete it"
            )
        return found

    def _tell_of_doubles(self, backend: Backend) -> None:
        """Warn if the lost request has arrived in the meantime and made a second backend."""
        try:
            doubles = self._all.find_matches(self._contents, self._since, self._patience)
        except NgrokError:
            return  # the backend is made and known, whatever the list says
        for double in doubles:
            self._all.reporter.warn(
                f"{double.id} has the contents of {backend.id} and appeared while its create was sent again; if "
                "nobody else made it, the lost request did: delete it"
            )
