"""Prints results, as tables for people and as JSON for programs."""

import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.api.redaction import escape

_ONE_LINE = 100_000  # columns
_WHOLE = {"ID", "TUNNELS"}
_NAME = 11  # columns of a field's name
_STYLES = {
    "not this stack": "yellow",
    "nobody": "yellow",
    "unknown": "dim",
    "ngrok's operator": "magenta",
}


def print_json(value: object) -> None:
    """Print a result as JSON."""
    plain = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    click.echo(json.dumps(value, indent=2, ensure_ascii=plain != "utf8"))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a result as a table, a line for each row; on a terminal, wrap all columns but ids and numbers to fit."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column in _WHOLE, overflow="fold", min_width=len(column))
    for row in rows:
        table.add_row(*map(_style, row))
    _print(table, least=80)  # narrower, rich would cut ids and drop columns


def print_block(heading: str, fields: Iterable[tuple[str, str]]) -> None:
    """Print an object, and an empty line: its heading, and its fields as name and text, wrapped on a terminal."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, width=_NAME + 2)
    table.add_column(overflow="fold")
    for name, text in fields:
        table.add_row(f"  {name}", _style(text))
    _print(Text(escape(heading), style="bold", overflow="fold"), table, Text())


def _style(text: str) -> Text:
    return Text.assemble((escape(text), _STYLES.get(text, "")))


def _print(*shown: RenderableType, least: int = 0) -> None:
    console = Console(highlight=False)
    console.width = max(console.width, least) if console.is_terminal else _ONE_LINE
    with console.capture() as captured:
        console.print(*shown, sep="\n")
    console.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    console.file.flush()  # before what goes to standard error


def count_backends(backends: int) -> str:
    """Return how many backends there are, in words."""
    return f"{backends} backend" + ("" if backends == 1 else "s")


def count_tunnels(backend: Backend) -> str:
    """Return how many tunnels are online in a backend, in words."""
    if backend.tunnels is None:
        return "an unknown number of tunnels online"
    return f"{len(backend.tunnels)} tunnel{'' if len(backend.tunnels) == 1 else 's'} online"


def count_online(backend: Backend) -> str:
    """Return how many tunnels are online in a backend, as the text of a field."""
    return "unknown" if backend.tunnels is None else f"{len(backend.tunnels) or 'none'} online"


def as_dict(shown: Backend | Tunnel) -> dict[str, Any]:
    """Return a backend or a tunnel as the API holds it."""
    return asdict(shown)


def format_age(backend: Backend) -> str:
    """Return how long ago the backend was created, in its largest unit."""
    seconds = max(0, int(datetime.now(timezone.utc).timestamp() - backend.created))
    for unit, length in (("y", 365 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def format_options(*given: tuple[str, str | None]) -> str:
    """Return the options that have a value, quoted for a shell, with a space before each."""
    return "".join(f" {option} {shlex.quote(value)}" for option, value in given if value)
