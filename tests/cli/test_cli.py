"""The command ``pulumi-ngrok-tg``, as a user runs it."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import pulumi_ngrok_tg
from pulumi_ngrok_tg.cli.commands import cli
from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY

COMMAND = Path(sys.executable).parent / "pulumi-ngrok-tg"


@pytest.mark.parametrize("missing", ["click", "rich", "msgspec"])
@pytest.mark.parametrize(("command", "extra"), [("emulator", "emulator"), ("list", "cli")])
def test_a_missing_extra_is_named(missing: str, command: str, extra: str) -> None:
    if (missing, command) == ("msgspec", "list"):
        return  # which needs none
    program = f"import sys; sys.modules[{missing!r}] = None; from pulumi_ngrok_tg.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, command], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert re.search(rf"Run: pip install '?/.*\[{extra}\]'?$", done.stderr.strip())
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([COMMAND, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "Error: No space left on device\n")


def run_with(shell: str, emulator: Emulator, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a command line in a folder without a project; COMMAND is the command."""
    environment = {**os.environ, **emulator.environment, "NO_PROXY": "127.0.0.1", "COMMAND": str(COMMAND)}
    return subprocess.run(
        ["bash", "-c", shell], env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("arguments", ["--help", "list", "list --json", "import", "orphans --json", "delete bkdtg_1"])
def test_a_closed_output_is_one_line(emulator: Emulator, tmp_path: Path, arguments: str) -> None:
    done = run_with(f"$COMMAND {arguments} >&-", emulator, tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert done.stderr.startswith("Error: The standard output is closed")
    assert run_with(f"$COMMAND {arguments} >&- 2>&-", emulator, tmp_path).returncode == 1


@pytest.mark.parametrize("arguments", ["list", "list --json", "list --tunnels --references", "list --help"])
def test_a_closed_pipe_is_no_traceback(emulator: Emulator, tmp_path: Path, arguments: str) -> None:
    for n in range(300):
        emulator.account(KEY).create({"labels": {"n": str(n)}, "metadata": "x" * 1000})
    done = run_with(f"$COMMAND {arguments} | head -c 1", emulator, tmp_path)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1
    done = run_with(f"$COMMAND {arguments} | true; exit ${{PIPESTATUS[0]}}", emulator, tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)  # 0 if all of it was written before the pipe was closed


@pytest.mark.parametrize("command", [[], *([name] for name in cli.commands)], ids=str)
def test_help_fits_80_columns_and_breaks_no_option(command: list[str]) -> None:
    shown = subprocess.run(
        [COMMAND, *command, "--help"],
        env={**os.environ, "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert not re.findall(r"\S*[a-z]-$", shown, re.MULTILINE)


def test_both_ways_print_the_version() -> None:
    said = subprocess.run([COMMAND, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert said == f"pulumi-ngrok-tg, version {pulumi_ngrok_tg.__version__}\n"
    assert pulumi_ngrok_tg.__version__ == version("pulumi-ngrok-tg")
