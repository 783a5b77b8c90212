"""Where the Pulumi CLI comes from: PATH, the vendor, or a build; and what an interrupted build leaves."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "tools/engine/__main__.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("engine_tool", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def script(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("said", "taken"),
    [("v3.259.0", True), ("3.254.0", True), ("v3.300.1-dev.0", True), ("v3.100.0", False), ("nonsense", False)],
)
def test_a_recent_cli_on_path_comes_first(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, taken: bool
) -> None:
    script(tmp_path / "pulumi", f"echo {said}")
    script(tmp_path / "pulumi-language-python", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tool.on_path() == (tmp_path if taken else None)


def test_a_cli_without_its_python_host_is_skipped(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "pulumi", "echo v3.259.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tool.on_path() is None


GO = """
case "$1" in
  env) echo go9.0.0 ;;
  build) {build} while [ "$1" != -o ]; do shift; done; echo built > "$2" ;;
  list) echo {sdk} ;;
esac
"""


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    script(tmp_path / "sdk/python/cmd/pulumi-language-python-exec", "")
    script(tmp_path / "sdk/python/dist/pulumi-resource-pulumi-python", "")
    return tmp_path / "sdk"


def run(tmp_path: Path) -> "subprocess.Popen[str]":
    """The tool on a machine with Go and no way to the vendor."""
    program = (
        f"import runpy; tool = runpy.run_path({str(SCRIPT)!r}); "
        "tool['main'].__globals__['vendor_reachable'] = lambda: False; tool['main']()"
    )
    environment = {**os.environ, "PATH": f"{tmp_path}/go:/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_build_happens_once_and_survives_an_interrupted_one(tmp_path: Path, sdk: Path) -> None:
    fifo = tmp_path / "building"
    os.mkfifo(fifo)
    script(tmp_path / "go/go", GO.format(sdk=sdk, build=f"echo now > {fifo}; exec sleep 60;"))
    with run(tmp_path) as interrupted:
        fifo.read_text()  # returns when the build is under way
        os.killpg(interrupted.pid, signal.SIGKILL)
        interrupted.communicate()
    folder = tmp_path / "cache/pulumi-ngrok-tg"
    assert not list(folder.glob("engine-*/bin/*"))

    script(tmp_path / "go/go", GO.format(sdk=sdk, build=""))
    with run(tmp_path) as first, run(tmp_path) as second:
        outcomes = [process.communicate(timeout=60) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outcomes
    (bin_folder,) = {Path(out.strip()) for out, _ in outcomes}
    assert sum(err.count("The Pulumi CLI is ready.") for _, err in outcomes) == 1
    assert sorted(path.name for path in bin_folder.iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    ]
    assert os.access(bin_folder / "pulumi-resource-pulumi-python", os.X_OK)


def test_a_failing_build_says_why(tmp_path: Path, sdk: Path) -> None:
    script(tmp_path / "go/go", GO.format(sdk=sdk, build="echo no space left on device >&2; exit 1;"))
    with run(tmp_path) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no space left on device" in said
