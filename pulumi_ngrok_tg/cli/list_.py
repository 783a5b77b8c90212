"""``pulumi-ngrok-tg list``: what an account has, and who manages it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.cli.managers import managers
from pulumi_ngrok_tg.cli.session import NOT_LOOKED_AT, Session, json_option, label_option, stack_options
from pulumi_ngrok_tg.cli.show import age, as_dict, counted, label_text, print_json, print_table
from pulumi_ngrok_tg.traffic import serving


@click.command("list")
@label_option
@click.option("--unmanaged", is_flag=True, help="Only backends that nobody manages, as far as is known.")
@click.option("--tunnels", "with_tunnels", is_flag=True, help="Show the tunnels online, and what each serves, too.")
@click.option("--all-stacks", is_flag=True, help="Look at the other stacks of the state's backend, too.")
@json_option
@stack_options
def list_(
    labels: Mapping[str, str],
    unmanaged: bool,
    with_tunnels: bool,
    all_stacks: bool,
    as_json: bool,
    cwd: Path,
    stack: str | None,
    account: str | None,
) -> None:
    """List the account's backends, and who manages each.

    In a folder without a Pulumi project the key comes from NGROK_API_KEY, and nobody can tell who manages what.

    \b
    Examples:
      pulumi-ngrok-tg list
      pulumi-ngrok-tg list --label app=web --label dc=fra
      pulumi-ngrok-tg list --tunnels
      pulumi-ngrok-tg list --unmanaged --all-stacks
      pulumi-ngrok-tg list --json | jq -r '.backends[].id'
    """
    session = Session(cwd, stack, account, needs_stack=unmanaged or all_stacks)
    backends = session.backends()
    elsewhere = session.managed_elsewhere() if session.stack and all_stacks else ((), False)
    managing = managers(backends, session.stack.managed() if session.stack else None, *elsewhere)
    carrying = [backend for backend in backends if labels.items() <= backend.labels.items()]
    shown = [backend for backend in carrying if not unmanaged or managing[backend.id].kind == "nobody"]
    if unmanaged and (unknown := sum(managing[backend.id].kind == "unknown" for backend in carrying)):
        session.say(f"Left out {counted(unknown)} that only a stack that could not be read may manage.")
    serving = _serving(session.tunnels(), backends, shown) if with_tunnels else None
    if as_json:
        result: dict[str, Any] = {"backends": [{**as_dict(b), "managed_by": managing[b.id].as_json()} for b in shown]}
        if serving is not None:
            result["tunnels"] = [{**as_dict(tunnel), "backends": ids} for tunnel, ids in serving]
        print_json(result)
        return
    print_table(
        ("ID", "LABELS", "DESCRIPTION", "TUNNELS", "AGE", "MANAGED BY"),
        [
            (
                b.id,
                label_text(b),
                b.description,
                "?" if b.tunnels is None else str(len(b.tunnels)),
                age(b),
                str(managing[b.id]),
            )
            for b in shown
        ],
    )
    if serving is not None:
        click.echo()
        print_table(
            ("TUNNEL", "SERVES", "FORWARDS TO", "AGENT SESSION", "LABELS"),
            [
                (tunnel.id, ", ".join(ids) or "no backend", tunnel.forwards_to, tunnel.session, label_text(tunnel))
                for tunnel, ids in serving
            ],
        )
    if session.stack and not all_stacks and any(managing[b.id].kind == "nobody" for b in shown):
        session.say(NOT_LOOKED_AT)


def _serving(
    tunnels: Sequence[Tunnel], backends: Sequence[Backend], shown: Sequence[Backend]
) -> list[tuple[Tunnel, list[str]]]:
    """Returns the tunnels that serve a shown backend, and those that serve none at all, each with the ids it serves."""
    served: dict[str, list[str]] = {tunnel.id: [] for tunnel in tunnels}
    for backend in backends:
        for tunnel in serving(backend.id, backend.labels, tunnels):
            served[tunnel.id].append(backend.id)
    wanted, everything = {backend.id for backend in shown}, len(shown) == len(backends)
    return [
        (tunnel, served[tunnel.id])
        for tunnel in tunnels
        if wanted & set(served[tunnel.id]) or (everything and not served[tunnel.id])
    ]
