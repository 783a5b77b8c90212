"""Listings that many callers share."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from math import inf
from typing import Any

from pulumi_ngrok_tg.api.call import Call
from pulumi_ngrok_tg.api.errors import NgrokError
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import Item


class _Latest:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = -inf  # when the first page was requested, or when it failed
        self.outcome: Any = None


class Snapshots:
    """The latest listings; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: defaultdict[object, _Latest] = defaultdict(_Latest)

    def read(
        self, call: Call, key: object, since: float, begin: Callable[[], Listing[Item]], most: float
    ) -> tuple[Item, ...]:
        """Return ``most`` objects of a listing that was requested at a moment of the monotonic clock or later.

        Begin one if there is none. Callers with equal keys share it, or the error that ended it; the error's ``listed``
        holds what had been read.
        """
        with self._lock:
            latest = self._latest[key]
        with call.hold(latest.lock):
            if latest.outcome is None or latest.at < since:
                found: list[Item] = []
                try:
                    for page in begin().read_pages(call):
                        latest.at = latest.at if found else call.sent  # later pages may have waited for a limit
                        found += page
                        if len(found) >= most:
                            break
                    latest.outcome = tuple(found)
                except NgrokError as error:
                    error.listed = (*found, *error.listed)
                    latest.at, latest.outcome = time.monotonic(), error
            if isinstance(latest.outcome, NgrokError):
                raise latest.outcome
            listed: tuple[Item, ...] = latest.outcome
            return listed
