"""What the emulator holds and how it behaves: accounts, limits, faults, and the log of requests."""

import threading
from dataclasses import dataclass
from typing import Any

from werkzeug import Request as HttpRequest

from pulumi_ngrok_tg.emulator import endpoints
from pulumi_ngrok_tg.emulator.faults import Fault, RateLimit
from pulumi_ngrok_tg.emulator.store import Account


@dataclass(frozen=True)
class Request:
    """One API request as it arrived: for asserting what ngrok would have seen."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any
    status: int | None
    """The status of the response; None when the connection was dropped."""
    arrived: float
    """When it arrived, in seconds of the monotonic clock of the emulator's process."""
    ended: float
    """When its response was ready to leave, by the same clock."""


class World:
    """Everything of the emulator but its HTTP server; safe to share between threads.

    Args:
        api_keys: the keys that are accepted, each an account of its own. Empty: every key is accepted.
    """

    def __init__(self, api_keys: tuple[str, ...] = ()) -> None:
        self.latency = 0.0
        """Seconds that every API request takes longer."""
        self.rate_limit: RateLimit | None = None
        self.max_concurrency: int | None = None
        """Requests handled at once; beyond it ERR_NGROK_225."""
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        """Every API request so far, in the order of the responses."""
        self.peak = 0
        """The most API requests handled at once so far."""
        self.lock = threading.RLock()
        """Held while anything of the above, or of an account, is looked at or changed."""
        self._api_keys = set(api_keys)
        self._accounts = {key: Account() for key in api_keys}

    def account(self, key: str) -> Account:
        """Returns what the account of ``key`` holds; it comes into being at first use."""
        with self.lock:
            return self._accounts.setdefault(key, Account())

    def rotate_key(self, old: str, new: str) -> None:
        """Gives the account of one key to another one from now on, and to that alone."""
        with self.lock:
            self._accounts[new] = self._accounts.pop(old)
            self._api_keys = (self._api_keys - {old}) | {new}

    def fault(self, **what: Any) -> None:
        """Adds a :class:`Fault`."""
        with self.lock:
            self.faults.append(Fault(**what))

    def account_of(self, request: HttpRequest) -> Account:
        """Returns the account whose key the request carries, or raises ngrok's error."""
        key = endpoints.api_key(request)
        if self._api_keys and key not in self._api_keys:
            raise endpoints.unknown_key(key)
        return self.account(key)
