"""``pulumi-ngrok-tg orphans``: shows differences between the account and the stacks."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.references import References
from pulumi_ngrok_tg.api.text import escape
from pulumi_ngrok_tg.cli import doubles
from pulumi_ngrok_tg.cli.managers import find_managers
from pulumi_ngrok_tg.cli.options import json_option, stack_options
from pulumi_ngrok_tg.cli.session import FOUND, OTHER_BACKENDS, OTHERS_NOT_READ, Session
from pulumi_ngrok_tg.cli.show import as_dict, count_tunnels, format_options, print_json
from pulumi_ngrok_tg.rules.references import ReferenceIndex, convert_unlisted, convert_use, describe_use, is_in_use
from pulumi_ngrok_tg.rules.text import join_labels, join_names

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Managed, Pending


@click.command()
@click.option("--all-stacks", is_flag=True, help="Read the other stacks of the state backend, too.")
@json_option
@stack_options
def orphans(all_stacks: bool, as_json: bool, cwd: Path, stack: str | None, account: str | None) -> None:
    """Show differences between account and stack.

    Shows backends that no stack manages (those in use by an edge, another backend or a tunnel apart from the others),
    backends that two stacks manage, creates that an interrupted `pulumi up` has left pending, and backends that the
    stack manages and the account does not have. With each, shows how to fix it. Nothing is changed. Exits with 3 if it
    shows any, if a stack could not be read, or if the key is another account's.

    \b
    Examples:
      pulumi-ngrok-tg orphans
      pulumi-ngrok-tg orphans --all-stacks --json
    """
    session = Session(cwd, stack, account)
    project = session.project_stack
    backends = session.list_backends()
    session.require_own_key(backends)
    others, unread = session.find_managed_elsewhere() if all_stacks else (None, [])
    managing = find_managers(backends, project.find_managed(), others, bool(unread))
    unmanaged = [backend for backend in backends if managing[backend.id].is_nobody]
    unknown = [backend for backend in backends if managing[backend.id].kind == "unknown"]
    index = session.list_references() if unmanaged or unknown else ReferenceIndex(References((), {}))
    several = doubles.find_doubles({backend.id for backend in backends}, [*project.find_managed(), *(others or ())])
    pending = project.find_pending()
    missing = _find_missing(session, backends, [*project.find_managed(), *(others or ())])
    unseen = _find_unseen(session, backends)
    found = unmanaged or unknown or several or pending or missing or unseen or unread
    if as_json:
        print_json(
            {
                "unmanaged": [{**as_dict(backend), **convert_use(index, backend)} for backend in unmanaged],
                "unknown": [{**as_dict(backend), **convert_use(index, backend)} for backend in unknown],
                "unlisted": convert_unlisted(index),
                "managed_twice": doubles.as_json(several),
                "pending": [
                    {"urn": one.urn, "candidates": _find_candidates(one, unmanaged + unknown)} for one in pending
                ],
                "unseen": unseen,
                "missing": [{"urn": one.urn, "id": one.id, "stack": one.stack} for one in missing],
            }
        )
    else:
        folder = "" if str(cwd) == "." else str(cwd)
        pulumi = format_options(("-C", folder), ("-s", stack))
        options = pulumi + format_options(("--account", account))
        _tell_of_pending(pending, unmanaged + unknown, pulumi)
        whose = "no stack in this state backend manages" if all_stacks else "this stack does not manage"
        made = {id_ for one in pending for id_ in _find_candidates(one, unmanaged)}
        rest = [backend for backend in unmanaged if backend.id not in made]
        _tell_of_unmanaged(f"Backends that {whose}", rest, index, options if all_stacks else None, all_stacks)
        _tell_of_unmanaged("Backends that a stack that could not be read might manage", unknown, index, options, False)
        doubles.print_doubles(session, several)
        _tell_of_missing(missing, format_options(("-C", folder)))
        if unseen:
            session.say(
                f"This account does not have {join_names(unseen)}, which this stack manages and another key saw last. "
                "Run `pulumi refresh --run-program`; its error says how to go on."
            )
        if not found:
            click.echo("No differences found.")
        if unmanaged:
            session.say(OTHER_BACKENDS if all_stacks else f"{OTHERS_NOT_READ[:-1]}, and to see the commands.")
    if found:
        raise SystemExit(FOUND)


def _find_missing(session: Session, backends: Sequence[Backend], managed: "Sequence[Managed]") -> "list[Managed]":
    """Return the backends that stacks manage and that are proven to be gone; a missing entry alone proves nothing."""
    listed = {backend.id for backend in backends}
    missing = []
    for one in managed:
        if one.id in listed or one.deleting or one.fingerprint != session.account.fingerprint:
            continue  # another key saw it last, so it may be in another account
        with session.explain_errors():
            try:
                session.client.get(one.id, one.created_at)
            except NotFound:
                missing.append(one)
    return missing


def _find_unseen(session: Session, backends: Sequence[Backend]) -> list[str]:
    """Return the stack's backends in this account that another key saw last and this one does not see."""
    listed = {backend.id for backend in backends}
    return [
        one.id
        for one in session.project_stack.find_managed()
        if one.id not in listed
        and one.account == session.account_name
        and one.fingerprint not in (None, session.account.fingerprint)
    ]


