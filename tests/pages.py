"""What the pages say, taken apart: their commands and their links."""

import re
import shlex
from pathlib import Path

from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")])
_COMMAND = (
    r"(?:pulumi|pulumi-ngrok-tg|pip|make|python3?|git|terraform|export|unset|mkdir|printf|echo|eval|pytest|\.venv\S+"
    r"|_PULUMI\S+) "
)


def commands_of(page: Path) -> list[str]:
    """The commands in a page's indented blocks, and in those fenced as a shell's."""
    text = page.read_text()
    fenced = re.findall(r"```(?:sh|bash|shell|console)\n(.*?)```", text, re.DOTALL)
    indented = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    lines = [line for block in fenced for line in block.splitlines()]
    lines += [line for line in indented.splitlines() if line.startswith("    ")]
    return [re.sub(r"\s{2,}#.*", "", line.strip()) for line in lines if re.match(rf"{_COMMAND}|pytest$", line.strip())]


def parts_of(command: str) -> list[list[str]]:
    """The words of each command of a line that a shell takes apart."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    for word in lexer:
        if word in ("|", "&&", ";", ">", ">>"):
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def links_of(page: Path) -> list[tuple[str, str]]:
    """The links of a page to other files, and to headings in them."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    found = re.findall(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)", text)
    return [(target, heading) for target, heading in found if target or heading]


def headings_of(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
