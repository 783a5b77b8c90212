"""The command ``pulumi-ngrok-tg``, as a user runs it."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import pulumi_ngrok_tg

COMMAND = Path(sys.executable).parent / "pulumi-ngrok-tg"


@pytest.mark.parametrize(("missing", "extra"), [("click", "cli"), ("rich", "cli"), ("msgspec", "emulator")])
def test_a_missing_extra_is_named(missing: str, extra: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from pulumi_ngrok_tg.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "emulator"], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert f"pip install './pulumi-ngrok-tg[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([COMMAND, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "Error: No space left on device\n")


def test_both_ways_print_the_version() -> None:
    said = subprocess.run([COMMAND, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert said == f"pulumi-ngrok-tg, version {pulumi_ngrok_tg.__version__}\n"
    assert pulumi_ngrok_tg.__version__ == version("pulumi-ngrok-tg")
