"""``pulumi-ngrok-tg list``: lists an account's backends, and who manages each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.api.text import escape
from pulumi_ngrok_tg.cli import doubles
from pulumi_ngrok_tg.cli.managers import find_managers
from pulumi_ngrok_tg.cli.options import json_option, label_option, stack_options
from pulumi_ngrok_tg.cli.session import FOUND, OTHER_BACKENDS, OTHERS_NOT_READ, Session
from pulumi_ngrok_tg.cli.show import (
    as_dict,
    count_backends,
    format_age,
    print_json,
    print_table,
)
from pulumi_ngrok_tg.rules.references import ReferenceIndex, convert_unlisted, convert_use, describe_use, describe_way
from pulumi_ngrok_tg.rules.text import join_labels
from pulumi_ngrok_tg.rules.traffic import find_serving


@click.command("list")
@label_option
@click.option("--unmanaged", is_flag=True, help="Only backends that nobody manages, as far as is known.")
@click.option("--tunnels", "with_tunnels", is_flag=True, help="Also show the tunnels online, and what each serves.")
@click.option("--references", "with_references", is_flag=True, help="Show the edges and backends that refer to each.")
@click.option("--all-stacks", is_flag=True, help="Read the other stacks of the state backend, too.")
@json_option
@stack_options
def list_(
    labels: Mapping[str, str],
    unmanaged: bool,
    with_tunnels: bool,
    with_references: bool,
    all_stacks: bool,
    as_json: bool,
    cwd: Path,
    stack: str | None,
    account: str | None,
) -> None:
    """List the account's backends, and who manages each.

    Without a Pulumi project, the key comes from NGROK_API_KEY, and it is not known who manages what. Exits with 3 if
    two stacks manage one backend, if a stack or a list could not be read, or if the key is another account's.

    \b
    Examples:
      pulumi-ngrok-tg list
      pulumi-ngrok-tg list --label app=web --label dc=fra
      pulumi-ngrok-tg list --tunnels --references
      pulumi-ngrok-tg list --unmanaged --all-stacks
      pulumi-ngrok-tg list --json
    """
    session = Session(cwd, stack, account, needs_stack=unmanaged or all_stacks)
    backends = session.list_backends()
    foreign = session.sees_other_account(backends)
    own = session.stack.find_managed() if session.stack else None
    read_all = session.stack is not None and all_stacks
    others, unread = session.find_managed_elsewhere() if read_all else (None, [])
    managing = find_managers(backends, own, others, bool(unread))
    carrying = [backend for backend in backends if labels.items() <= backend.labels.items()]
    shown = [backend for backend in carrying if not unmanaged or managing[backend.id].is_nobody]
    if unmanaged and (unknown := sum(managing[backend.id].kind == "unknown" for backend in carrying)):
        session.say(f"Left out {count_backends(unknown)}, which a stack that could not be read might manage.")
    serving_now = _find_serving(session.list_tunnels(), backends, shown) if with_tunnels else None
    index = session.list_references() if with_references and shown else None
    several = doubles.find_doubles({backend.id for backend in backends}, [*(own or ()), *(others or ())])
    if as_json:
        result: dict[str, Any] = {
            "backends": [
                {
                    **as_dict(backend),
                    "managed_by": managing[backend.id].as_json(),
                    **(convert_use(index, backend) if index else {}),
                }
                for backend in shown
            ],
            "managed_twice": doubles.as_json(several),
        }
        if index:
            result["unlisted"] = convert_unlisted(index)
        if serving_now is not None:
            result["tunnels"] = [{**as_dict(tunnel), "backends": ids} for tunnel, ids in serving_now]
        print_json(result)
    else:
        _print(
            shown,
            {backend.id: managing[backend.id].text for backend in shown},
            index,
            narrowed=bool(labels) or unmanaged,
        )
        if serving_now is not None:
            _print_tunnels(serving_now, shown, index)
        doubles.print_doubles(session, several)
        if session.stack and any(managing[b.id].is_nobody for b in shown):
            session.say(OTHER_BACKENDS if all_stacks else OTHERS_NOT_READ)
    if several or unread or foreign or (index and index.unlisted):
        raise SystemExit(FOUND)


def _print(shown: Sequence[Backend], managing: Mapping[str, str], index: ReferenceIndex | None, narrowed: bool) -> None:
    if not shown:
        click.echo(f"There are no {'such ' if narrowed else ''}backends in this account.")
        return
    columns = ["ID", "LABELS", "DESCRIPTION", "TUNNELS", "AGE", "MANAGED BY"]
    rows = [
        [b.id, join_labels(b.labels), b.description, _count_tunnels(b), format_age(b), managing[b.id]] for b in shown
    ]
    if index:
        columns.append("USED BY")
        for backend, row in zip(shown, rows, strict=True):
            row.append(describe_use(index, backend.id))
    print_table(columns, rows)


def _print_tunnels(
    serving_now: Sequence[tuple[Tunnel, list[str]]], shown: Sequence[Backend], index: ReferenceIndex | None
) -> None:
    click.echo()
    rows = [
        (tunnel.id, ", ".join(ids) or "no backend", tunnel.forwards_to, tunnel.session, join_labels(tunnel.labels))
        for tunnel, ids in serving_now
    ]
    print_table(("TUNNEL", "SERVES", "FORWARDS TO", "AGENT SESSION", "LABELS"), rows)
    if index:
        for line in _describe_ways(serving_now, shown, index):
            click.echo(escape(line))


def _describe_ways(
    serving_now: Sequence[tuple[Tunnel, list[str]]], shown: Sequence[Backend], index: ReferenceIndex
) -> Iterator[str]:
    """Yield a block of lines for each backend: where its traffic comes from, and the tunnels that get it."""
    serving: dict[str, list[Tunnel]] = {}
    for tunnel, ids in serving_now:
        for id_ in ids:
            serving.setdefault(id_, []).append(tunnel)
    for backend in shown:
        yield ""
        yield f"{backend.id} ({join_labels(backend.labels) or 'no labels'})"
        for path in index.find_paths(backend.id):
            yield f"  from  {describe_way(path)}"
        if index.unlisted or not index.find_paths(backend.id):
            yield f"  from  {'unknown' if index.unlisted else 'nobody'}"
        for tunnel in serving.get(backend.id, []):
            yield f"  to    {tunnel.id} → {tunnel.forwards_to}"
        if backend.id not in serving:
            yield "  to    no tunnel online"


def _count_tunnels(backend: Backend) -> str:
    return "?" if backend.tunnels is None else str(len(backend.tunnels))


def _find_serving(
    tunnels: Sequence[Tunnel], backends: Sequence[Backend], shown: Sequence[Backend]
) -> list[tuple[Tunnel, list[str]]]:
    """Return the tunnels that serve a shown backend, and those that serve no backend, each with the ids it serves."""
    served: dict[str, list[str]] = {tunnel.id: [] for tunnel in tunnels}
    for backend in backends:
        for tunnel in find_serving(backend.id, backend.labels, tunnels):
            served[tunnel.id].append(backend.id)
    wanted, everything = {backend.id for backend in shown}, len(shown) == len(backends)
    return [
        (tunnel, served[tunnel.id])
        for tunnel in tunnels
        if wanted & set(served[tunnel.id]) or (everything and not served[tunnel.id])
    ]
