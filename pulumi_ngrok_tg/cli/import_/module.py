"""Writes the module that declares backends, each with ``import_``, in the format of ruff and black.

All functions map texts to texts. They read programs with ``ast``, so that formatting, comments and names do not matter.
"""

import ast
import json
import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pulumi_ngrok_tg.api.models import Backend, is_id
from pulumi_ngrok_tg.cli.import_.names import choose_variable_names
from pulumi_ngrok_tg.rules import kubernetes, properties

FILE = "tunnel_group_backends.py"
"""The module's file."""
MODULE = FILE.removesuffix(".py")
_GUARD = "STACK"
_IMPORTS = {"pulumi": "import pulumi", "TunnelGroupBackend": "from pulumi_ngrok_tg import TunnelGroupBackend"}
_HEAD = '''"""ngrok tunnel group backends of one stack; `pulumi-ngrok-tg import` adds what is new."""

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend

# These backends belong to one stack: in any other, import_ would adopt what this one manages.
STACK = {literal}
if f"{{pulumi.get_project()}}/{{pulumi.get_stack()}}" != STACK:
    raise pulumi.RunError(
        f"{module} belongs to the stack {{STACK}}, not to {{pulumi.get_stack()}}. If you renamed the stack, write "
        "its new name into STACK. If this stack should not have these backends, do not load the module: "
        f"if pulumi.get_stack() not in [{{pulumi.get_stack()!r}}]: import {module}"
    )
'''
_READS = re.compile(r"(\.get|get_tunnel_group_backends?(_output)?)$")
_DEEPEST = 20
"""Levels of a mapping; Python reads at most about 100 nested brackets."""


class ModuleError(Exception):
    """Declarations cannot be added to a module. The message goes on after the module's name."""


def find_declared(tree: ast.AST) -> dict[str, int]:
    """Return the line of each backend id in a program, by the id, except those with which a call only reads.

    An id may reach ``import_`` through a variable or a loop, so every id in a string counts.
    """
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    reads = {id(inner) for call in calls if _READS.search(ast.unparse(call.func)) for inner in ast.walk(call)}
    return {
        node.value: node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and is_id(node.value)
        and id(node) not in reads
    }


def find_names(tree: ast.AST) -> dict[str, str | None]:
    """Return the literal names of the resources that a module declares, with the id that each adopts or None."""
    names: dict[str, str | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and "TunnelGroupBackend" in ast.unparse(node.func):
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "resource_name")]
            for argument in given:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    names[argument.value] = next(iter(find_declared(node)), None)
    return names


def find_stack(tree: ast.Module) -> str | None:
    """Return the stack to which an import's module belongs; None if it is no such module."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == _GUARD for target in targets):
                return str(node.value.value)
    return None


def loads_module(files: Iterable[tuple[str, ast.AST]]) -> bool:
    """Tell whether ``__main__`` loads the module, itself or through other files.

    Args:
        files: the program's files, by the last part of the name with which others import them.
    """
    loaded: dict[str, set[str]] = {}
    for name, tree in files:  # in several folders, files may have one name
        loaded.setdefault(name, set()).update(_find_loaded(tree))
    reached, left = set(), ["__main__"]
    while left:
        if (name := left.pop()) not in reached:
            reached.add(name)
            left += loaded.get(name, ())
    return MODULE in reached


def _find_loaded(tree: ast.AST) -> Iterator[str]:
    """Yield each part of the names that a file imports, also by a call such as ``importlib.import_module``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [name.name for name in node.names] + [getattr(node, "module", None) or ""]
        elif isinstance(node, ast.Call) and re.search("import|run", ast.unparse(node.func)):
            names = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        else:
            continue
        for name in names:
            yield from name.split(".")


def add_declarations(text: str, backends: Mapping[str, Backend], account: str | None, protect: bool, stack: str) -> str:
    """Return a module's text with declarations added.

    Args:
        text: its current text; "" if there is none.
        backends: the backends to declare, by resource name.
        account: the account's name.
        protect: whether to protect them from being deleted.
        stack: the stack to which they belong, as ``project/stack``.

    Raises:
        ModuleError: it was not written by an import.
        SyntaxError: it is no Python.
    """
    if text.strip():
        tree = ast.parse(text)
        if find_stack(tree) is None:
            raise ModuleError("was not written by an import, as it does not say which STACK it belongs to. Move it")
        if missing := [line for name, line in _IMPORTS.items() if name not in _find_imported(tree)]:
            raise ModuleError(f"does not say `{missing[0]}`. Add this line to it")
    else:
        text = _HEAD.format(literal=_literal(stack), module=MODULE)
    tree = ast.parse(text)
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {"pulumi", _GUARD}
    variables = choose_variable_names(backends, taken)
    blocks = [render(variables[name], name, backend, account, protect) for name, backend in backends.items()]
    return text.rstrip("\n") + "\n\n" + "\n".join(blocks)


