"""``pulumi-ngrok-tg emulator``: a local ngrok API."""

import errno
import secrets
import shlex
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import click

from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.installation import explain_extra

if TYPE_CHECKING:
    from pulumi_ngrok_tg.emulator import Request


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=4041, show_default=True, help="0 picks a free one.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="NAME",
    help="The name or address that clients use, such as a container's. If it is neither localhost nor a loopback "
    "address, the server listens on all IPv4 interfaces.",
)
@click.option("--api-key", "api_keys", multiple=True, help="Accept only this key; repeat for several.")
@click.option("--latency", type=click.FloatRange(0, 86_400), default=0, help="Seconds that every request takes longer.")
@click.option(
    "--realistic", is_flag=True, help="Limit the requests of an account as ngrok does: 120 in any 60 seconds."
)
@click.option("--log", is_flag=True, help="Print a line for each request.")
@click.option(
    "--seed",
    type=click.File("rb"),
    help="JSON file of the backends that every account begins with, in the form of `pulumi-ngrok-tg list --json`.",
)
def emulator(
    port: int, host: str, api_keys: tuple[str, ...], latency: float, realistic: bool, seed: BinaryIO | None, log: bool
) -> None:
    """Serve a local ngrok API, for trying out and for tests.

    Each key has an account of its own. Without --api-key, the server accepts every key. But with --seed, or with a
    --host that is not this machine, it makes up a key, prints it and accepts no other.

    \b
    Examples:
      pulumi-ngrok-tg emulator
      pulumi-ngrok-tg emulator --latency 0.1 --realistic --log
      pulumi-ngrok-tg emulator --host ngrok-emulator
      pulumi-ngrok-tg list --json > backends.json
      pulumi-ngrok-tg emulator --seed backends.json
    """
    try:
        from pulumi_ngrok_tg.emulator import Emulator, RateLimit
        from pulumi_ngrok_tg.emulator.seed import Seeds, from_json
    except ModuleNotFoundError as error:
        if error.name != "msgspec":
            raise
        line = f"The emulator needs an extra of this package. Run: {explain_extra('emulator')}"
        raise click.ClickException(line) from error
    try:
        seeds = from_json(seed.read()) if seed else Seeds([])
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--seed") from error
    try:
        made_up = () if seed is None else (secrets.token_hex(16),)
        server = Emulator(
            port,
            api_keys or made_up,
            seeds.backends,
            seeds.get_referrers(),
            host=host,
            hear=_print_request if log else None,
        )
        server.set(latency=latency, rate_limit=RateLimit() if realistic else None)
    except OSError as error:
        raise click.ClickException(_unavailable(port, error)) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    with server:
        click.echo(f"Serving ngrok's Tunnel Group Backends API on {server.url} (Ctrl-C ends it)")
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in server.environment.items())
        click.echo(f"Use it with: export {settings}")
        ended.wait()
    click.echo("Stopped.")


def _print_request(request: "Request") -> None:
    taken = (request.ended - request.arrived) * 1000
    line = escape(f"{request.method} {request.path} {request.status or 'no response'}")
    with suppress(OSError):  # nobody reads it any more
        click.echo(f"{line} {taken:.0f} ms")


def _unavailable(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use. Choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that you do not have. Choose one from 1024 up with --port."
    return f"Port {port} cannot be listened on ({error.strerror}). Choose another with --port."
