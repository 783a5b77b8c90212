"""Stands in for the engine: makes its calls on the real provider, from many threads, and keeps its state."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pulumi.dynamic import Config, ConfigureRequest

from pulumi_ngrok_tg.accounts.clients import Clients, connect
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from tests.conftest import KEY
from tests.facts import declare
from tests.reporter import Heard
from tests.serving import serve

COLLECTION = "/backends/tunnel_group"
THREADS = 8
URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/ngrok:TunnelGroupBackend::"
LONG_AGO = "2025-01-21T18:19:53Z"
QUICK: Mapping[str, Any] = {
    "backoff": 0.01,
    "read_timeout": 0.4,
    "rate_window": 1.0,
    "max_wait_seconds": 10,
    "settle_pauses": (0.01, 0.02),
}
"""Settings that let a failure take milliseconds where users would have it take seconds."""


@dataclass
class Resource:
    """A backend in the state."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class Deployment:
    """The state of one stack, and the operations on it; each is a provider process of its own."""

    def __init__(self, emulator: Emulator, base_url: str | None = None, **settings: Any) -> None:
        self.emulator = emulator
        self.base_url = base_url
        """Where the program expects the API; None is the emulator."""
        self.key = KEY
        self.state: dict[str, Resource] = {}
        self.heard = Heard()
        self.settings = {**QUICK, **settings}
        self.config: dict[str, Any] = {}
        """The stack's config besides."""

    def up(self, wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Creates, updates and deletes what differs from ``wanted``; returns the errors by name."""
        served = self.start()
        inputs = {
            name: serve(f"{URN}{name}", partial(served.check, {}, declare(given))).inputs
            for name, given in wanted.items()
        }

        def apply(name: str) -> None:
            known = self.state.get(name)
            if known is None:
                made = serve(f"{URN}{name}", lambda: served.create(inputs[name]))
                assert made.outs is not None
                self.state[name] = Resource(made.id, inputs[name], made.outs)
            elif name not in inputs:
                served.delete(known.id, known.outputs)
                del self.state[name]
            elif served.diff(known.id, known.outputs, inputs[name]).changes:
                updated = serve(f"{URN}{name}", lambda: served.update(known.id, known.outputs, inputs[name]))
                assert updated.outs is not None
                self.state[name] = Resource(known.id, inputs[name], updated.outs)

        return self._for_each([*inputs, *(name for name in self.state if name not in inputs)], apply)

    def refresh(self) -> dict[str, str]:
        """Reads every backend; returns the errors by name."""
        served = self.start()

        def read(name: str) -> None:
            known = self.state[name]
            found = served.read(known.id, known.outputs)
            if not found.id:
                del self.state[name]
            else:
                assert found.outs is not None
                assert found.inputs is not None
                self.state[name] = Resource(found.id, found.inputs, found.outs)

        return self._for_each(list(self.state), read)

    def destroy(self) -> dict[str, str]:
        """Deletes every backend; returns the errors by name."""
        return self.up({})

    def age(self) -> None:
        """Make every backend in the state as old as most are: of a new one, ngrok's "not found" proves nothing."""
        for backend in self.emulator.account(self.key).backends.values():
            backend.created_at = LONG_AGO
        for resource in self.state.values():
            resource.outputs["created_at"] = LONG_AGO

    def assert_in_step(self) -> None:
        """The state holds exactly the backends of the API, with their contents: none lost, none twice."""
        backends = self.emulator.account(self.key).backends
        assert sorted(resource.id for resource in self.state.values()) == sorted(backends)
        for resource in self.state.values():
            backend = backends[resource.id]
            held = {name: resource.outputs[name] for name in ("description", "metadata", "labels")}
            assert held == {"description": backend.description, "metadata": backend.metadata, "labels": backend.labels}

    def calls(self) -> list[str]:
        """The methods of the API requests since the last look."""
        return self.emulator.requests.take().methods

    def start(self) -> TunnelGroupBackendProvider:
        """Starts a provider process."""
        started = TunnelGroupBackendProvider(
            Clients(lambda settings: connect(replace(settings, **self.settings), self.heard)), self.heard
        )
        account = {"ngrok:apiKey": self.key, "ngrok:apiBaseUrl": self.base_url or self.emulator.url}
        config = {**account, **self.config}
        started.configure(ConfigureRequest(Config(config, "test")))
        return started

    def _for_each(self, names: list[str], call: Callable[[str], None]) -> dict[str, str]:
        with ThreadPoolExecutor(THREADS) as pool:
            calls = {name: pool.submit(call, name) for name in names}
        errors = {name: done.exception() for name, done in calls.items()}
        return {name: str(error) for name, error in errors.items() if error is not None}


def backends(count: int, **more: Any) -> dict[str, dict[str, Any]]:
    """Inputs of so many different backends."""
    return {f"b{n}": {"description": f"number {n}", "labels": {"n": str(n)}, **more} for n in range(count)}
