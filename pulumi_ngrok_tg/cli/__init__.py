"""The command ``pulumi-ngrok-tg``."""

import io
import sys


def main() -> None:
    """Runs the command, or says which extra it lacks."""
    try:
        from pulumi_ngrok_tg.cli.commands import cli
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        sys.exit(
            "This needs an extra. Run: pip install 'pulumi-ngrok-tg[cli]' "
            "(for the emulator, pip install 'pulumi-ngrok-tg[emulator]')"
        )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not have every character
    try:
        cli()
    except OSError as error:  # a full disk, a closed terminal
        sys.exit(f"Error: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(130)
