"""The pages, as somebody follows them: what is marked with <!-- run --> or <!-- write FILE --> is done, in order."""

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY, ROOT
from tests.e2e.stack import Stack

PAGES = [
    page
    for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
    if re.search(r"<!-- (run|write)", page.read_text())
]
STEP = re.compile(
    r"<!-- run: (?P<command>[^\n]*) -->"
    r"|<!-- (?:run|write (?P<file>\S+)) -->\n+(?P<block> *```\w+\n.*?\n *```)",
    re.DOTALL,
)
PROGRAM = """
TunnelGroupBackend("web", labels={"app": "web"}, description="Website", metadata={"team": "web"})
TunnelGroupBackend("shop", labels={"app": "shop"})
"""


def read_script(page: str) -> str:
    """The marked steps of a page as one script, which ends at the first that fails."""
    lines = ["set -e", "export PULUMI_SKIP_CONFIRMATIONS=true"]
    for step in STEP.finditer(page):
        text = "\n".join(textwrap.dedent(step["block"] or "").splitlines()[1:-1])
        if step["file"]:
            lines.append(f"cat > {step['file']} <<'END'\n{text}\nEND")
        else:
            lines.append(step["command"] or text)
    return "\n".join(lines)


FIRST = ("README.md",)
"""What a user reads first; the other pages are followed at night."""


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=page.name, marks=[] if page.name in FIRST else pytest.mark.nightly) for page in PAGES],
)
def test_what_the_page_says_can_be_done(
    page: Path,
    new_stack: Callable[..., Stack],
    emulator: Emulator,
) -> None:
    stack = new_stack(PROGRAM, "elsewhere")
    stack.up()
    made = emulator.account(KEY).create({"labels": {"made": "by hand"}})
    emulator.account(KEY).connect_tunnel({"app": "web"})
    emulator.requests.clear()
    script = read_script(page.read_text()).replace("http://127.0.0.1:4041", emulator.url).replace("any-key", KEY)
    said = stack.run("bash", "-c", script, given=KEY)
    if page.name in ("README.md", "bringing-in.md"):
        assert f"adopts {made.id}" in said
        assert emulator.requests.writes == []
