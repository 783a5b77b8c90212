"""``pulumi-ngrok-tg orphans``: where the account and the stacks are out of step."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.managers import managers
from pulumi_ngrok_tg.cli.session import FOUND, NOT_LOOKED_AT, Session, json_option, stack_options
from pulumi_ngrok_tg.cli.show import as_dict, label_text, print_json, printable

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.matching import Matches
    from pulumi_ngrok_tg.cli.preview import Wanted
    from pulumi_ngrok_tg.cli.stack import Managed


@click.command()
@click.option("--all-stacks", is_flag=True, help="Look at the other stacks of the state's backend, too.")
@json_option
@stack_options
def orphans(all_stacks: bool, as_json: bool, cwd: Path, stack: str | None, account: str | None) -> None:
    """Find what the account and the stack do not agree about, and the command that mends it.

    Three kinds: backends that no stack manages, or only one that could not be read may; creates that an interrupted
    `pulumi up` has left pending; and backends that the stack manages and the account does not have. Nothing is changed.
    Exits with 3 where anything is found, or a stack could not be read.

    \b
    Examples:
      pulumi-ngrok-tg orphans
      pulumi-ngrok-tg orphans --all-stacks --json
    """
    from pulumi_ngrok_tg.cli.matching import matched

    session = Session(cwd, stack, account)
    project = session.project_stack
    backends = session.backends()
    others, unread = session.managed_elsewhere() if all_stacks else ([], False)
    managing = managers(backends, project.managed(), others, unread)
    unmanaged = [backend for backend in backends if managing[backend.id].kind == "nobody"]
    unknown = [backend for backend in backends if managing[backend.id].kind == "unknown"]
    pending = project.pending()
    made = matched(pending, unmanaged + unknown, {}, account)
    missing = _missing(session, backends, [*project.managed(), *others])
    found = unmanaged or unknown or pending or missing or unread
    folder = "" if str(cwd) == "." else str(cwd)
    pulumi = _options(("-C", folder), ("-s", stack))
    options = pulumi + _options(("--account", account))
    if as_json:
        print_json(
            {
                "unmanaged": [as_dict(backend) for backend in unmanaged],
                "unknown": [as_dict(backend) for backend in unknown],
                "pending": [{"urn": one.urn, "candidates": _ids(made, one)} for one in pending],
                "missing": [{"urn": one.urn, "id": one.id, "stack": one.stack} for one in missing],
            }
        )
    else:
        _tell_of_pending(pending, made, pulumi)
        _tell_of_unmanaged("Backends that no stack manages:", unmanaged, options)
        _tell_of_unmanaged("Backends that only a stack that could not be read may manage:", unknown, options)
        _tell_of_missing(missing, _options(("-C", folder)))
        if not found:
            click.echo("Account and stack are in step.")
        if unmanaged and not all_stacks:
            session.say(NOT_LOOKED_AT)
    if found:
        raise SystemExit(FOUND)


def _options(*given: tuple[str, str | None]) -> str:
    """Returns options as a shell takes them, those that have a value."""
    return "".join(f" {option} {shlex.quote(value)}" for option, value in given if value)


def _missing(session: Session, backends: "Sequence[Backend]", managed: "Sequence[Managed]") -> "list[Managed]":
    """Returns what stacks manage in this account, and ngrok itself says is not there: a list alone never says so."""
    listed = {backend.id for backend in backends}
    missing = []
    for one in managed:
        if one.id in listed or one.fingerprint != session.account.fingerprint:
            continue  # under another key than saw it last, it may well be in another account
        with session.explained():
            try:
                session.client.get(one.id)
            except NotFound:
                missing.append(one)
    return missing


def _tell_of_pending(pending: "Sequence[Wanted]", made: "Matches", options: str) -> None:
    if not pending:
        return
    click.echo("Creates that were interrupted:")
    for one in pending:
        ids = _ids(made, one)
        found = f"may have made {' or '.join(ids)}" if ids else "has made nothing that the account still has"
        click.echo(f"  {one.name}: {found}")
    click.echo(f"  forget them:  pulumi refresh --clear-pending-creates{options}")


def _tell_of_unmanaged(heading: str, backends: "Sequence[Backend]", options: str) -> None:
    if not backends:
        return
    click.echo(heading)
    for backend in backends:
        about = printable("; ".join(filter(None, (label_text(backend), backend.description))))
        click.echo(f"  {backend.id} ({about or 'no labels'})")
        click.echo(f"    adopt:   pulumi-ngrok-tg import --id {backend.id} --run{options}")
        click.echo(f"    delete:  pulumi-ngrok-tg delete {backend.id}{options}")


def _tell_of_missing(missing: "Sequence[Managed]", options: str) -> None:
    if not missing:
        return
    click.echo("Backends that a stack manages and the account does not have:")
    for one in missing:
        click.echo(f"  {one.name} ({one.id}) of the stack {one.stack}")
        where = f"-s {shlex.quote(one.stack)}{options}"
        click.echo(f"    create it anew:  pulumi up --refresh {where}")
        click.echo(f"    forget it:       pulumi state delete {shlex.quote(one.urn)} {where}")


def _ids(made: "Matches", one: "Wanted") -> list[str]:
    """Returns the backends that an interrupted create may have made."""
    certain = made.certain.get(one.urn)
    return [certain.id] if certain else [backend.id for backend in made.doubtful.get(one.urn, [])]
