"""``pulumi-ngrok-tg delete``: deletes backends that nothing uses and no stack manages."""

import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_ngrok_tg.api.errors import ApiError, NgrokError, NotFound
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.api.references import BACKENDS_ONLY, REFERENCED, list_references
from pulumi_ngrok_tg.cli.managers import Manager, find_managers
from pulumi_ngrok_tg.cli.options import stack_options, this_stack_option
from pulumi_ngrok_tg.cli.session import Session
from pulumi_ngrok_tg.cli.show import count_backends, count_tunnels, format_age
from pulumi_ngrok_tg.rules.reference_index import ReferenceIndex, describe_use, explain_referenced
from pulumi_ngrok_tg.rules.wording import join_labels, join_names

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Managed

_AT_ONCE = 8  # the client's default for requests in flight


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Delete them even if something uses or manages them, or may do so.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@this_stack_option
@stack_options
def delete(
    ids: tuple[str, ...],
    force: bool,
    yes: bool,
    this_stack: bool,
    cwd: Path,
    stack: str | None,
    account: str | None,
) -> None:
    """Delete backends that nothing uses.

    Deletes none of the named ones if an edge or another backend refers to one, if a tunnel is online in it, if a stack
    manages it, if ngrok's Kubernetes operator owns it, or if one of these could not be found out. The reason for each
    is listed. --force deletes them anyway; the question names how many should not be deleted.

    \b
    Example:
      pulumi-ngrok-tg delete bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4
    """
    check = partial(_check, cwd, stack, account, this_stack)
    checked = check(ids)
    if checked.missing:
        raise click.ClickException(
            f"Nothing was deleted: this account does not have {join_names(checked.missing)}. Check the ids with "
            "`pulumi-ngrok-tg list`."
        )
    session, backends, accepted = checked.session, checked.backends, checked.reasons
    for id_, reason in accepted.items():
        session.say(f"{id_} {reason}")
    if accepted and not force:
        raise click.ClickException(
            "Nothing was deleted, for the reasons above. Resolve them first. Or add --force: it deletes the backends "
            "anyway, and traffic may stop."
        )
    for backend in backends:
        about = "; ".join(filter(None, (join_labels(backend.labels), backend.description)))
        described = f"{escape(about) or 'no labels'}; {count_tunnels(backend)}, {format_age(backend)} old"
        session.say(f"{backend.id} ({described})")
    if not yes:
        although = f" ({len(accepted)} of them managed or in use, see above)" if accepted else ""
        click.confirm(f"Delete {count_backends(len(backends))}{although}?", abort=True)
    failed, began = 0, time.monotonic()
    for start in range(0, len(backends), _AT_ONCE):
        batch = backends[start : start + _AT_ONCE]
        if not yes or (start and not force):  # what was read has had time to change
            try:
                checked = check([backend.id for backend in batch])
            except click.ClickException as error:
                left = len(backends) - start + failed
                raise click.ClickException(f"{left} of {len(backends)} were not deleted: {error.message}") from error
        failed += _delete_all(checked, batch, accepted, force, began)
    if failed:
        session.say(f"{failed} of {len(backends)} were not deleted.")
        raise SystemExit(1)


@dataclass(frozen=True)
class _Checked:
    """What was found out about backends."""

    session: Session
    backends: Sequence[Backend]
    missing: Sequence[str]
    """The ids of those that the account does not have."""
    reasons: Mapping[str, str]
    """Why some of them should not be deleted, by id."""


def _check(cwd: Path, stack: str | None, account: str | None, this_stack: bool, ids: Sequence[str]) -> _Checked:
    """Read backends, the stacks and what refers to backends."""
    session = Session(cwd, stack, account)
    listed = {backend.id: backend for backend in session.list_backends()}
    session.require_own_key(list(listed.values()))
    found = {id_: listed.get(id_) or _fetch(session, id_) for id_ in ids}
    backends = [backend for backend in found.values() if backend is not None]
    others, unread = session.read_others(this_stack)
    own = session.project_stack.claims
    managing = find_managers(backends, own, others, unread)
    index = session.list_references()
    reasons = {}
    for backend in backends:
        managers = [one for one in (*own.managed, *(others.managed if others else ())) if one.id == backend.id]
        shared = _find_shared(backend, listed.values())
        if why := list(_find_reasons(backend, managing[backend.id], managers, index, shared)):
            reasons[backend.id] = " It also ".join(why)
    return _Checked(session, backends, [id_ for id_, backend in found.items() if backend is None], reasons)


