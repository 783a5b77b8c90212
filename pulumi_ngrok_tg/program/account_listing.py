"""Lists an account once for all look-ups of a program's run."""

import re
import threading
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import get_config
from pulumi.runtime.settings import get_monitor

from pulumi_ngrok_tg.accounts.clients import Account, Clients, connect
from pulumi_ngrok_tg.api.models import BACKENDS, Backend

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client

EVER = float("-inf")
"""Before everything: the result may be of any age."""


class ListedAccount:
    """An account for all look-ups of one run; safe to share between threads."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def find_carrying(self, labels: Mapping[str, str], after: float) -> list[Backend]:
        """Return the backends that carry all of these labels, no older than ``after``."""
        listed = self._client.list(BACKENDS, max_age=time.monotonic() - after)
        return [backend for backend in listed if labels.items() <= backend.labels.items()]

    def read(self, id_: str, after: float) -> Backend:
        """Return a backend by its id, no older than ``after``."""
        return self._client.read(id_) if after == EVER else self._client.get(id_)


_runs: weakref.WeakKeyDictionary[Any, dict[str | None, ListedAccount]] = weakref.WeakKeyDictionary()
"""The accounts of each run of a program, by name."""
_lock = threading.Lock()


def find_account(name: str | None) -> ListedAccount:
    """Return an account by its name, the same for all look-ups of a run.

    Raises:
        config.ConfigError: a setting is missing or malformed.
    """
    with _lock:
        accounts = _runs.setdefault(get_monitor(), {})
        if name not in accounts:
            clients = Clients(lambda settings: connect(settings, _PulumiLog()))
            accounts[name] = ListedAccount(Account(name, get_config, clients).client)
        return accounts[name]


class _PulumiLog:
    """Pulumi's log as a :class:`~pulumi_ngrok_tg.api.reporting.Reporter`."""

    def debug(self, line: str) -> None:
        pulumi.log.debug(re.sub(r"bkdtg_\w+", "bkdtg_...", line))  # the id may be a secret in the program

    def status(self, line: str) -> None:
        pulumi.log.info(line, ephemeral=True)

    def info(self, line: str) -> None:
        pulumi.log.info(line)

    def warn(self, line: str) -> None:
        pulumi.log.warn(line)
