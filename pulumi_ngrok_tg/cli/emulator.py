"""``pulumi-ngrok-tg emulator``: a local ngrok API."""

import threading

import click


@click.command()
@click.option("--port", default=4041, show_default=True, help="Port on 127.0.0.1; 0 picks a free one.")
@click.option("--api-key", "api_keys", multiple=True, help="Accept this key only; repeat for several accounts.")
def emulator(port: int, api_keys: tuple[str, ...]) -> None:
    """Serve a local ngrok API on loopback, for trying out and for tests.

    Without --api-key every key is accepted, each with an account of its own.
    """
    try:
        from pulumi_ngrok_tg.emulator import Emulator
    except ModuleNotFoundError as error:
        if error.name not in ("flask", "werkzeug"):
            raise
        raise click.ClickException("This needs an extra. Run: pip install 'pulumi-ngrok-tg[emulator]'") from error
    try:
        server = Emulator(port, api_keys)
    except SystemExit as error:  # how werkzeug ends when the port is taken
        raise click.ClickException(f"Port {port} on 127.0.0.1 is in use. Choose another with --port.") from error
    with server:
        click.echo(f"Serving ngrok's Tunnel Group Backends API on {server.url} (Ctrl-C ends it)")
        key = api_keys[0] if api_keys else "any-key"
        click.echo(f"Use it with: export NGROK_API_BASE_URL={server.url} NGROK_API_KEY={key}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopped.")
