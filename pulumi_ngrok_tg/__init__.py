"""Pulumi dynamic resource provider for ngrok's Tunnel Group Backends API."""

from pulumi_ngrok_tg.lookup import (
    GetTunnelGroupBackendResult,
    GetTunnelGroupBackendsResult,
    get_tunnel_group_backend,
    get_tunnel_group_backend_output,
    get_tunnel_group_backends,
    get_tunnel_group_backends_output,
)
from pulumi_ngrok_tg.resource import TunnelGroupBackend, TunnelRef

__all__ = [
    "GetTunnelGroupBackendResult",
    "GetTunnelGroupBackendsResult",
    "TunnelGroupBackend",
    "TunnelRef",
    "get_tunnel_group_backend",
    "get_tunnel_group_backend_output",
    "get_tunnel_group_backends",
    "get_tunnel_group_backends_output",
]