def add_import(text: str, others: Collection[str]) -> str:
    """Return a program's text with the line that loads the module, after its last import.

    Args:
        text: the program.
        others: the other stacks of the project, which do not load the module. A stack with any other name loads it and
            gets the module's error, so that a renamed stack does not silently lose its backends.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(text)
    line = f"import {MODULE}\n"
    if others:
        names = _lines(_literal(name) for name in sorted(others))
        line = f"\nif pulumi.get_stack() not in [\n{names}]:\n    import {MODULE}\n"
        if "pulumi" not in _find_imported(tree):
            line = f"import pulumi\n{line}"
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = [f"{line}\n" for line in text.split("\n")]  # as ast counts them
    lines[-1] = lines[-1].removesuffix("\n")
    at = (imports[-1].end_lineno or 0) if imports else _after_docstring(tree)
    # A statement that begins on this line may end on another one.
    at = max([at, *(node.end_lineno or 0 for node in tree.body if node.lineno <= at)])
    before, after = "".join(lines[:at]), "".join(lines[at:])
    if before and not before.endswith("\n"):
        before += "\n"
    return before + line + ("\n" if others and after.strip() and not after.startswith("\n") else "") + after


def _find_imported(tree: ast.Module) -> set[str]:
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {name.asname or name.name for node in imports for name in node.names}


def _after_docstring(tree: ast.Module) -> int:
    first = tree.body[0] if tree.body else None
    docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return (first.end_lineno or 0) if first is not None and docstring else 0


def render(variable: str, name: str, backend: Backend, account: str | None, protect: bool) -> str:
    """Return the statement that declares a backend."""
    arguments = [_literal(name)]
    if backend.labels:
        arguments.append(f"labels={_mapping(dict(backend.labels))}")
    if backend.description:
        arguments.append(f"description={_literal(backend.description)}")
    if backend.metadata:
        arguments.append(f"metadata={_metadata(backend.metadata)}")
    if account is not None:
        arguments.append(f"account={_literal(account)}")
    if kubernetes.is_operator_owned(backend.contents):
        arguments.append("allow_operator_owned=True")
    options = [f'import_="{backend.id}"', *(["protect=True"] if protect else [])]
    arguments.append(f"opts=pulumi.ResourceOptions(\n{_lines(options)})")
    return f"{variable} = TunnelGroupBackend(\n{_lines(arguments)})\n"


def _metadata(text: str) -> str:
    """Return metadata as a mapping if that keeps its meaning, else as a string."""
    try:
        value = json.loads(text)
        if isinstance(value, dict) and _depth(value) <= _DEEPEST:
            encoded = properties.encode_metadata(value)
            if not properties.find_changes({"metadata": text}, {"metadata": encoded}):
                return _mapping(value)
    except (ValueError, RecursionError):
        pass
    return _literal(text)


def _depth(value: Any) -> int:
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _mapping(value: Any) -> str:
    """Return a JSON value as Python, each entry of a mapping or list on its own line, as the formatter leaves it."""
    if isinstance(value, dict) and value:
        return "{\n" + _lines(f"{_literal(key)}: {_mapping(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list) and value:
        return "[\n" + _lines(map(_mapping, value)) + "]"
    return _literal(value) if isinstance(value, str) else repr(value).replace("e+", "e")


def _lines(entries: Iterable[str]) -> str:
    return textwrap.indent("".join(f"{entry},\n" for entry in entries), "    ")


def _literal(text: str) -> str:
    """Return a string literal in double quotes; in single ones if that saves escapes, as the formatter does."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escape(text, quote)) + quote


def _escape(text: str, quote: str) -> Iterator[str]:
    for character in text:
        if character in (quote, "\\"):
            yield f"\\{character}"
        else:
            yield character if character.isprintable() else repr(character)[1:-1]
