"""What a provider process has once, although the engine may load the provider in it several times."""

from typing import TYPE_CHECKING

from pulumi_ngrok_tg.accounts.clients import Clients, connect
from pulumi_ngrok_tg.api.cancellation import Cancellation
from pulumi_ngrok_tg.api.settings import AccountSettings
from pulumi_ngrok_tg.engine import upstream
from pulumi_ngrok_tg.engine.log import EngineLog
from pulumi_ngrok_tg.engine.run import Run

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client

LOG = EngineLog(upstream.find_server())
_CANCELLATION = Cancellation()
_WORKERS = 512  # more than the calls that the engine makes at once; threads start when needed


def prepare_server(kinds: tuple[type[BaseException], ...]) -> None:
    """Make the dynamic provider server show errors of these kinds in one line, pass on differences, and obey Ctrl-C."""
    server = upstream.find_server()
    upstream.show_as_one_line(server, kinds)
    upstream.show_differences(server)
    upstream.watch_cancel(server, _CANCELLATION.cancel)


def _make_client(settings: AccountSettings) -> "Client":
    # Calls that wait for a limit must not delay other calls or the engine's Cancel.
    upstream.raise_worker_cap(_WORKERS)
    return connect(settings, LOG, _CANCELLATION)


CLIENTS = Clients(_make_client)
RUN = Run()
