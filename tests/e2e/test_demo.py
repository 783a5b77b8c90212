"""``make demo``: it shows what it says, keeps to itself and leaves nothing behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT

FOREIGN = "foreign_0123456789abcdef"


@pytest.fixture
def demo(engine: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(engine), os.environ["PATH"]]),
        "TMPDIR": str(tmp_path),
        "NGROK_API_KEY": FOREIGN,
        "NGROK_API_BASE_URL": "http://127.0.0.1:1",
        "PULUMI_BACKEND_URL": "file:///nonexistent",
        "COLUMNS": "200",
    }
    process = subprocess.Popen(
        [sys.executable, ROOT / "tools/demo.py"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


def left_over(folder: Path) -> list[str]:
    """Processes that work in the folder, and files in it."""
    working = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(folder)):
                working.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return working + [path.name for path in folder.iterdir() if path.name.startswith("ngrok-demo-")]


@pytest.mark.nightly
def test_the_demo_shows_the_main_job(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    said, _ = demo.communicate(timeout=240)
    assert demo.returncode == 0, said
    assert "https edge www.example.com:443 / (path prefix)" in said
    assert "which exists; nothing is created or changed at ngrok" in said
    assert "ngrok received: GET, GET\n" in said
    assert "stops traffic to ALL 2 online tunnels" in said
    assert '"Website" => "Changed by hand"' in said
    assert "ngrok has it back: description = 'Website'" in said
    assert "  export PATH=/" in said
    assert FOREIGN not in said
    assert left_over(tmp_path) == []
