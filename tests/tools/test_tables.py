"""The tables in docs/ that the code holds."""

import runpy

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("name", ["policies.md", "failures.md", "references.md", "emulator.md"])
def test_the_tables_match_the_code(name: str) -> None:
    made = runpy.run_path(str(ROOT / "tools/tables.py"))
    assert made["page"](name) == (ROOT / "docs" / name).read_text(), "run: python tools/tables.py"
