"""``pulumi-ngrok-tg delete``: deletes backends that no stack manages."""

from pathlib import Path

import click

from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.managers import managers
from pulumi_ngrok_tg.cli.session import Session, stack_options
from pulumi_ngrok_tg.cli.show import age, label_text, printable


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@stack_options
def delete(ids: tuple[str, ...], yes: bool, cwd: Path, stack: str | None, account: str | None) -> None:
    """Delete backends that no stack manages, by their ids.

    What a stack of the state's backend manages is refused: take it out of the program and run `pulumi up`. Where a
    stack cannot be read, so is --yes.

    \b
    Examples:
      pulumi-ngrok-tg delete bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4
      pulumi-ngrok-tg delete --yes $(pulumi-ngrok-tg list --unmanaged --all-stacks --json | jq -r '.backends[].id')
    """
    session = Session(cwd, stack, account)
    wanted = list(dict.fromkeys(ids))
    with session.explained():
        try:
            backends = [session.client.get(id_) for id_ in wanted]
        except NotFound as error:
            raise click.ClickException(f"Nothing was deleted: {error}") from error
    elsewhere, unread = session.managed_elsewhere()
    managing = managers(backends, session.project_stack.managed(), elsewhere)
    for backend in backends:
        manager = managing[backend.id]
        if manager.urn:
            raise click.ClickException(
                f"Nothing was deleted: {backend.id} is managed by {manager.name} in the stack {manager.stack}. Take it "
                "out of that stack's program and run `pulumi up`."
            )
    for backend in backends:
        owner = ", owned by ngrok's Kubernetes operator" if managing[backend.id].kind == "operator" else ""
        about = "; ".join(filter(None, (label_text(backend), backend.description)))
        session.say(
            f"{backend.id} ({printable(about) or 'no labels'}; {_tunnels(backend)} online, {age(backend)} old{owner})"
        )
    if yes and unread:
        raise click.ClickException(
            "Nothing was deleted: a stack could not be read, and may manage what was named. Run this without --yes to "
            "decide."
        )
    if not yes:
        click.confirm(
            f"Delete {'this backend' if len(backends) == 1 else f'these {len(backends)} backends'}?", abort=True
        )
    for backend in backends:
        with session.explained():
            try:
                session.client.delete(backend.id)
                click.echo(f"Deleted {backend.id}")
            except NotFound:
                click.echo(f"{backend.id} was already gone")


def _tunnels(backend: Backend) -> str:
    if backend.tunnels is None:
        return "nobody knows how many tunnels"
    return f"{len(backend.tunnels)} tunnel{'' if len(backend.tunnels) == 1 else 's'}"
