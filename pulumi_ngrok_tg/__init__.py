"""Pulumi dynamic resource provider for ngrok's Tunnel Group Backends API."""

from pulumi_ngrok_tg.resource import TunnelGroupBackend, TunnelRef

__all__ = ["TunnelGroupBackend", "TunnelRef"]
