"""A local ngrok API: serves the Tunnel Group Backends endpoints over HTTP.

It follows the API reference (https://ngrok.com/docs/api/resources/tunnel-group-backends) in routes, headers, status
codes and error codes. It can also be slow, enforce limits, fail and drop responses. It stands alone: it imports neither
Pulumi nor the client of this package. It needs the ``emulator`` extra.
"""

from pulumi_ngrok_tg.emulator.log import Log, Request
from pulumi_ngrok_tg.emulator.seed import Seed
from pulumi_ngrok_tg.emulator.server import Emulator
from pulumi_ngrok_tg.emulator.settings_and_faults import Fault, RateLimit, Settings
from pulumi_ngrok_tg.emulator.store import EmulatedAccount, EmulatedBackend, EmulatedReferrer, EmulatedTunnel

__all__ = [
    "EmulatedAccount",
    "EmulatedBackend",
    "EmulatedReferrer",
    "EmulatedTunnel",
    "Emulator",
    "Fault",
    "Log",
    "RateLimit",
    "Request",
    "Seed",
    "Settings",
]
