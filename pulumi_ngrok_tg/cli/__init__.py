"""The command ``pulumi-ngrok-tg``."""

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
    cli()
