"""``pulumi-ngrok-tg list``: what an account has, and who manages it."""

from collections.abc import Mapping
from pathlib import Path

import click

from pulumi_ngrok_tg.cli.managers import managers
from pulumi_ngrok_tg.cli.session import Session, json_option, label_option, stack_options
from pulumi_ngrok_tg.cli.show import age, as_dict, label_text, print_json, print_table


@click.command("list")
@label_option
@click.option("--unmanaged", is_flag=True, help="Only backends that nobody manages.")
@click.option("--all-stacks", is_flag=True, help="Look at the other stacks of the state's backend, too.")
@json_option
@stack_options
def list_(
    labels: Mapping[str, str],
    unmanaged: bool,
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
      pulumi-ngrok-tg list --unmanaged --all-stacks
      pulumi-ngrok-tg list --json | jq -r '.backends[].id'
    """
    session = Session(cwd, stack, account, needs_stack=unmanaged or all_stacks)
    backends = session.backends()
    managing = managers(
        backends,
        session.stack.managed() if session.stack else None,
        session.stack.managed_elsewhere(session.say) if session.stack and all_stacks else (),
    )
    shown = [
        backend
        for backend in backends
        if labels.items() <= backend.labels.items() and (not unmanaged or managing[backend.id].kind == "nobody")
    ]
    if as_json:
        print_json({"backends": [{**as_dict(b), "managed_by": managing[b.id].as_json()} for b in shown]})
        return
    print_table(
        ("ID", "LABELS", "DESCRIPTION", "TUNNELS", "AGE", "MANAGED BY"),
        [(b.id, label_text(b), b.description, str(len(b.tunnels)), age(b), str(managing[b.id])) for b in shown],
    )
    if session.stack and not all_stacks and any(managing[b.id].kind == "nobody" for b in shown):
        session.say("Other stacks were not looked at; --all-stacks does.")
