"""Prints results, as tables for people and as JSON for programs."""

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.api.redaction import escape

_ONE_LINE = 100_000  # columns
_WHOLE = {"ID", "BACKEND", "TUNNEL", "SERVES", "TUNNELS", "AGE"}
_SHORTEST = 8
_FOLDED = 24  # columns of what is wrapped rather than cut
_STYLES = {
    "not this stack": "yellow",
    "nobody": "yellow",
    "no backend": "yellow",
    "unknown": "dim",
    "ngrok's operator": "magenta",
}


def print_json(value: object) -> None:
    """Print a result as JSON."""
    plain = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    click.echo(json.dumps(value, indent=2, ensure_ascii=plain != "utf8"))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a result as a table, a line for each row.

    On a terminal, all columns but ids and numbers are cut to its width; USED BY is wrapped.
    """
    console = Console(highlight=False)
    whole = {number for number, column in enumerate(columns) if column in _WHOLE}
    lengths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    least = sum(lengths[number] if number in whole else _SHORTEST for number in range(len(columns)))
    console.width = max(console.width, least + 2 * len(columns)) if console.is_terminal else _ONE_LINE
    folded = {number for number, column in enumerate(columns) if column == "USED BY"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number in whole, min_width=_FOLDED if number in folded else None)
    for row in rows:
        shown = (
            Text(
                escape(cell),
                style=_STYLES.get(cell, ""),
                no_wrap=number not in folded,
                overflow="fold" if number in folded else "ellipsis",
            )
            for number, cell in enumerate(row)
        )
        table.add_row(*shown)
    with console.capture() as captured:
        console.print(table)
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
