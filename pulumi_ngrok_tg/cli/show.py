"""How results are shown: to people in tables, to programs as JSON."""

import json
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pulumi_ngrok_tg.api.models import Backend, Tunnel

_ONE_LINE = 100_000  # columns
_STYLES = {"nobody": "yellow", "no backend": "yellow", "unknown": "dim", "ngrok's operator": "magenta"}


def print_json(value: object) -> None:
    """Prints a result for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Prints a result for people. Where the output is no terminal, each row is a line, however long."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _ONE_LINE
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell), style=_STYLES.get(cell, "")) for cell in row))
    console.print(table)


def printable(text: str) -> str:
    """Returns a text without what a terminal would obey: the API's words are anybody's."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def counted(backends: int) -> str:
    """Returns how many backends there are, in words."""
    return f"{backends} backend" + ("" if backends == 1 else "s")


def as_dict(shown: Backend | Tunnel) -> dict[str, Any]:
    """Returns a backend or a tunnel as the API holds it."""
    return asdict(shown)


def label_text(shown: Backend | Tunnel) -> str:
    """Returns the labels as the command line takes them."""
    return ", ".join(f"{key}={value}" for key, value in sorted(shown.labels.items()))


def age(backend: Backend) -> str:
    """Returns how long ago the backend was created, in its largest unit."""
    seconds = max(0, int(datetime.now(timezone.utc).timestamp() - backend.created))
    for unit, length in (("y", 365 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
