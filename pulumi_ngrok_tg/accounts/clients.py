"""Makes the client of an account from its settings."""

import hashlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.api.account_settings import AccountSettings

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.call import Cancellation
    from pulumi_ngrok_tg.api.client import Client
    from pulumi_ngrok_tg.api.reporting import Reporter


class Clients:
    """The clients of a process, one for each account, so that all threads share its connections, pace and reads.

    Args:
        make: makes a client from an account's settings.
    """

    def __init__(self, make: Callable[[AccountSettings], "Client"]) -> None:
        self._make = make
        self._made: dict[AccountSettings, Client] = {}
        self._lock = threading.Lock()

    def get(self, settings: AccountSettings) -> "Client":
        """Return the client of an account."""
        with self._lock:
            if settings not in self._made:
                self._made[settings] = self._make(settings)
            return self._made[settings]


class Account:
    """An account that a program names.

    Args:
        name: the account's name; None is the default account.
        get_config: returns the stack's config value for a full key such as ``ngrok:apiKey``, or None.
        clients: the clients of this process.

    Raises:
        stack_config.ConfigError: a setting is missing or malformed.
    """

    def __init__(self, name: str | None, get_config: stack_config.GetConfig, clients: Clients) -> None:
        settings = stack_config.read_settings(get_config, name)
        self.source = stack_config.locate(get_config, name)
        self.client = clients.get(settings)
        self.fingerprint = take_fingerprint(settings.api_key, settings.base_url)


def connect(settings: AccountSettings, reporter: "Reporter", cancellation: "Cancellation | None" = None) -> "Client":
    """Make a client; ``cancellation`` ends all its waiting."""
    from pulumi_ngrok_tg.api.client import Client  # here, because a program that only declares needs no requests

    return Client(settings, reporter, cancellation)


def take_fingerprint(api_key: str, base_url: str) -> str:
    """Return eight hex digits that identify a key and an address without revealing them.

    ngrok responds "not found" both for a backend that is gone and for one of another account. So the state keeps which
    key, at which address, last saw each backend.
    """
    return hashlib.sha256(f"pulumi-ngrok-tg {base_url} {api_key}".encode()).hexdigest()[:8]
