"""``pulumi-ngrok-tg list``: lists an account's backends, and who manages each."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.cli.managers import find_managers
from pulumi_ngrok_tg.cli.options import json_option, label_option, stack_options, this_stack_option
from pulumi_ngrok_tg.cli.session import FOUND, OTHER_BACKENDS, OTHERS_NOT_READ, Session
from pulumi_ngrok_tg.cli.show import (
    as_dict,
    format_age,
    print_json,
    print_table,
)
from pulumi_ngrok_tg.rules.reference_index import (
    ReferenceIndex,
    convert_references,
    describe_use,
    describe_way,
    is_in_use,
)
from pulumi_ngrok_tg.rules.traffic import find_serving
from pulumi_ngrok_tg.rules.wording import join_labels

_WAYS = 20  # that are printed for a backend


@click.command("list")
@label_option
@click.option("--tunnels", "with_tunnels", is_flag=True, help="Also show the tunnels online, and what each serves.")
@click.option("--references", "with_references", is_flag=True, help="Show the edges and backends that refer to each.")
@this_stack_option
@json_option
@stack_options
def list_(
    labels: Mapping[str, str],
    with_tunnels: bool,
    with_references: bool,
    this_stack: bool,
    as_json: bool,
    cwd: Path,
    stack: str | None,
    account: str | None,
) -> None:
    """List the account's backends, and who manages each.

    Without a Pulumi project, the key comes from NGROK_API_KEY, and it is not known who manages what. Exits with 3 if a
    stack or a list could not be read, or if the key is another account's. See also: pulumi-ngrok-tg orphans.

    \b
    Examples:
      pulumi-ngrok-tg list
      pulumi-ngrok-tg list --label app=web --label dc=fra
      pulumi-ngrok-tg list --tunnels --references
      pulumi-ngrok-tg list --json
    """
    session = Session(cwd, stack, account, needs_stack=False)
    backends = session.list_backends()
    if foreign := session.describe_other_account(backends):
        session.say(foreign)
    others, unread = session.read_others(this_stack)
    managing = find_managers(backends, session.stack.claims if session.stack else None, others, unread)
    shown = [backend for backend in backends if labels.items() <= backend.labels.items()]
    serving_now = _find_serving(session.list_tunnels(), backends, shown) if with_tunnels else None
    index = session.list_references() if with_references else None
    if as_json:
        result: dict[str, Any] = {
            "backends": [
                {
                    **as_dict(backend),
                    "managed_by": managing[backend.id].as_json(),
                    **({"in_use": is_in_use(index, backend)} if index else {}),
                }
                for backend in shown
            ],
            **(convert_references(index) if index else {}),
        }
        if serving_now is not None:
            result["tunnels"] = [{**as_dict(tunnel), "backends": ids} for tunnel, ids in serving_now]
        print_json(result)
    else:
        _print(
            shown,
            {backend.id: managing[backend.id].text for backend in shown},
            index,
            narrowed=bool(labels),
        )
        if serving_now is not None:
            _print_tunnels(serving_now, shown, index)
        if session.stack and any(managing[b.id].is_nobody for b in shown):
            session.say(OTHERS_NOT_READ if this_stack else OTHER_BACKENDS)
    if unread or foreign or (index and index.unlisted):
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
        for path in islice(index.find_paths(backend.id), _WAYS):
            yield f"  from  {describe_way(path)}"
        if (more := index.count_paths(backend.id) - _WAYS) > 0:
            yield f"  from  {more} more"
        if index.unlisted or not index.find_steps(backend.id):
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
