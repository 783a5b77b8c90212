"""Renders objects as the JSON of the API reference."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pulumi_ngrok_tg.emulator.store import REFERRERS, EmulatedAccount, EmulatedBackend, EmulatedReferrer, EmulatedTunnel

BACKENDS = "/backends/tunnel_group"
TUNNELS = "/tunnels"


_NEW: Mapping[str, dict[str, Any]] = {
    "failover_backends": {"backends": []},
    "weighted_backends": {"backends": {}},
    "https_edges": {"hostports": None, "routes": []},
    "tcp_edges": {"hostports": None, "backend": None},
    "tls_edges": {"hostports": None, "backend": None},
}
"""The fields of a new object of each collection."""


def render_page(
    base_url: str, collection: str, name: str, objects: list[dict[str, Any]], next_limit: int | None
) -> dict[str, Any]:
    """Return a page of a list; ``next_limit`` is None on the last one."""
    uri = f"{base_url}{collection}"
    following = urlencode({"before_id": objects[-1]["id"], "limit": next_limit}) if next_limit else None
    return {name: objects, "uri": uri, "next_page_uri": f"{uri}?{following}" if following else None}


def render_backend(backend: EmulatedBackend, account: EmulatedAccount, base_url: str) -> dict[str, Any]:
    """Return the backend as the API reference shows it."""
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
    """Return the tunnel as the API reference shows it: without the fields that are empty."""
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


def render_referrer(name: str, referrer: EmulatedReferrer, _: EmulatedAccount, base_url: str) -> dict[str, Any]:
    """Return an edge, or a failover or weighted backend, as the API reference shows it."""
    uri = f"{base_url}{REFERRERS[name].path}/{referrer.id}"
    common = {"created_at": referrer.created_at, "description": "", "metadata": ""}
    fields = {"id": referrer.id, "uri": uri, **common, **_NEW[name], **referrer.fields}
    if name == "https_edges":
        fields["routes"] = [
            {
                "id": f"edghtsrt_{referrer.id.partition('_')[2]}{number}",
                "edge_id": referrer.id,
                "uri": f"{uri}/routes/{number}",
                **common,
                "match_type": "path_prefix",
                "match": "/",
                "backend": None,
                **route,
            }
            for number, route in enumerate(fields["routes"] or ())
        ]
    return fields


def _ref(base_url: str, collection: str, id_: str) -> dict[str, str]:
    return {"id": id_, "uri": f"{base_url}{collection}/{id_}"}
