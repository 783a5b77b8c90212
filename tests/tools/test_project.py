"""What the project's own files say of each other."""

import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureFunctionDefinition
from importlinter.api import read_configuration

from pulumi_ngrok_tg import pytest_plugin
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from tests.conftest import ROOT

PUBLIC = ("pulumi_ngrok_tg", "pulumi_ngrok_tg.emulator", "pulumi_ngrok_tg.policy")


def test_the_changelog_begins_with_this_version() -> None:
    latest = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    assert latest == version("pulumi-ngrok-tg")


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/workflows/*.yml"), ROOT / ".ci/run"]
    named = set()
    for page in pages:
        for words in re.findall(r"(?:^\s*|run: |`)make((?: [a-z]+)+)", page.read_text(), re.MULTILINE):
            named |= set(words.split())
    (matrix,) = re.findall(r"target: \[(.*)\]", (ROOT / ".github/workflows/nightly.yml").read_text())
    assert {"check", "test", "demo", "docs"} <= named
    assert named | set(matrix.split(", ")) <= targets


def test_the_lock_names_no_package_index() -> None:
    lock = (ROOT / "constraints.txt").read_text()
    assert "://" not in lock
    assert all("==" in line for line in lock.splitlines())


def test_contributing_lists_every_folder_and_module() -> None:
    package = ROOT / "pulumi_ngrok_tg"
    there = {path.name for path in package.glob("[!_]*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where things are")[2].partition("\n## ")[0]
    assert {name for name in there if name not in section} == set()
    assert {name for name in re.findall(r"`([a-z_]+/[a-z_]+\.py)`", section) if not (package / name).exists()} == set()


def test_the_picture_of_the_layout_is_that_of_the_import_contracts() -> None:
    contracts = read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    layers = [layer for one in contracts if one["type"] == "layers" for layer in one["layers"]]
    drawn = re.findall(r"<text[^>]*>([^<]*)", (ROOT / "docs/pictures/layout.svg").read_text())
    assert [text for text in drawn if not text.endswith("/")] == [" · ".join(layer.split(" | ")) for layer in layers]


@pytest.mark.parametrize("module", PUBLIC)
def test_the_reference_has_the_public_names_and_no_others(module: str) -> None:
    shown = re.findall(r"^\.\. auto\w+:: ([\w.]+)\.(\w+)$", (ROOT / "docs/reference.md").read_text(), re.MULTILINE)
    assert {where for where, _ in shown} == {*PUBLIC, "pulumi_ngrok_tg.pytest_plugin"}
    assert sorted(name for where, name in shown if where == module) == sorted(import_module(module).__all__)


def test_the_reference_has_all_fixtures() -> None:
    fixtures = {name for name, value in vars(pytest_plugin).items() if isinstance(value, FixtureFunctionDefinition)}
    assert fixtures
    shown = re.findall(r"pytest_plugin\.(\w+)$", (ROOT / "docs/reference.md").read_text(), re.MULTILINE)
    assert set(shown) == fixtures


def test_an_emulator_has_what_is_public_and_nothing_else() -> None:
    assert {name for name in dir(Emulator) if not name.startswith("_")} == {
        *("port", "url", "api_key", "environment", "settings", "faults", "requests", "peak", "lock"),
        *("account", "rotate_key", "set", "fault", "check", "start", "stop"),
    }


def test_the_picture_of_the_calls_has_those_that_the_provider_serves() -> None:
    drawn = re.findall(r"<text[^>]*>([^<]*)", (ROOT / "docs/pictures/calls.svg").read_text())
    (calls,) = re.findall(r"check.*delete", " ".join(drawn))
    public = [name for name in vars(TunnelGroupBackendProvider) if not name.startswith("_")]
    served = {name for name in public if callable(getattr(TunnelGroupBackendProvider, name))}
    assert set(calls.replace(",", "").split()) == served - {"configure"}


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", ROOT / "docs", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert 'id="pulumi_ngrok_tg.TunnelGroupBackend"' in (tmp_path / "reference.html").read_text()
