"""How the calls of a provider end on a hostile server."""

import threading
from collections.abc import Callable
from typing import Any

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from pulumi_ngrok_tg.rules.advice import ProviderError
from tests.provider.deployment import Deployment
from tests.provider.hostile import HostileServer, Script

ID = "bkdtg_1"
STATE = {"labels": {"app": "web"}, "created_at": "2025-01-21T18:19:53Z"}
HOSTILE = {"max_wait_seconds": 0.1, "max_attempts": 2, "backoff": 0.001, "read_timeout": 0.5, "settle_pauses": (0.001,)}
BACKEND: dict[str, Any] = {
    "id": ID,
    "uri": "https://x",
    "created_at": "2100-01-01T00:00:00Z",
    "description": "",
    "metadata": "",
    "labels": {"app": "web"},
    "tunnels": [{"id": "tn_1", "uri": "https://x"}],
}
CALLS: dict[str, Callable[[TunnelGroupBackendProvider], object]] = {
    "create": lambda provider: provider.create({"labels": {"app": "web"}}),
    "refresh": lambda provider: provider.read(ID, {**STATE}),
    "get": lambda provider: provider.read(ID, {}),
    "update": lambda provider: provider.update(ID, {**STATE}, {"labels": {"app": "new"}}),
    "delete": lambda provider: provider.delete(ID, {**STATE}),
}


def outcomes(script: Script, *calls: str) -> tuple[HostileServer, list[Exception | None]]:
    """How the calls end that are made at the same time; each has to end."""
    with HostileServer(script) as server, Emulator() as unused:
        server.add(ID, labels={"app": "web"})
        provider = Deployment(unused, server.url, **HOSTILE).start()
        ended: list[Exception | None] = []

        def call(name: str) -> None:
            try:
                CALLS[name](provider)
                ended.append(None)
            except Exception as error:
                ended.append(error)

        threads = [threading.Thread(target=call, args=(name,), daemon=True) for name in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(ended) == len(calls), "a thread waits for ever"
    return server, ended


def assert_ours(error: Exception | None) -> None:
    if error is not None:
        assert isinstance(error, ProviderError), repr(error)
        assert str(error).isprintable()
        str(error).encode()
