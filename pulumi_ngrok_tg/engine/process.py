"""What a provider process has once, although the engine may load the provider in it several times."""

import sys
from functools import cache
from typing import TYPE_CHECKING

from pulumi_ngrok_tg.accounts.clients import Clients, connect
from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.call import Cancellation
from pulumi_ngrok_tg.engine import dynamic_server, liveness
from pulumi_ngrok_tg.engine.log import EngineLog
from pulumi_ngrok_tg.engine.operation import Operation

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client


LOG = EngineLog(dynamic_server.find_server())
_ENGINE = sys.argv[1] if dynamic_server.find_server() and len(sys.argv) > 1 else None
"""The engine's address; None in any other process than the dynamic provider server."""
_CANCELLATION = Cancellation(lambda: _ENGINE is not None and not liveness.is_listening(_ENGINE))
_WORKERS = 512  # more than the calls that the engine makes at once; threads start when needed


def prepare_server(kinds: tuple[type[BaseException], ...]) -> None:
    """Make the dynamic provider server show errors of these kinds in one line, pass on differences, and obey Ctrl-C."""
    server = dynamic_server.find_server()
    dynamic_server.show_as_one_line(server, kinds)
    dynamic_server.show_differences(server)
    dynamic_server.watch_cancel(server, _CANCELLATION.cancel)
    _watch_engine()


@cache  # the engine may load the provider several times
def _watch_engine() -> None:
    if _ENGINE is not None:
        liveness.end_with(_ENGINE)


def _make_client(settings: AccountSettings) -> "Client":
    # Calls that wait for a limit must not delay other calls or the engine's Cancel.
    dynamic_server.raise_worker_cap(_WORKERS)
    return connect(settings, LOG, _CANCELLATION)


CLIENTS = Clients(_make_client)
RUN = Operation()
