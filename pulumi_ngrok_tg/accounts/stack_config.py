"""Reads the configuration of an ngrok account from stack config and environment.

Account ``None`` reads ``ngrok:apiKey`` or NGROK_API_KEY, and ``ngrok:apiBaseUrl`` or NGROK_API_BASE_URL. ngrok's own
provider uses the same names, so both can share them in one stack. Account ``"eu"`` reads ``ngrok-eu:apiKey`` and
``ngrok-eu:apiBaseUrl``, and no environment variable, because the key there belongs to another account. All other
settings hold for all accounts and are under ``pulumi-ngrok-tg:``, as ngrok's provider rejects unknown ``ngrok:`` keys.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pulumi_ngrok_tg.api.account_settings import AccountSettings

GetConfig = Callable[[str], Any]
"""Returns a value of the stack's config by its full key, such as ``ngrok:apiKey``; None if it has none."""
DEFAULT_NAMESPACE = "ngrok"
"""The configuration namespace of the default account."""
OPTIONS = "pulumi-ngrok-tg"
"""The configuration namespace of the settings that hold for all accounts."""
ON_TRAFFIC_LOSS = f"{OPTIONS}:onTrafficLoss"
"""The setting for changes that stop traffic to tunnels: ``warn``, ``ignore`` or ``refuse``."""
ALLOW_INSECURE_HTTP = f"{OPTIONS}:allowInsecureHttp"
"""The setting that allows http:// to other machines. On the way, others can read the API key."""
_KEY_VARIABLE, _URL_VARIABLE = "NGROK_API_KEY", "NGROK_API_BASE_URL"
_VARIABLES = {
    _KEY_VARIABLE: f"{DEFAULT_NAMESPACE}:apiKey",
    _URL_VARIABLE: f"{DEFAULT_NAMESPACE}:apiBaseUrl",
    "PULUMI_NGROK_TG_ADOPT": None,
}
"""The environment variables, with the config key that comes before each."""
_ON_TRAFFIC_LOSS = ("warn", "ignore", "refuse")
_OF_ACCOUNT = ("apiBaseUrl", "apiKey")
_OF_PACKAGE = ("allowInsecureHttp", "maxAttempts", "maxConcurrency", "maxWaitSeconds", "onTrafficLoss")


@dataclass(frozen=True)
class Source:
    """Where the settings of an account come from, for messages."""

    account: str | None
    api_key: str
    """The config key or the environment variable of the API key, set or not."""
    base_url: str
    """The config key or the environment variable of the API's address, set or not."""

    @property
    def set_key(self) -> str:
        """How to set the key, for messages."""
        if self.api_key == _KEY_VARIABLE:
            return f"set {_KEY_VARIABLE}"
        return f"run `pulumi config set --secret {self.api_key}`"


class ConfigError(Exception):
    """A setting is missing or cannot be used. The message names it and what to do; it never quotes an API key."""


class MissingKey(ConfigError):
    """There is no API key."""


def find_namespace(account: str | None) -> str:
    """Return the configuration namespace of an account."""
    return f"{DEFAULT_NAMESPACE}-{account}" if account else DEFAULT_NAMESPACE


def locate(get: GetConfig, account: str | None) -> Source:
    """Return where the settings of an account come from.

    Args:
        get: returns the stack's config value for a full key such as ``ngrok:apiKey``, or None.
        account: the account's name; None is the default account.
    """

    def place(name: str, variable: str) -> str:
        key = f"{find_namespace(account)}:{name}"
        return variable if account is None and not get(key) and os.environ.get(variable) else key

    return Source(account, place("apiKey", _KEY_VARIABLE), place("apiBaseUrl", _URL_VARIABLE))


def read_settings(get: GetConfig, account: str | None) -> AccountSettings:
    """Read and check the settings of an account.

    Args:
        get: returns the stack's config value for a full key such as ``ngrok:apiKey``, or None.
        account: the account's name; None is the default account.

    Raises:
        ConfigError: a setting is missing or malformed.
    """
    prefix = find_namespace(account)

    def text(name: str, variable: str) -> str | None:
        value = get(f"{prefix}:{name}")
        return str(value) if value else (None if account else os.environ.get(variable) or None)

    source = locate(get, account)

    def number(name: str, default: int, least: int, most: int) -> int:
        value = get(f"{OPTIONS}:{name}")
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", str(value)) or not least <= int(value) <= most:
            raise ConfigError(f"{OPTIONS}:{name} must be a whole number from {least} to {most}.")
        return int(value)

    return AccountSettings(
        api_key=_check_key(source, text("apiKey", _KEY_VARIABLE)),
        base_url=_check_base_url(
            source.base_url,
            text("apiBaseUrl", _URL_VARIABLE) or AccountSettings.base_url,
            insecure=_read_flag(get, ALLOW_INSECURE_HTTP),
        ),
        max_attempts=number("maxAttempts", AccountSettings.max_attempts, 1, 100),
        max_wait_seconds=number("maxWaitSeconds", int(AccountSettings.max_wait_seconds), 0, 86_400),
        max_concurrency=number("maxConcurrency", AccountSettings.max_concurrency, 1, 64),
    )


