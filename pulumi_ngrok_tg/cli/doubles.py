"""Finds backends that two resources manage, so either could delete what the other needs, and identical backends."""

import json
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from pulumi_ngrok_tg.api.models import Backend

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Managed

Doubles = Mapping[str, "Sequence[Managed]"]


def find_doubles(listed: Collection[str], managed: "Iterable[Managed]") -> Doubles:
    """Return the account's backends that several resources manage, with these; pending deletes do not count.

    Args:
        listed: the ids of the account's backends.
        managed: the backends that the stacks manage, as far as they could be read.
    """
    by_id: dict[str, list[Managed]] = {}
    for one in managed:
        if one.id in listed and not one.deleting:
            by_id.setdefault(one.id, []).append(one)
    return {id_: several for id_, several in by_id.items() if len(several) > 1}


def find_twins(backends: Sequence[Backend]) -> dict[str, list[str]]:
    """Return the ids of identical backends, by the id of each: they have the same labels, description and metadata."""
    alike: dict[str, list[str]] = {}
    for backend in backends:
        alike.setdefault(json.dumps(backend.contents, sort_keys=True), []).append(backend.id)
    return {id_: ids for ids in alike.values() if len(ids) > 1 for id_ in ids}


def as_json(several: Doubles) -> list[dict[str, Any]]:
    """Return them for the JSON of the commands."""
    return [
        {"id": id_, "managed_by": [{"urn": one.urn, "stack": one.stack} for one in managers]}
        for id_, managers in several.items()
    ]


def print_doubles(several: Doubles, own: str, options: str) -> None:
    """Print each of them, and how one of the two stacks releases it; ``options`` are those of the stack ``own``."""
    for id_, managers in several.items():
        click.echo(f"{id_} is managed twice. Keep one of these:")
        for one in managers:
            where = options if one.stack == own else ""
            named = f"{shlex.quote(one.urn)}{where} --stack {shlex.quote(one.stack)} --yes"
            click.echo(
                f"  {one.name} in the stack {one.stack}; to release it there, remove it from that program, then run"
            )
            if one.protected:
                click.echo(f"    pulumi state unprotect {named}")
            click.echo(f"    pulumi state delete {named}")
