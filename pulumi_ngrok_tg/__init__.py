"""Pulumi dynamic resource provider for ngrok's Tunnel Group Backends API.

These are public: the names below, :mod:`pulumi_ngrok_tg.emulator`, :mod:`pulumi_ngrok_tg.policy`, the pytest fixtures
``ngrok_emulator``, ``ngrok_emulator_settings`` and ``ngrok_emulator_factory``, and the commands ``pulumi-ngrok-tg`` and
``pulumi-ngrok-tg-policy``. All other modules are internal.
"""

from importlib import import_module
from importlib.metadata import version
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

    __version__: str

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


_MODULES = {
    "GetTunnelGroupBackendResult": "lookup_results",
    "GetTunnelGroupBackendsResult": "lookup_results",
    "TunnelGroupBackend": "resource",
    "TunnelRef": "resource",
    "get_tunnel_group_backend": "lookup",
    "get_tunnel_group_backend_output": "lookup",
    "get_tunnel_group_backends": "lookup",
    "get_tunnel_group_backends_output": "lookup",
}

if not TYPE_CHECKING:
    # On demand, so that the emulator does not wait for Pulumi, which it does not need.
    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return version("pulumi-ngrok-tg")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