def read_on_traffic_loss(get: GetConfig) -> str:
    """Read the setting for changes that stop traffic to tunnels: "warn" (the default), "ignore" or "refuse".

    Args:
        get: returns the stack's config value for a full key, or None.

    Raises:
        ConfigError: it is something else.
    """
    value = get(ON_TRAFFIC_LOSS)
    if value is None:
        return _ON_TRAFFIC_LOSS[0]
    if value not in _ON_TRAFFIC_LOSS:
        raise ConfigError(f'{ON_TRAFFIC_LOSS} must be "warn", "ignore" or "refuse".')
    return str(value)


def find_misspelled(keys: Iterable[str], account: object) -> Iterator[str]:
    """Yield a line for each key of a stack's config that is nearly a setting of this package, so it has no effect.

    In the account's namespace, where other packages have settings, too, only the case is checked.

    Args:
        keys: the keys of the config.
        account: the name of the resource's account; if it is not known, only the package's own settings are checked.
    """
    ours = find_namespace(account) if isinstance(account, str | None) else OPTIONS
    for key in keys:
        namespace, _, name = key.rpartition(":")
        known = _OF_PACKAGE if namespace == OPTIONS else _OF_ACCOUNT
        of_account = namespace == ours and name.lower() in map(str.lower, _OF_ACCOUNT)
        if (namespace == OPTIONS or of_account) and name not in known:
            settings = ", ".join(f"{namespace}:{one}" for one in known)
            yield f"{key} is not a setting. Remove it with `pulumi config rm {key}`, and set one of: {settings}."


def find_misspelled_variables(environment: Mapping[str, str], get: GetConfig) -> Iterator[str]:
    """Yield a line for each environment variable that is nearly one of this package, if that one is needed and not set.

    Args:
        environment: the variables.
        get: returns the stack's config value for a full key such as ``ngrok:apiKey``, or None.
    """
    for name in environment:
        given = name.upper()
        if name in _VARIABLES or not given.startswith(("NGROK_", "PULUMI_NGROK_")):
            continue
        if not given.startswith(tuple(f"{ours}_" for ours in _VARIABLES)):  # such as a user's own NGROK_API_KEY_EU
            for ours in get_close_matches(given, _VARIABLES, n=1, cutoff=0.8):
                if environment.get(ours) or ((key := _VARIABLES[ours]) and get(key)):
                    continue
                yield f"The environment variable {name} has no effect. If it is meant for this package, name it {ours}."


def find_problems(get: GetConfig, account: str | None) -> Iterator[ConfigError]:
    """Yield the error of the settings of an account, and of the setting for changes that stop traffic."""
    for read in (partial(read_settings, get, account), partial(read_on_traffic_loss, get)):
        try:
            read()
        except ConfigError as error:
            yield error


def _check_key(source: Source, key: str | None) -> str:
    if key is None:
        of = f" for the account {source.account!r}" if source.account else ""
        or_variable = "" if source.account else f", or set {_KEY_VARIABLE}"
        raise MissingKey(
            f"No ngrok API key is configured{of}. Run `pulumi config set --secret {source.api_key}`{or_variable}."
        )
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigError(
            f"The ngrok API key in {source.api_key} holds whitespace, a line break or another character that no API "
            f"key has. Copy it again and {source.set_key}."
        )
    return key


def _read_flag(get: GetConfig, key: str) -> bool:
    value = get(key)
    if str(value).lower() not in ("true", "false", "none"):
        raise ConfigError(f"{key} must be true or false.")
    return str(value).lower() == "true"


def _check_base_url(name: str, url: str, insecure: bool) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, 0
    if not host or port == 0 or parts.scheme not in ("https", "http"):
        raise ConfigError(f"{name} must be a URL such as {AccountSettings.base_url}.")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(f"{name} must hold a scheme, a host and at most a port and a path, and nothing else.")
    if parts.scheme == "http" and not (insecure or _is_loopback(host)):
        raise ConfigError(
            f"{name} must use https://: over http:// to {host} the API key could be read on the way. For a test API in "
            f"a network of your own, a stack can allow it: `pulumi config set {ALLOW_INSECURE_HTTP} true`."
        )
    # In one form, because proxy settings and the origin of a page are compared with it.
    at = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{at}{f':{port}' if port not in (None, default) else ''}{parts.path.rstrip('/')}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
