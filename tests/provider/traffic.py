"""Changes that a program declares, as the engine makes them, and what is reported and requested for them."""

from typing import Any

from pulumi_ngrok_tg.api import references
from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from tests.provider.deployment import Deployment

WEB, NEW, HOST_A = {"app": "web"}, {"app": "new"}, {"app": "web", "host": "a"}
LISTS = [f"GET {collection.path}" for collection in references.LISTS.values()]
"""The requests for what refers to backends."""
CREATED = {"created_at": "2025-01-21T18:19:53Z"}


def start(deployment: Deployment, mode: str | None = None) -> TunnelGroupBackendProvider:
    deployment.config = {} if mode is None else {"pulumi-ngrok-tg:onTrafficLoss": mode}
    return deployment.start()


def diff(provider: TunnelGroupBackendProvider, backend: EmulatedBackend, news: dict[str, Any], **state: Any) -> None:
    """A change that a program declares, as the engine goes about it; the state is as it is at ngrok, or as given."""
    olds = {**CREATED, "labels": dict(backend.labels), "tunnels": [], **state}
    provider.check(olds, news)
    assert provider.diff(backend.id, olds, news).changes


def change(
    deployment: Deployment, backend: EmulatedBackend, labels: Any, mode: str | None = None, **state: Any
) -> None:
    """Another set of labels, in a provider process of its own."""
    diff(start(deployment, mode), backend, {"labels": labels}, **state)


def take_lines(deployment: Deployment) -> tuple[list[str], list[str]]:
    """The warnings and what else was said since the last look."""
    heard = deployment.heard
    told = list(heard.warnings), list(heard.infos)
    heard.warnings.clear()
    heard.infos.clear()
    return told


def take_paths(emulator: Emulator) -> list[str]:
    told = [f"{request.method} {request.path}" for request in emulator.requests]
    emulator.requests.clear()
    return told


def update(provider: TunnelGroupBackendProvider, backend: EmulatedBackend, labels: dict[str, str]) -> None:
    provider.update(backend.id, {**CREATED, "labels": dict(backend.labels)}, {"labels": labels})


def show(backend: EmulatedBackend) -> dict[str, Any]:
    """A backend as a page of LIST shows it, but for its tunnels."""
    return {"id": backend.id, "uri": "", "created_at": backend.created_at, "labels": dict(backend.labels)}
