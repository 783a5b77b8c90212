"""The program code for backends: a module that declares them, as ruff formats it."""

import ast
import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from pulumi_ngrok_tg import properties
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.names import variable_names

FILE = "tunnel_group_backends.py"
"""The module's file."""
MODULE = FILE.removesuffix(".py")
_MARK = "# Written by `pulumi-ngrok-tg import`"
_HEAD = f'''"""ngrok tunnel group backends.

Load this module in `__main__.py` with `import {MODULE}`.
"""

{_MARK}, which adds what is new and leaves the rest as it is.

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend
'''
_IMPORTED = {"pulumi"}
_DEEPEST = 20
"""Levels of a mapping: Python reads no more than some 100 brackets in brackets."""
_BLOCK = re.compile(
    r"^# (?P<id>bkdtg_\w+)\n(?P<variable>\w+) = TunnelGroupBackend\(\n(?P<name> +[^\n]*),\n"
    r"(?:(?:[ #][^\n]*)?\n)*\) *(?:#[^\n]*)?\n",
    re.MULTILINE,
)
"""A backend as this module writes it: the lines in it are indented. Comments and empty lines may have come in."""


class Declared(NamedTuple):
    """A backend that a module declares."""

    name: str
    variable: str
    text: str


def is_ours(module: str) -> bool:
    """Tells whether a module is one that may be added to."""
    return _MARK in module or not module.strip()


def declared_in(module: str) -> dict[str, Declared]:
    """Returns what a module declares of what an import has written into it, by the backends' ids.

    Raises:
        SyntaxError: it is no Python.
    """
    ast.parse(module)
    found = {}
    for block in _BLOCK.finditer(module):
        with suppress(ValueError, SyntaxError):  # edited, so that it is no more what was written
            found[block["id"]] = Declared(str(ast.literal_eval(block["name"].strip())), block["variable"], block[0])
    return found


def names_in(module: str) -> set[str]:
    """Returns the names of all resources that a module declares, as far as they are written out.

    Raises:
        SyntaxError: it is no Python.
    """
    return {
        str(node.args[0].value)
        for node in ast.walk(ast.parse(module))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    }


def declared(backends: Mapping[str, Backend], account: str | None, protect: bool, module: str | None = None) -> str:
    """Returns the module's text.

    Args:
        backends: what to declare, by resource name.
        account: the account's name.
        protect: whether they are protected from being deleted.
        module: the text that the module has so far; it stays as it is, and the backends are added.

    Raises:
        SyntaxError: what it has so far is no Python.
    """
    module = module if module and module.strip() else _HEAD
    variables = variable_names(backends, taken=_names_in(module))
    blocks = (declaration(variables[name], name, backend, account, protect) for name, backend in backends.items())
    return module.rstrip("\n") + "\n\n" + "\n".join(blocks)


def _names_in(module: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(module)) if isinstance(node, ast.Name)} | _IMPORTED


def declaration(variable: str, name: str, backend: Backend, account: str | None, protect: bool) -> str:
    """Returns the statement that declares a backend; it says the id, by which a later import knows it again."""
    arguments = [_literal(name)]
    if backend.labels:
        arguments.append(f"labels={_mapping(dict(backend.labels))}")
    if backend.description:
        arguments.append(f"description={_literal(backend.description)}")
    if backend.metadata:
        arguments.append(f"metadata={_metadata(backend.metadata)}")
    if account is not None:
        arguments.append(f"account={_literal(account)}")
    arguments.append(f"opts=pulumi.ResourceOptions(protect={protect})")
    lines = "".join(f"{argument},\n" for argument in arguments)
    return f"# {backend.id}\n{variable} = TunnelGroupBackend(\n{textwrap.indent(lines, '    ')})\n"


def _metadata(text: str) -> str:
    """Writes metadata as a mapping where that means the same to ngrok's users and to this package, else as it is."""
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles)
        if isinstance(value, dict) and _depth(value) <= _DEEPEST:
            encoded = properties.encode_metadata(value)
            if not properties.changes({"metadata": text}, {"metadata": encoded}):
                return _mapping(value)
    except (ValueError, RecursionError):
        pass
    return _literal(text)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key is there twice")
    return value


def _depth(value: Any) -> int:
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _mapping(value: Any) -> str:
    """Writes JSON's values, each entry of a mapping or list in a line of its own, as the formatter leaves it."""
    if isinstance(value, dict) and value:
        return "{\n" + _lines(f"{_literal(key)}: {_mapping(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list) and value:
        return "[\n" + _lines(map(_mapping, value)) + "]"
    return _literal(value) if isinstance(value, str) else repr(value).replace("e+", "e")


def _lines(entries: Iterable[str]) -> str:
    return textwrap.indent("".join(f"{entry},\n" for entry in entries), "    ")


def _literal(text: str) -> str:
    """Writes a string as the formatter does: in double quotes, unless single ones save escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(character, quote) for character in text) + quote


def _escaped(character: str, quote: str) -> str:
    if character in (quote, "\\"):
        return f"\\{character}"
    return character if character.isprintable() else repr(character)[1:-1]