def _fetch(session: Session, id_: str) -> Backend | None:
    """Return a backend that the list did not show; None if there is none."""
    with session.explain_errors():
        try:
            return session.client.get(id_)
        except NotFound:
            return None


def _delete_all(
    checked: _Checked, batch: Sequence[Backend], accepted: Mapping[str, str], force: bool, began: float
) -> int:
    """Delete backends at once; print the outcome of each; return how many were not deleted.

    A backend with a reason that is not ``accepted`` is not deleted.
    """
    failed = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ended = []
        for backend in batch:
            reason = checked.reasons.get(backend.id, "")
            if reason not in ("", accepted.get(backend.id)):
                click.echo(f"Did not delete {backend.id}: since the first check, it {reason}")
                failed += 1
            else:
                ended.append(pool.submit(_delete, checked.session, backend, force, began))
        try:
            for done in as_completed(ended):
                click.echo(done.result())
                failed += done.result().startswith("Did not")
        except (KeyboardInterrupt, OSError):  # the latter is a closed pipe
            pool.shutdown(cancel_futures=True)
            checked.session.say(
                "Interrupted. The backends that are not named above may or may not be deleted. Run `pulumi-ngrok-tg "
                "list` to see which are left."
            )
            raise
    return failed


def _find_shared(backend: Backend, listed: Iterable[Backend]) -> list[str]:
    """Return the ids of the other backends in which all tunnels of this one are, too."""
    ids = {ref.id for ref in backend.tunnels or ()}
    return [one.id for one in listed if one.id != backend.id and ids and ids <= {ref.id for ref in one.tunnels or ()}]


def _find_reasons(
    backend: Backend, manager: Manager, managers: "Sequence[Managed]", index: ReferenceIndex, shared: Sequence[str]
) -> Iterator[str]:
    """Yield why a backend should not be deleted; ``shared`` are other backends that its tunnels serve, too."""
    if managers:
        yield _explain_managed(managers)
    if manager.kind == "operator":
        yield (
            "is owned by ngrok's Kubernetes operator, which would create it again. Delete the Kubernetes resource that "
            "it belongs to."
        )
    if manager.kind == "unknown":
        yield f"{manager.explain_unknown()}."
    if index.find_steps(backend.id):
        yield f"is used by {escape(describe_use(index, backend.id))}. Replace it there first."
    elif index.unlisted:
        yield "may be used, because not everything that could refer to it was listed. See docs/references.md."
    if backend.tunnels != () and not shared:
        yield f"has {count_tunnels(backend)}. Stop every tunnel in it first."
    elif shared:
        serve, them = ("also serves", "it") if len(backend.tunnels or ()) == 1 else ("also serve", "them")
        unused = not index.find_steps(backend.id) and not index.unlisted
        how = " Nothing refers to this one, so --force stops no traffic." if unused else ""
        yield f"has {count_tunnels(backend)}, which {serve} {join_names(shared)}: do not stop {them}.{how}"


def _explain_managed(managers: "Sequence[Managed]") -> str:
    names = join_names([f"{one.name} (stack {one.stack})" for one in managers])
    if len(managers) > 1:
        return f"is managed by {names}. `pulumi-ngrok-tg orphans` shows how one of them releases it."
    (one,) = managers
    unprotect = f"`pulumi state unprotect {shlex.quote(one.urn)} --stack {shlex.quote(one.stack)}`, then "
    return (
        f"is managed by {names}. To delete it, take it out of that stack's program, then run "
        f"{unprotect if one.protected else ''}`pulumi up --stack {shlex.quote(one.stack)}` there."
    )


def _delete(session: Session, backend: Backend, force: bool, began: float) -> str:
    """Delete a backend; return the outcome as a line."""
    id_ = backend.id
    try:
        if not force and (now := session.client.get(id_, backend.created_at)).tunnels != ():
            return f"Did not delete {id_}: it has {count_tunnels(now)}. Stop every tunnel in it first."
        session.client.delete(id_, backend.created_at)
    except NotFound:
        return f"{id_} was already gone"
    except NgrokError as error:
        line = f"Did not delete {id_}: {session.explain(error)}"
        if isinstance(error, ApiError) and error.code == REFERENCED:
            listed = partial(session.client.list, max_age=time.monotonic() - began)  # one listing for all deletes
            index = ReferenceIndex(list_references(listed, BACKENDS_ONLY))
            line += f" {escape(explain_referenced(id_, index))}"
        return line
    return f"Deleted {id_}"