def _find_candidates(pending: "Pending", backends: Sequence[Backend]) -> list[str]:
    """Return the ids of the backends that an interrupted create may have made: those with its contents."""
    from pulumi_ngrok_tg.rules import properties  # here, because it takes a moment to load

    if pending.inputs is None:
        return []
    return [backend.id for backend in backends if not properties.find_changes(pending.inputs, backend.contents)]


def _tell_of_pending(pending: "Sequence[Pending]", backends: Sequence[Backend], options: str) -> None:
    if not pending:
        return
    click.echo("Creates that were interrupted:")
    for one in pending:
        ids = _find_candidates(one, backends)
        made = f"may have made {' or '.join(ids)}" if ids else "made no backend that the account still has"
        click.echo(f"  {one.name}: {'cannot be compared, because a part is secret' if one.inputs is None else made}")
    click.echo(f"  unlock the stack:            pulumi cancel --yes{options}")
    click.echo(f"  forget them:                 pulumi refresh --clear-pending-creates --yes{options}")
    click.echo(f"  then adopt what they made:   PULUMI_NGROK_TG_ADOPT=identical pulumi up{options}")


def _tell_of_unmanaged(
    heading: str, backends: Sequence[Backend], index: ReferenceIndex, options: str | None, known: bool
) -> None:
    """Print each backend, those in use apart; with ``options``, also the commands that adopt or delete it.

    ``known`` is whether it is known that no stack manages them.
    """
    for used, state in ((True, "in use"), (None, "perhaps in use"), (False, "not in use")):
        found = [backend for backend in backends if is_in_use(index, backend) is used]
        if found:
            click.echo(f"{heading}, {state}:")
        for backend in found:
            about = escape("; ".join(filter(None, (join_labels(backend.labels), backend.description))))
            click.echo(f"  {backend.id} ({about or 'no labels'})")
            if used is True:
                by = [escape(describe_use(index, backend.id))] if index.find_paths(backend.id) else []
                by += [count_tunnels(backend)] if backend.tunnels else []
                click.echo(f"    in use by {', '.join(by)}{': bring it in' if known else ''}")
            if options is not None:
                click.echo(f"    adopt:   pulumi-ngrok-tg import --id {backend.id}{options}")
                stops = " --force    # stops its traffic" if used else ""
                click.echo(f"    delete:  pulumi-ngrok-tg delete {backend.id}{options}{stops}")


def _tell_of_missing(missing: "Sequence[Managed]", options: str) -> None:
    if not missing:
        return
    click.echo("Backends that a stack manages and the account does not have (run this in its project):")
    for one in missing:
        click.echo(f"  {one.name} ({one.id}) of the stack {one.stack}")
        where = f"-s {shlex.quote(one.stack)}{options}"
        unprotect = f"pulumi state unprotect {shlex.quote(one.urn)} {where} --yes && " if one.protected else ""
        click.echo(f"    create it again:  pulumi up --refresh {where}    # first remove import_ from its options")
        forget = f"{unprotect}pulumi state delete {shlex.quote(one.urn)} {where}"
        click.echo(f"    forget it:        {forget}    # first remove it from the program")
