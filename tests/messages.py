"""What the package says, taken from its code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

SILENT = ("emulator/", "policy/rules.py")
"""The emulator's words are ngrok's or of its page, those of the policies are on theirs."""
_GAP = "\0"
INTERNAL = (
    "a key is there twice",  # caught
    f"{_GAP} {_GAP}{_GAP}: {_GAP} in {_GAP} ms ({_GAP})",  # with --debug
    "Tunnel connection failed",  # what a library says
    " through the proxy",  # a part
    r"(?i)\b(authorization header): .*?(?=\. |$)",
    r"(?i)\byour (credential|authentication|key): \S+",
    r"Your \1: [redacted].",
)
"""What nobody reads, or not by itself."""


def messages() -> Iterator[tuple[Path, str]]:
    """The errors, warnings and problems of the package, by file; what they fill in is a NUL."""
    package = ROOT / "pulumi_ngrok_tg"
    for path in sorted(package.rglob("*.py")):
        name, tree = str(path.relative_to(package)), ast.parse(path.read_text())
        if not name.startswith(SILENT):
            for text in _strings(tree) if name.startswith("api/") else _said(tree):
                if text not in INTERNAL:
                    yield path, text


def _strings(tree: ast.AST) -> Iterator[str]:
    """All texts but docstrings."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant | ast.JoinedStr) and id(n) not in docs | parts]
    return _sentences(texts)


def _said(tree: ast.AST) -> Iterator[str]:
    """What is raised, yielded, warned of, or returned as whole sentences."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id="TypeError" | "AttributeError"))):
                continue  # a mistake in code, which gets a traceback
            case ast.Raise(exc=ast.Call(args=args)) | ast.Yield(value=ast.Call(args=args)):
                yield from _sentences(args)
            case ast.Yield(value=ast.expr() as value):
                yield from _sentences([value])
            case ast.Call(func=ast.Attribute(attr="warn") | ast.Name(id="tell"), args=args):
                yield from _sentences(args)
            case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="left_out"))], value=value):
                yield from _sentences([value])
            case ast.FunctionDef(name=name) if name != "_advice":  # the ends of lines, which say it themselves
                returned = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value]
                yield from (text for text in _sentences(returned) if ". " in text)


def _sentences(values: list[ast.expr]) -> Iterator[str]:
    """The texts among the values that have at least three words."""
    for value in values:
        if isinstance(value, ast.IfExp | ast.BoolOp | ast.BinOp):
            yield from _sentences([inner for inner in ast.iter_child_nodes(value) if isinstance(inner, ast.expr)])
        if isinstance(value, ast.Constant | ast.JoinedStr):
            parts = value.values if isinstance(value, ast.JoinedStr) else [value]
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else _GAP for part in parts)
            if len(re.findall(r"(?<!\S)[A-Za-z']{2,}", text)) >= 3:
                yield text
