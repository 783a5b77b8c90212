"""Writes the module that declares backends, each with ``import_``, in the format of ruff and black.

All functions map texts to texts.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.import_.names import choose_variable_names
from pulumi_ngrok_tg.rules import kubernetes, properties

FILE = "tunnel_group_backends.py"
"""The module's file, if no other is named."""
_HEAD = '''"""ngrok tunnel group backends of one stack; `pulumi-ngrok-tg import` adds what is new.

The guard below protects only this module: in another stack, a declaration that you move elsewhere would adopt what this
stack manages.
"""

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend

STACK = {stack}
if (here := f"{{pulumi.get_project()}}/{{pulumi.get_stack()}}") != STACK:
    raise pulumi.RunError(
        f"{{__file__}} belongs to the stack {{STACK}}, not to {{here}}. If you renamed {{STACK}} to {{here}}, write "
        f'STACK = "{{here}}" in that file. If {{here}} is another stack, load the module in its own stack only. In '
        f"__main__.py, write: if (pulumi.get_project(), pulumi.get_stack()) == {{tuple(STACK.split('/'))}}: "
        "import {module}"
    )
'''
_STACK = re.compile(r"""^STACK(?:\s*:[^=\n]+)?\s*=\s*(["'])(.*?)\1""", re.MULTILINE)
_NAME = re.compile(r"""TunnelGroupBackend\(\s*(?:resource_name\s*=\s*)?(["'])(.*?)\1""")
_ID = re.compile(r"""import_\s*=\s*["'](bkdtg_[0-9A-Za-z]+)["']""")
_DEEPEST = 20
"""Levels of a mapping; Python reads at most about 100 nested brackets."""


def find_ids(text: str) -> dict[str, int]:
    """Return the line of each ``import_`` in a module, by the backend's id."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        for id_ in _ID.findall(line):
            found.setdefault(id_, number)
    return found


def find_names(text: str) -> set[str]:
    """Return the literal names of the resources that a module declares."""
    return {name for _, name in _NAME.findall(text)}


def find_stack(text: str) -> str | None:
    """Return the stack to which an import's module belongs, as ``project/stack``; None if it is no such module."""
    found = _STACK.search(text)
    return found[2] if found else None


def add_declarations(
    text: str, backends: Mapping[str, Backend], account: str | None, protect: bool, stack: str, name: str
) -> str:
    """Return a module's text with declarations added.

    Args:
        text: its current text; "" if there is none.
        backends: the backends to declare, by resource name.
        account: the account's name.
        protect: whether to protect them from being deleted.
        stack: the stack to which they belong, as ``project/stack``.
        name: the module's name, as the program imports it.
    """
    text = text if text.strip() else _HEAD.format(stack=_literal(stack), module=name)
    variables = choose_variable_names(backends, set(re.findall(r"[A-Za-z_]\w*", text)))
    blocks = [render(variables[name], name, backend, account, protect) for name, backend in backends.items()]
    return text.rstrip("\n") + "\n\n" + "\n".join(blocks)


def build_import(name: str, stack: str, is_only: bool) -> str:
    """Return the code that loads the module, for the end of a program.

    Args:
        name: the module's name.
        stack: the stack to which it belongs, as ``project/stack``.
        is_only: whether the project has no other stack.
    """
    if is_only:
        return f"import {name}  # the backends of {stack}"
    project, _, own = stack.partition("/")
    return (
        "import pulumi\n\n"
        "# If you rename the stack, write its new name here and into the module, before the next `pulumi up`.\n"
        f"if (pulumi.get_project(), pulumi.get_stack()) == ({_literal(project)}, {_literal(own)}):\n"
        f"    import {name}"
    )


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
