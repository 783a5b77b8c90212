"""The emulator for programs and tests."""

import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Any, Concatenate, ParamSpec

from pulumi_ngrok_tg.emulator.application import Application
from pulumi_ngrok_tg.emulator.http import HttpServer
from pulumi_ngrok_tg.emulator.log import Log, Request
from pulumi_ngrok_tg.emulator.seed import Seed, check_seeds
from pulumi_ngrok_tg.emulator.service import Service
from pulumi_ngrok_tg.emulator.settings_and_faults import Fault, Settings
from pulumi_ngrok_tg.emulator.store import EmulatedAccount

_LOCAL = "127.0.0.1"
_LOOPBACK = re.compile(r"127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_Fields = ParamSpec("_Fields")


def _takes(
    kind: Callable[_Fields, Any],
) -> Callable[[Callable[..., None]], "Callable[Concatenate[Emulator, _Fields], None]"]:
    """Tell type checkers that a method takes the fields of a type."""
    return lambda method: method


class Emulator:
    """A local ngrok API server, for use in a ``with`` block or through :meth:`start` and :meth:`stop`.

    Args:
        port: TCP port; 0 picks a free one.
        api_keys: the accepted keys, each with an account of its own. Empty: every key is accepted; with a ``host`` that
            is not this machine, only a made-up one, :attr:`api_key`.
        backends: the backends that every account begins with, as in the API's list. Those without an id are the newest.
        referrers: what refers to backends at first, in the form of the API's lists, by ``failover_backends``,
            ``weighted_backends``, ``https_edges``, ``tcp_edges`` and ``tls_edges``.
        host: the name or IPv4 address that clients use. If it is neither ``localhost`` nor a loopback address, the
            server listens on all IPv4 interfaces.
        hear: called with each API request when its response is ready, from many threads. What it raises is printed.

    Raises:
        OSError: the port cannot be listened on.
        ValueError: the host, the port, a key or a backend is not valid.
    """

    def __init__(
        self,
        port: int = 0,
        api_keys: Sequence[str] = (),
        backends: Sequence[Mapping[str, Any] | Seed] = (),
        referrers: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
        *,
        host: str = _LOCAL,
        hear: Callable[[Request], None] | None = None,
    ) -> None:
        if not re.fullmatch("[A-Za-z0-9_.-]+", host):
            raise ValueError(f"A host is a name or an IPv4 address, without a port; {host!r} is not.")
        local = host == "localhost" or _LOOPBACK.fullmatch(host)
        keys = api_keys or (() if local else (secrets.token_hex(16),))  # others can reach it
        self._make_service = partial(Service, keys, check_seeds(backends, referrers))
        self._service = self._make_service()
        self._host = host
        self._hear = hear
        address = "0.0.0.0" if not local else _LOCAL if host == "localhost" else host  # noqa: S104
        self._servers = [HttpServer(address, port)]
        with suppress(OSError):  # if there is no IPv6, or the port is taken there
            self._servers.append(HttpServer("::1", self.port))
        self._serve()
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in self._servers
        ]

    @property
    def port(self) -> int:
        """The TCP port."""
        return self._servers[0].port

    @property
    def url(self) -> str:
        """The base URL, such as ``http://127.0.0.1:4041``."""
        return f"http://{self._host}:{self.port}"

    @property
    def api_key(self) -> str:
        """A key that is accepted."""
        return self._service.api_key

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which a stack or the command uses this server."""
        return {"NGROK_API_BASE_URL": self.url, "NGROK_API_KEY": self.api_key}

    @property
    def settings(self) -> Settings:
        """How the API behaves; :meth:`set` changes it."""
        return self._service.settings

    @property
    def faults(self) -> list[Fault]:
        """The faults that were added, also those that requests have met."""
        return self._service.faults

    @property
    def requests(self) -> Log:
        """Every API request so far, in the order of the responses."""
        return self._service.requests

    @property
    def peak(self) -> int:
        """The largest number of API requests handled at once so far; set it to 0 to start again."""
        return self._service.peak

    @peak.setter
    def peak(self, value: int) -> None:
        self._service.peak = value

    @property
    def lock(self) -> threading.RLock:
        """Held while anything of the above, or of an account, is read or changed."""
        return self._service.lock

    def account(self, key: str) -> EmulatedAccount:
        """Return what the account of ``key`` holds; it comes into being at first use."""
        return self._service.account(key)

    def rotate_key(self, old: str, new: str) -> None:
        """Give the account of one key to another one from now on, and to that alone."""
        self._service.rotate_key(old, new)

    @_takes(Settings)
    def set(self, /, **settings: Any) -> None:
        """Change some of the :class:`Settings`; change none of them if one is not valid.

        Raises:
            ValueError: a setting is not valid; the message names it.
        """
        self._service.set(**settings)

    @_takes(Fault)
    def fault(self, /, **what: Any) -> None:
        """Add a :class:`Fault`.

        Raises:
            ValueError: a field is not valid; the message names it.
        """
        self._service.fault(**what)

    def clear(self) -> None:
        """Begin again: forget everything that has changed since the start. Responses that hang are sent at once."""
        self._stopping.set()
        self._service = self._make_service()
        self._serve()

    def _serve(self) -> None:
        """Let the servers respond with what the service holds; requests in flight keep the one before."""
        self._stopping = threading.Event()
        application = Application(self._service, self._host, self._stopping, self._hear)
        for server in self._servers:
            server.responder = application

    def check(self) -> None:
        """Raise AssertionError if no request has met a fault that was added, so that the test has shown nothing."""
        if unmet := self._service.find_unmet():
            raise AssertionError(f"No request has met {', '.join(map(repr, unmet))}.")

    @property
    def is_running(self) -> bool:
        """Whether it serves."""
        return any(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        """Serve in a thread of its own, until :meth:`stop`."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop serving; responses that hang are sent at once."""
        self._stopping.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            if thread.ident is not None:
                server.shutdown()
                thread.join()
            server.close()

    def __enter__(self) -> "Emulator":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
