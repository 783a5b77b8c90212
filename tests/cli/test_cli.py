"""The command ``pulumi-ngrok-tg``, as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).parent / "pulumi-ngrok-tg"


@pytest.mark.parametrize(("missing", "extra"), [("click", "cli"), ("rich", "cli"), ("msgspec", "emulator")])
def test_a_missing_extra_is_named(missing: str, extra: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from pulumi_ngrok_tg.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "emulator"], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert f"pip install 'pulumi-ngrok-tg[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_version_are_there() -> None:
    said = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    assert "emulator" in said
    assert subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True).stdout.strip()
