"""The JSON of the emulated API: what it holds, as the API reference shows it."""

from typing import Any
from urllib.parse import urlencode

from pulumi_ngrok_tg.emulator.store import EmulatedAccount, EmulatedBackend, EmulatedTunnel

BACKENDS = "/backends/tunnel_group"
TUNNELS = "/tunnels"


def render_page(
    base_url: str, collection: str, name: str, objects: list[dict[str, Any]], next_limit: int | None
) -> dict[str, Any]:
    """Returns a page of a list; ``next_limit`` is None on the last one."""
    uri = f"{base_url}{collection}"
    following = urlencode({"before_id": objects[-1]["id"], "limit": next_limit}) if next_limit else None
    return {name: objects, "uri": uri, "next_page_uri": f"{uri}?{following}" if following else None}


def render_backend(backend: EmulatedBackend, account: EmulatedAccount, base_url: str) -> dict[str, Any]:
    """Returns the backend as the API reference shows it."""
    return {
        "id": backend.id,
        "uri": f"{base_url}{BACKENDS}/{backend.id}",
        "created_at": backend.created_at,
        "description": backend.description,
        "metadata": backend.metadata,
        "labels": backend.labels,
        "tunnels": [_ref(base_url, TUNNELS, tunnel.id) for tunnel in account.find_tunnels(backend)],
    }


def render_tunnel(tunnel: EmulatedTunnel, account: EmulatedAccount, base_url: str) -> dict[str, Any]:
    """Returns the tunnel as the API reference shows it: without the fields that are empty."""
    shown = {
        "id": tunnel.id,
        "started_at": tunnel.started_at,
        "region": "us",
        "tunnel_session": _ref(base_url, "/tunnel_sessions", tunnel.session),
        "labels": tunnel.labels,
        "backends": [_ref(base_url, BACKENDS, backend.id) for backend in account.find_backends(tunnel)],
        "forwards_to": tunnel.forwards_to,
    }
    return {name: value for name, value in shown.items() if value}


def _ref(base_url: str, collection: str, id_: str) -> dict[str, str]:
    return {"id": id_, "uri": f"{base_url}{collection}/{id_}"}
