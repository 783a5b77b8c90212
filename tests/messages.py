"""What the package says, taken from its code."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

SILENT = ("emulator/", "policy/rules.py")
"""The emulator's words are ngrok's or of its page, those of the policies are on theirs."""
INTERNAL = ("a key is there twice",)
"""What is caught before anybody reads it."""
_GAP = "\0"


def messages() -> Iterator[tuple[Path, str]]:
    """The errors, warnings and problems of the package, by file; what they fill in is a NUL."""
    package = ROOT / "pulumi_ngrok_tg"
    for path in sorted(package.rglob("*.py")):
        if not str(path.relative_to(package)).startswith(SILENT):
            for text in _said(ast.parse(path.read_text())):
                if text not in INTERNAL:
                    yield path, text


def _said(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id="TypeError" | "AttributeError"))):
                continue  # a mistake in code, which gets a traceback
            case ast.Raise(exc=ast.Call(args=args)) | ast.Yield(value=ast.Call(args=args)):
                yield from _sentences(args)
            case ast.Yield(value=ast.expr() as value):
                yield from _sentences([value])
            case ast.Call(func=ast.Attribute(attr="warn"), args=args):
                yield from _sentences(args)
            case ast.FunctionDef(name=name) if not name.startswith("_"):
                returned = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value]
                yield from (text for text in _sentences(returned) if ". " in text)


def _sentences(values: list[ast.expr]) -> Iterator[str]:
    """The texts among the values that have at least three words."""
    for value in values:
        if isinstance(value, ast.Constant | ast.JoinedStr):
            parts = value.values if isinstance(value, ast.JoinedStr) else [value]
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else _GAP for part in parts)
            if len(text.replace(_GAP, "").split()) >= 3:
                yield text
