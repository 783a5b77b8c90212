"""The emulator without its HTTP server: accounts, limits, faults, and the log of requests."""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from pulumi_ngrok_tg.emulator import body, endpoints
from pulumi_ngrok_tg.emulator.errors import ErrorResponse, make_error
from pulumi_ngrok_tg.emulator.log import Log
from pulumi_ngrok_tg.emulator.messages import HttpRequest
from pulumi_ngrok_tg.emulator.seed import Seeds
from pulumi_ngrok_tg.emulator.settings_and_faults import Fault, RateLimit, Settings, convert
from pulumi_ngrok_tg.emulator.store import EmulatedAccount, IdSource


class Service:
    """The emulator without its HTTP server; safe to share between threads.

    Args:
        api_keys: the accepted keys, each with an account of its own. Empty: every key is accepted.
        seeds: what every account begins with. Backends without an id are the newest.

    Raises:
        ValueError: a key or a backend is not valid.
    """

    def __init__(self, api_keys: Sequence[str], seeds: Seeds) -> None:
        self.settings = Settings()
        """How the API behaves; :meth:`set` changes it."""
        self.faults: list[Fault] = []
        self._met: list[Fault] = []
        self.requests = Log()
        """Every API request so far, in the order of the responses."""
        self.peak = 0
        """The largest number of API requests handled at once so far."""
        self.lock = threading.RLock()
        """Held while any of the above, or an account, is read or changed."""
        self._api_keys = tuple(api_keys)
        for key in self._api_keys:
            if isinstance(api_keys, str) or not isinstance(key, str) or not re.fullmatch(r"[!-~]+", key):
                raise ValueError(
                    f"API keys are words of printable ASCII; {api_keys if isinstance(api_keys, str) else key!r} is not."
                )
        self._seeds = seeds
        for number, one in enumerate(seeds.backends, 1):
            try:
                body.check_contents(one.contents(), self.settings)
            except ErrorResponse as error:
                raise ValueError(f"Backend {one.id or number}: {error.message}") from error
        EmulatedAccount.of(seeds, self.lock)  # raises for seeds that are not valid
        self._accounts: dict[str, EmulatedAccount] = {}
        self._operations = IdSource()
        self._in_flight = 0

    @property
    def api_key(self) -> str:
        """A key that is accepted."""
        return self._api_keys[0] if self._api_keys else "any-key"

    def account(self, key: str) -> EmulatedAccount:
        """Return the account of ``key``; create it at the first use."""
        with self.lock:
            if key not in self._accounts:
                self._accounts[key] = EmulatedAccount.of(self._seeds, self.lock)
            return self._accounts[key]

    def authenticate(self, request: HttpRequest) -> EmulatedAccount:
        """Return the account whose key the request carries, or raise ngrok's error."""
        key = endpoints.read_api_key(request)
        if self._api_keys and key not in self._api_keys:
            raise make_error(203, token=key)
        return self.account(key)

    def rotate_key(self, old: str, new: str) -> None:
        """Give the account of one key to another one from now on, and to that alone."""
        with self.lock:
            account = self.account(old)
            del self._accounts[old]
            self._accounts[new] = account
            self._api_keys = (*(key for key in self._api_keys if key != old), new)

    def set(self, /, **settings: Any) -> None:
        """Change some of the :class:`Settings`; change none of them if one is not valid.

        Raises:
            ValueError: a setting is not valid; the message names it.
        """
        with self.lock:
            self.settings = convert(Settings, {**msgspec.structs.asdict(self.settings), **settings})
            if "rate_limit" in settings:
                for account in self._accounts.values():
                    account.admitted.clear()

    def fault(self, /, **what: Any) -> None:
        """Add a :class:`Fault`.

        Raises:
            ValueError: a field is not valid; the message names it.
        """
        fault = convert(Fault, what)
        self.add_fault(fault)

    def add_fault(self, fault: Fault) -> None:
        """Add a fault."""
        with self.lock:
            self.faults.append(fault)

    def find_unmet(self) -> list[Fault]:
        """Return the faults that no request has met."""
        with self.lock:
            return [fault for fault in self.faults if not self._is_met(fault)]

    def _is_met(self, fault: Fault) -> bool:
        return any(fault is met for met in self._met)  # equal faults may differ in this

    def take_fault(self, request: HttpRequest) -> Fault:
        """Return the fault that the request meets, and count it; if there is none, one without effect."""
        with self.lock:
            for fault in self.faults:
                if fault.take(request.method, request.path):
                    if not self._is_met(fault):
                        self._met.append(fault)
                    return fault
            return Fault()

    def make_operation_id(self) -> str:
        """Return the id of a new operation."""
        with self.lock:
            return self._operations.make("op")

    @contextmanager
    def hold_place(self) -> Iterator[bool]:
        """Take one of the places for requests that are handled at once; yield False if all are taken."""
        with self.lock:
            most = self.settings.max_concurrency
            free = most is None or self._in_flight < most
            self._in_flight += free
            self.peak = max(self.peak, self._in_flight)
        try:
            yield free
        finally:
            with self.lock:
                self._in_flight -= free

    def admit(self, account: EmulatedAccount) -> None:
        """Count a request of the account, or raise ngrok's error if it exceeds the rate limit."""
        limit = self.settings.rate_limit
        if limit is None:
            return
        now = time.monotonic()
        while account.admitted and account.admitted[0] <= now - limit.seconds:
            account.admitted.popleft()
        if len(account.admitted) >= limit.requests:
            raise _make_limit_error(limit)
        account.admitted.append(now)


def _make_limit_error(limit: RateLimit) -> ErrorResponse:
    headers = {} if limit.retry_after is None else {"Retry-After": limit.retry_after}
    return make_error(226, headers, max=limit.requests, interval=f"{limit.seconds:g}s")
