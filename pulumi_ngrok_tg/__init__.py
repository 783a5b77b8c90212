"""Pulumi dynamic resource provider for ngrok's Tunnel Group Backends API."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_ngrok_tg.lookup import (
        get_tunnel_group_backend,
        get_tunnel_group_backend_output,
        get_tunnel_group_backends,
        get_tunnel_group_backends_output,
    )
    from pulumi_ngrok_tg.lookup_results import GetTunnelGroupBackendResult, GetTunnelGroupBackendsResult
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


if not TYPE_CHECKING:
    # On demand, so that the emulator, which needs nothing of Pulumi, does not wait for it.
    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = "resource" if name.startswith("Tunnel") else "lookup_results" if name.endswith("Result") else "lookup"
        return getattr(import_module(f"{__name__}.{home}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
