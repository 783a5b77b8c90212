"""The command ``pulumi-ngrok-tg``, as a user runs it."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

COMMAND = Path(sys.executable).parent / "pulumi-ngrok-tg"


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [COMMAND, "emulator", "--port", "0", *request.param],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("Serving ngrok's Tunnel Group Backends API on http://127.0.0.1:")
    return line.split(" on ")[1].split()[0]


def status(url: str, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}", "Ngrok-Version": "2"}
    return requests.get(f"{url}/backends/tunnel_group", headers=headers, timeout=10).status_code


@pytest.mark.parametrize("emulator", [()], indirect=True)
def test_the_emulator_serves_any_key_until_it_is_interrupted(emulator: subprocess.Popen[str]) -> None:
    url = url_of(emulator)
    assert emulator.stdout
    assert f"export NGROK_API_BASE_URL={url} NGROK_API_KEY=any-key" in emulator.stdout.readline()
    assert status(url, "any-key") == 200
    emulator.send_signal(signal.SIGINT)
    said, _ = emulator.communicate(timeout=20)
    assert said == "\nStopped.\n" or said == "Stopped.\n"
    assert emulator.returncode == 0


@pytest.mark.parametrize("emulator", [("--api-key", "one", "--api-key", "two")], indirect=True)
def test_the_emulator_serves_the_named_keys_only(emulator: subprocess.Popen[str]) -> None:
    url = url_of(emulator)
    assert emulator.stdout
    assert emulator.stdout.readline().endswith("NGROK_API_KEY=one\n")
    assert [status(url, key) for key in ("one", "two", "three")] == [200, 200, 401]


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([COMMAND, "emulator", "--port", port], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"Error: Port {port} on 127.0.0.1 is in use. Choose another with --port."


@pytest.mark.parametrize(("missing", "extra"), [("click", "cli"), ("flask", "emulator")])
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
