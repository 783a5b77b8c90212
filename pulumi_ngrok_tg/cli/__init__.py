"""The command ``pulumi-ngrok-tg``."""

import io
import os
import sys

from pulumi_ngrok_tg.installation import explain_extra


def main() -> None:
    """Run the command, or say which extra it lacks."""
    try:
        _run()
        sys.stdout.flush()
    except OSError as error:  # a full disk, a closed terminal
        sys.stdout = None  # nothing more is written at the end
        os._exit(_say(f"Error: {error.strerror or error}"))
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> None:
    try:
        from pulumi_ngrok_tg.cli.commands import cli
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        extra = "emulator" if sys.argv[1:2] == ["emulator"] else "cli"
        sys.exit(f"The command needs an extra of this package. Run: {explain_extra(extra)}")
    if sys.stdout is None:
        sys.exit("Error: The standard output is closed. Redirect it to a file or to /dev/null.")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not have every character
    if sys.stdin is None:
        sys.stdin = io.StringIO()  # so that questions end the command instead of raising
    try:
        cli()
    except SystemExit:
        sys.stdout.flush()
        raise


def _say(line: str) -> int:
    """Print an error if that is still possible; return the exit code."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        pass
    return 1
