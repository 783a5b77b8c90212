"""``pulumi-ngrok-tg import``: brings backends that exist under code."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

import click

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli import import_report, terraform
from pulumi_ngrok_tg.cli.choice import chosen
from pulumi_ngrok_tg.cli.managers import managers
from pulumi_ngrok_tg.cli.session import FOUND, Session, json_option, label_option, stack_options

OLDEST_ENGINE = (3, 254)  # the first that takes outputs from an import file


@click.command("import")
@label_option
@click.option("--id", "ids", metavar="ID", multiple=True, help="This backend; repeat for several.")
@click.option(
    "--from-terraform",
    "state",
    metavar="STATE",
    type=click.File(encoding="utf-8"),
    help="The backends in a Terraform or OpenTofu state, with their names there; - reads `terraform state pull`.",
)
@click.option(
    "--file",
    "placeholders",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Complete the placeholders in what `pulumi preview --import-file FILE` has written.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write the files; else beside __main__.py.",
)
@click.option("--run", is_flag=True, help="Import into the stack now, and check that a preview shows no change.")
@click.option("--force", is_flag=True, help="Overwrite files that are in the way.")
@click.option("--protect/--no-protect", default=True, help="Whether to protect the backends from being deleted.")
@json_option
@stack_options
def import_(
    labels: Mapping[str, str],
    ids: tuple[str, ...],
    state: TextIO | None,
    placeholders: Path | None,
    out: Path | None,
    run: bool,
    force: bool,
    protect: bool,
    as_json: bool,
    cwd: Path,
    stack: str | None,
    account: str | None,
) -> None:
    """Bring backends that exist under code.

    Writes import.json, for `pulumi import --file`, and tunnel_group_backends.py, a module for the program that declares
    the backends. Nothing is changed at ngrok, and nothing in the stack without --run.

    --label, --id and --from-terraform choose, each some more; without them it is all of the account. Left out is what a
    stack manages already, and what ngrok's Kubernetes operator owns unless --id names it. Run it again later: it brings
    in what is new.

    \b
    Examples:
      pulumi-ngrok-tg import                                   # every backend that nobody manages
      pulumi-ngrok-tg import --label app=web --run
      terraform state pull | pulumi-ngrok-tg import --from-terraform -
      pulumi preview --import-file import.json && pulumi-ngrok-tg import --file import.json
    """
    from pulumi_ngrok_tg.cli import import_files  # here, as they take a moment to load
    from pulumi_ngrok_tg.cli.importing import Import

    instances = _instances(state)
    session = Session(cwd, stack, account)
    project = session.project_stack
    if project.version < OLDEST_ENGINE:
        raise click.ClickException(
            f"This Pulumi CLI is {'.'.join(map(str, project.version))}; to import a dynamic provider's resources, it "
            f"has to be {'.'.join(map(str, OLDEST_ENGINE))} or newer. Update it: https://www.pulumi.com/docs/install/"
        )
    backends = session.backends()
    managed = project.managed()
    elsewhere, unread = session.managed_elsewhere()
    managing = managers(backends, managed, elsewhere, unread)
    terraform_names = {instance.id: instance.name for instance in instances}
    choice = chosen(backends, managing, labels, ids, terraform_names)
    home = project.program_folder
    folder = out or home
    importing = Import(session, choice, backends, terraform_names, folder, protect)
    if run and folder.resolve() != home.resolve():
        raise click.UsageError("--run needs the module beside __main__.py. Leave --out away.")
    if placeholders is not None or run:
        importing.preview()
    importing.match(force)
    if placeholders is not None:
        importing.complete(placeholders)
    else:
        importing.write(force)
    if run and choice.taken:
        importing.run(placeholders or folder / import_files.FILE)
    let_go = _held_by_terraform(instances, [*choice.taken, *(b for b in backends if managing[b.id].kind == "stack")])
    if as_json:
        import_report.print_all(importing, run, let_go)
    else:
        import_report.tell(session, importing, run)
        import_report.tell_of_terraform(session, let_go)
    if (
        unread
        or importing.not_imported
        or importing.matches.doubtful
        or any(id_ in choice.left_out for id_ in (*ids, *terraform_names))
    ):
        raise SystemExit(FOUND)


def _held_by_terraform(
    instances: Sequence[terraform.Instance], backends: Sequence[Backend]
) -> list[tuple[terraform.Instance, Backend]]:
    """Returns what Terraform has to let go of: what this stack manages from now on, and nothing else."""
    by_id = {backend.id: backend for backend in backends}
    return [(instance, by_id[instance.id]) for instance in instances if instance.id in by_id]


def _instances(state: TextIO | None) -> list[terraform.Instance]:
    if state is None:
        return []
    try:
        return terraform.read_state(state.read(), state.name)
    except UnicodeDecodeError as error:
        raise terraform.TerraformError(f"{state.name} is not a Terraform or OpenTofu state.") from error
