"""A local ngrok API: the Tunnel Group Backends endpoints over real HTTP, on loopback only.

It follows the API reference (https://ngrok.com/docs/api/resources/tunnel-group-backends) in routes, headers, status
codes and error codes, and can be told to be slow, to limit, to fail and to drop responses. It stands alone: nothing in
it knows Pulumi or the client of this package. Needs the ``emulator`` extra.
"""

from pulumi_ngrok_tg.emulator.log import Log, Request
from pulumi_ngrok_tg.emulator.seed import Seed
from pulumi_ngrok_tg.emulator.server import Emulator
from pulumi_ngrok_tg.emulator.settings import Fault, RateLimit, Settings
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
