"""``pulumi-ngrok-tg delete``: deletes backends that no stack manages."""

import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_ngrok_tg.accounts import config
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.managers import Manager, find_managers
from pulumi_ngrok_tg.cli.options import stack_options, this_stack_option
from pulumi_ngrok_tg.cli.session import Session
from pulumi_ngrok_tg.cli.show import count_backends, escape_control, format_age, join_labels
from pulumi_ngrok_tg.rules.text import join_names

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Managed

_AT_ONCE = 8  # as many as the client may have in flight, unless it is told otherwise


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@this_stack_option
@stack_options
def delete(
    ids: tuple[str, ...], yes: bool, this_stack: bool, cwd: Path, stack: str | None, account: str | None
) -> None:
    """Delete backends that no stack manages, by their ids.

    A backend is not deleted if a stack manages it, if ngrok's Kubernetes operator owns it, or, with
    pulumi-ngrok-tg:onTrafficLoss set to refuse, if a tunnel is online in it. If a stack cannot be read, --yes is not
    enough: you are asked.

    \b
    Example:
      pulumi-ngrok-tg delete bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4
    """
    session = Session(cwd, stack, account)
    try:
        refuses = config.read_on_traffic_loss(session.project_stack.read_config) == "refuse"
    except config.ConfigError as error:
        raise click.ClickException(str(error)) from error
    listed = {backend.id: backend for backend in session.list_backends()}
    session.require_own_key(list(listed.values()))
    backends = [_find(session, id_, listed) for id_ in dict.fromkeys(ids)]
    _require_deletable(session, backends, refuses, this_stack, yes)
    for backend in backends:
        about = "; ".join(filter(None, (join_labels(backend), backend.description)))
        described = f"{escape_control(about) or 'no labels'}; {_describe_tunnels(backend)}, {format_age(backend)} old"
        session.say(f"{backend.id} ({described})")
    if not yes:
        click.confirm(f"Delete {count_backends(len(backends))}?", abort=True)
        # Meanwhile a stack may have adopted one.
        _require_deletable(Session(cwd, stack, account), backends, refuses, this_stack, yes)
    failed = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ended = [pool.submit(_delete, session, backend.id, refuses) for backend in backends]
        try:
            for done in as_completed(ended):
                click.echo(done.result())
                failed += done.result().startswith("Did not")
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            session.say("Interrupted. Backends that are not named above may have been deleted or not: see `list`.")
            raise
    if failed:
        session.say(f"{failed} of {len(ended)} were not deleted.")
        raise SystemExit(1)


def _require_deletable(
    session: Session, backends: Sequence[Backend], refuses: bool, this_stack: bool, yes: bool
) -> None:
    """Ends the command where one of the backends must not be deleted."""
    others, unread = session.find_managed_elsewhere(this_stack)
    own = session.project_stack.find_managed()
    managing = find_managers(backends, own, others)
    for backend in backends:
        holders = [one for one in (*own, *others) if one.id == backend.id]
        if reason := _refuse(backend, managing[backend.id], holders, refuses):
            raise click.ClickException(f"Nothing was deleted: {backend.id} {reason}")
    if yes and unread:
        raise click.ClickException(
            "Nothing was deleted: a stack could not be read, and may manage what was named. Run this without --yes to "
            "decide."
        )


def _find(session: Session, id_: str, listed: dict[str, Backend]) -> Backend:
    """Returns a backend by its id; one that is not in the list is asked for."""
    if id_ in listed:
        return listed[id_]
    with session.explain_errors():
        try:
            return session.client.get(id_)
        except NotFound as error:
            raise click.ClickException(f"Nothing was deleted: {error}") from error


def _refuse(backend: Backend, manager: Manager, holders: "Sequence[Managed]", refuses: bool) -> str:
    """Returns why a backend must not be deleted; "" where it may be."""
    if holders:
        names = join_names([f"{one.name} (stack {one.stack})" for one in holders])
        if len(holders) > 1:
            return f"is managed by {names}. `pulumi-ngrok-tg orphans --all-stacks` says how one of them lets go."
        (one,) = holders
        unprotect = f"`pulumi state unprotect {shlex.quote(one.urn)} --stack {shlex.quote(one.stack)}`, then "
        return (
            f"is managed by {names}. To delete it, take it out of that stack's program, then run "
            f"{unprotect if one.protected else ''}`pulumi up`."
        )
    if manager.kind == "operator":
        return (
            "is owned by ngrok's Kubernetes operator, which would create it again. Delete the Kubernetes resource that "
            "it belongs to."
        )
    if refuses and backend.tunnels != ():
        return (
            f'has {_describe_tunnels(backend)}, and {config.ON_TRAFFIC_LOSS} is "refuse". Stop them, or run '
            f"`pulumi config set {config.ON_TRAFFIC_LOSS} warn`."
        )
    return ""


def _delete(session: Session, id_: str, refuses: bool) -> str:
    """Deletes a backend; returns what became of it."""
    try:
        if refuses and (now := session.client.get(id_)).tunnels != ():
            return f"Did not delete {id_}: {_describe_tunnels(now)}"
        session.client.delete(id_)
    except NotFound:
        return f"{id_} was already gone"
    except NgrokError as error:
        return f"Did not delete {id_}: {session.explain(error)}"
    return f"Deleted {id_}"


def _describe_tunnels(backend: Backend) -> str:
    if backend.tunnels is None:
        return "an unknown number of tunnels online"
    return f"{len(backend.tunnels)} tunnel{'' if len(backend.tunnels) == 1 else 's'} online"
