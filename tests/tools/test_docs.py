"""The pages: they build, their links lead somewhere, and what the code holds is fresh."""

import re
import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")])


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
        for target, heading in re.findall(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)", text):
            leads_to = page.parent / target if target else page
            assert leads_to.exists(), f"{page.name}: {target}"
            headings = re.findall(r"^#+ (.*)$", leads_to.read_text(), re.MULTILINE) if heading else []
            anchors = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
            assert not heading or heading in anchors, f"{page.name}: {target}#{heading}"


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", ROOT / "docs", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["policies.md", "failures.md", "references.md", "emulator.md", "performance.md"])
def test_the_tables_are_those_of_the_code(name: str) -> None:
    made = runpy.run_path(str(ROOT / "tools/tables.py"))
    assert made["page"](name) == (ROOT / "docs" / name).read_text(), "run: python tools/tables.py"


@pytest.mark.parametrize("module", ["pulumi_ngrok_tg", "pulumi_ngrok_tg.emulator", "pulumi_ngrok_tg.policy"])
def test_the_reference_has_the_public_names_and_no_others(module: str) -> None:
    shown = re.findall(
        r"^\.\. auto\w+:: ([\w.]+)\.(\w+)(?:\(.*)?$", (ROOT / "docs/reference.md").read_text(), re.MULTILINE
    )
    assert sorted(name for where, name in shown if where == module) == sorted(import_module(module).__all__)


def test_the_page_about_testing_shows_its_example() -> None:
    run = [path.read_text() for path in (ROOT / "examples/testing").glob("*.py")]
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "docs/testing.md").read_text(), re.DOTALL):
        assert any(block in text for text in run)


def test_the_lock_names_no_package_index() -> None:
    lock = (ROOT / "constraints.txt").read_text()
    assert "://" not in lock
    assert all("==" in line for line in lock.splitlines())
