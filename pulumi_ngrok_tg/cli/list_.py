"""``pulumi-ngrok-tg list``: lists an account's backends, and who manages each."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.cli.managers import Manager, find_managers
from pulumi_ngrok_tg.cli.mermaid import draw
from pulumi_ngrok_tg.cli.options import json_option, label_option, stack_options, this_stack_option
from pulumi_ngrok_tg.cli.session import FOUND, OTHER_BACKENDS, OTHERS_NOT_READ, Session
from pulumi_ngrok_tg.cli.show import (
    as_dict,
    count_online,
    format_age,
    print_block,
    print_json,
    print_table,
)
from pulumi_ngrok_tg.rules.reference_index import (
    ReferenceIndex,
    convert_references,
    describe_path,
    is_in_use,
)
from pulumi_ngrok_tg.rules.traffic import find_serving
from pulumi_ngrok_tg.rules.wording import join_labels

_PATHS = 20  # that are printed for a backend


@click.command("list")
@label_option
@click.option("--tunnels", "with_tunnels", is_flag=True, help="Also show the tunnels online, and what each serves.")
@click.option("--references", "with_references", is_flag=True, help="Show the edges and backends that refer to each.")
@click.option("--mermaid", "as_mermaid", is_flag=True, help="Draw the references as a Mermaid flowchart.")
@this_stack_option
@json_option
@stack_options
def list_(
    labels: Mapping[str, str],
    with_tunnels: bool,
    with_references: bool,
    as_mermaid: bool,
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
      pulumi-ngrok-tg list --references --tunnels --mermaid
      pulumi-ngrok-tg list --json
    """
    if as_mermaid and as_json:
        raise click.UsageError("--mermaid and --json exclude each other. Choose one of them.")
    session = Session(cwd, stack, account, needs_stack=False)
    backends = session.list_backends()
    if foreign := session.describe_other_account(backends):
        session.say(foreign)
    others, unread = session.read_others(this_stack)
    managing = find_managers(backends, session.stack.claims if session.stack else None, others, unread)
    shown = [backend for backend in backends if labels.items() <= backend.labels.items()]
    serving_now = _find_serving(session.list_tunnels(), backends, shown) if with_tunnels else None
    index = session.list_references() if with_references or as_mermaid else None
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
    elif not shown:
        click.echo(f"There are no {'such ' if labels else ''}backends in this account.")
    elif as_mermaid and index:
        for line in draw(shown, index, serving_now or ()):
            click.echo(line)
    else:
        if index or serving_now is not None:
            for backend in shown:
                print_block(backend.id, _list_fields(backend, managing[backend.id].text, index, serving_now))
        else:
            _print_table(shown, managing)
        if stray := [tunnel for tunnel, ids in serving_now or () if not ids]:
            print_block("Tunnels that serve no backend", [("tunnel", _describe(tunnel)) for tunnel in stray])
        if session.stack and any(managing[b.id].is_nobody for b in shown):
            session.say(OTHERS_NOT_READ if this_stack else OTHER_BACKENDS)
    if unread or foreign or (index and index.unlisted):
        raise SystemExit(FOUND)


def _print_table(shown: Sequence[Backend], managing: Mapping[str, Manager]) -> None:
    rows = [(b.id, join_labels(b.labels), b.description, _count_tunnels(b), managing[b.id].text) for b in shown]
    print_table(("ID", "LABELS", "DESCRIPTION", "TUNNELS", "MANAGED BY"), rows)


def _list_fields(
    backend: Backend,
    manager: str,
    index: ReferenceIndex | None,
    serving_now: Sequence[tuple[Tunnel, list[str]]] | None,
) -> Iterator[tuple[str, str]]:
    """Yield what is shown of a backend, as names and texts."""
    yield "labels", join_labels(backend.labels) or "none"
    if backend.description:
        yield "description", backend.description
    yield "managed by", manager
    yield "age", format_age(backend)
    if index:
        for path in islice(index.find_paths(backend.id), _PATHS):
            yield "used by", describe_path(path)
        if (more := index.count_paths(backend.id) - _PATHS) > 0:
            yield "used by", f"{more} more"
        if index.unlisted or not index.find_steps(backend.id):
            yield "used by", "unknown" if index.unlisted else "nobody"
    if serving_now is None:
        yield "tunnels", count_online(backend)
        return
    serving = [tunnel for tunnel, ids in serving_now if backend.id in ids]
    for tunnel in serving:
        yield "tunnels", _describe(tunnel)
    if not serving:
        yield "tunnels", "none online"


def _describe(tunnel: Tunnel) -> str:
    labels = f"labels {join_labels(tunnel.labels)}" if tunnel.labels else "no labels"
    return f"{tunnel.id} → {tunnel.forwards_to} (agent session {tunnel.session}, {labels})"


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
