"""``pulumi-ngrok-tg orphans``: shows differences between the account and the stacks."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.cli import doubles
from pulumi_ngrok_tg.cli.managers import find_managers
from pulumi_ngrok_tg.cli.options import format_project_options, json_option, stack_options, this_stack_option
from pulumi_ngrok_tg.cli.session import FOUND, OTHER_BACKENDS, OTHERS_NOT_READ, Session
from pulumi_ngrok_tg.cli.show import as_dict, count_tunnels, format_options, print_json
from pulumi_ngrok_tg.rules.reference_index import ReferenceIndex, convert_references, describe_use, is_in_use
from pulumi_ngrok_tg.rules.wording import join_labels, join_names

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Managed, Pending


@click.command()
@this_stack_option
@json_option
@stack_options
def orphans(this_stack: bool, as_json: bool, cwd: Path, stack: str | None, account: str | None) -> None:
    """Show differences between account and stacks.

    Shows backends that no stack manages, backends that two stacks manage, creates that an interrupted `pulumi up` left
    pending, and backends that a stack manages but the account does not have. Prints how to fix each. Changes nothing.
    Exits with 3 if it shows any, or if a stack could not be read.

    \b
    Examples:
      pulumi-ngrok-tg orphans
      pulumi-ngrok-tg orphans --json
    """
    session = Session(cwd, stack, account)
    own = session.project_stack.claims
    backends = session.list_backends()
    session.require_own_key(backends)
    others, unread = session.read_others(this_stack)
    managing = find_managers(backends, own, others, unread)
    managed = [*own.managed, *(others.managed if others else ())]
    pending = [*own.pending, *(others.pending if others else ())]
    unmanaged = [backend for backend in backends if managing[backend.id].is_nobody]
    unknown = [backend for backend in backends if managing[backend.id].kind == "unknown"]
    index = session.list_references() if unmanaged or unknown else None
    several = doubles.find_doubles({backend.id for backend in backends}, managed)
    missing = _find_missing(session, backends, managed)
    unseen = _find_unseen(session, backends)
    made = {one.urn: [backend.id for backend in unknown if one.may_have_made(backend.contents)] for one in pending}
    found = unmanaged or unknown or several or pending or missing or unseen or unread
    if as_json:
        print_json(
            {
                "unmanaged": [_convert(backend, index) for backend in unmanaged],
                "unknown": [_convert(backend, index) for backend in unknown],
                **convert_references(index),
                "managed_twice": doubles.as_json(several),
                "pending": [{"urn": one.urn, "stack": one.stack, "candidates": made[one.urn]} for one in pending],
                "unseen": unseen,
                "missing": [{"urn": one.urn, "id": one.id, "stack": one.stack} for one in missing],
            }
        )
    else:
        folder, pulumi = format_project_options(cwd, None), format_project_options(cwd, stack)
        taken = [one for one in backends if managing[one.id].kind == "other-stack"]
        for one in pending:
            twins = [backend.id for backend in taken if one.may_have_made(backend.contents)]
            _tell_of_pending(one, made[one.urn], twins, pulumi if one in own.pending else None)
        whose = "this stack does not manage" if this_stack else "no stack in this state backend manages"
        rest = [backend for backend in unknown if not managing[backend.id].stack]
        if index:
            account_option = format_options(("--account", account))
            alike = doubles.find_twins(backends)
            heading = f"Backends that {whose}"
            _tell_of_unmanaged(heading, unmanaged, index, alike, pulumi, account_option, known=not this_stack)
            heading = "Backends that a stack that could not be read might manage"
            _tell_of_unmanaged(heading, rest, index, alike, pulumi, account_option, known=False, force=True)
        doubles.print_doubles(several, session.project_stack.name, folder)
        _tell_of_missing(missing, session.project_stack.name, folder)
        if unseen:
            them = "it" if len(unseen) == 1 else "them"
            session.say(
                f"This stack manages {join_names(unseen)}, but this key does not find {them}; another key read {them} "
                "last. Run `pulumi refresh --run-program`: its error says how to go on."
            )
        if not found:
            click.echo("No differences found.")
        if unmanaged:
            session.say(OTHERS_NOT_READ if this_stack else OTHER_BACKENDS)
    if found:
        raise SystemExit(FOUND)


def _convert(backend: Backend, index: ReferenceIndex | None) -> dict[str, Any]:
    return {**as_dict(backend), "in_use": is_in_use(index, backend) if index else None}


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
        for one in session.project_stack.claims.managed
        if one.id not in listed
        and one.account == session.account_name
        and one.fingerprint not in (None, session.account.fingerprint)
    ]


def _tell_of_pending(one: "Pending", made: Sequence[str], twins: Sequence[str], options: str | None) -> None:
    """Print an interrupted create, and the commands that end in one backend; a plain import would lead to two.

    Args:
        one: the create.
        made: the backends that it may have made.
        twins: backends with its contents that another stack manages, which PULUMI_NGROK_TG_ADOPT would adopt, too.
        options: the options for the own stack; None for another one.
    """
    may = f"it may have made {' or '.join(made)}" if made else "the account has no backend with its contents"
    hidden = f" ({', '.join(sorted(one.hidden))} cannot be compared: secret)" if one.hidden else ""
    where = f" Run this in the project of the stack {one.stack}:" if options is None else ""
    click.echo(f"{one.name} (stack {one.stack}): its create was interrupted; {may}{hidden}.{where}")
    options = f" -s {shlex.quote(one.stack)}" if options is None else options
    click.echo(f"    unlock the stack:           pulumi cancel --yes{options}")
    click.echo(f"    forget the create:          pulumi refresh --clear-pending-creates --yes{options}")
    if made and (twins or one.hidden):
        click.echo(
            f'    then adopt what it made:    pulumi up{options}    # first add import_="{made[0]}" to its options'
        )
    elif made:
        click.echo(f"    then adopt what it made:    PULUMI_NGROK_TG_ADOPT=identical pulumi up{options}")
    else:
        click.echo(f"    then create it:             pulumi up{options}")


def _tell_of_unmanaged(
    heading: str,
    backends: Sequence[Backend],
    index: ReferenceIndex,
    twins: Mapping[str, Sequence[str]],
    pulumi: str,
    account: str,
    known: bool,
    force: bool = False,
) -> None:
    """Print each backend with the commands that adopt or delete it: first those in use.

    Args:
        heading: what they are.
        backends: the backends.
        index: what refers to them.
        twins: the ids of identical backends, by the id of each.
        pulumi: the options for the own stack.
        account: the option for the account.
        known: whether it is known that no stack manages them.
        force: whether only ``--force`` deletes them.
    """
    for used, state in ((True, "in use"), (None, "perhaps in use"), (False, "not in use")):
        found = [backend for backend in backends if is_in_use(index, backend) is used]
        if found:
            click.echo(f"{heading}, {state}:")
        for backend in found:
            about = escape("; ".join(filter(None, (join_labels(backend.labels), backend.description))))
            click.echo(f"  {backend.id} ({about or 'no labels'})")
            if used is True:
                by = [escape(describe_use(index, backend.id))] if index.find_steps(backend.id) else []
                by += [count_tunnels(backend)] if backend.tunnels else []
                click.echo(f"    in use by {', '.join(by)}{': bring it in' if known else ''}")
            if others := [id_ for id_ in twins.get(backend.id, ()) if id_ != backend.id]:
                click.echo(f"    identical to {join_names(others)}, so each tunnel in it also serves that")
            click.echo(f"    adopt:   pulumi-ngrok-tg import --id {backend.id}{pulumi}{account}")
            click.echo(
                f"    or, if the program declares it already:  PULUMI_NGROK_TG_ADOPT=identical pulumi up{pulumi}"
            )
            stops = {True: " --force    # stops its traffic", None: " --force    # may stop traffic"}.get(used, "")
            stops = stops or (" --force    # first check that stack" if force else "")
            click.echo(f"    delete:  pulumi-ngrok-tg delete {backend.id}{pulumi}{account}{stops}")


def _tell_of_missing(missing: "Sequence[Managed]", own: str, options: str) -> None:
    if not missing:
        return
    click.echo("Backends that a stack manages and the account does not have (run this in its project):")
    for one in missing:
        click.echo(f"  {one.name} ({one.id}) of the stack {one.stack}")
        where = f"-s {shlex.quote(one.stack)}{options if one.stack == own else ''}"
        unprotect = f"pulumi state unprotect {shlex.quote(one.urn)} {where} --yes && " if one.protected else ""
        click.echo(f"    create it again:  pulumi up --refresh {where}    # first remove import_ from its options")
        forget = f"{unprotect}pulumi state delete {shlex.quote(one.urn)} {where}"
        click.echo(f"    forget it:        {forget}    # first remove it from the program")
