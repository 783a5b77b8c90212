"""``pulumi-ngrok-tg import``: brings backends that exist under code."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli import terraform
from pulumi_ngrok_tg.cli.choice import chosen
from pulumi_ngrok_tg.cli.managers import managers
from pulumi_ngrok_tg.cli.session import FOUND, Session, json_option, label_option, stack_options
from pulumi_ngrok_tg.cli.show import counted, label_text, print_json, print_table

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.importing import Import

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
        print_json({**_report(importing, run), "terraform": [_as_json(instance) for instance, _ in let_go]})
    else:
        _tell(session, importing, run)
        _tell_of_terraform(session, let_go)
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


def _as_json(instance: terraform.Instance) -> dict[str, str]:
    return {"id": instance.id, "address": instance.address, "resource": instance.resource}


def _instances(state: TextIO | None) -> list[terraform.Instance]:
    if state is None:
        return []
    try:
        return terraform.read_state(state.read(), state.name)
    except UnicodeDecodeError as error:
        raise terraform.TerraformError(f"{state.name} is not a Terraform or OpenTofu state.") from error


def _report(importing: "Import", run: bool) -> dict[str, Any]:
    """Returns what was done, as ``--json`` prints it."""
    declared = {backend.id for backend in importing.matches.certain.values()}
    taken = [{"id": b.id, "name": importing.names[b.id], "declared": b.id in declared} for b in importing.choice.taken]
    return {
        "taken": taken,
        "left_out": [{"id": id_, "reason": reason} for id_, reason in importing.choice.left_out.items()],
        "files": [str(path) for path in importing.written],
        "imported": run,
    }


def _tell(session: Session, importing: "Import", run: bool) -> None:
    """Tells what was done, and what comes next."""
    from pulumi_ngrok_tg.cli import program

    report = _report(importing, run)
    if taken := report["taken"]:
        by_id = {backend.id: backend for backend in importing.choice.taken}
        print_table(("NAME", "ID", "LABELS"), [(t["name"], t["id"], label_text(by_id[t["id"]])) for t in taken])
    for left_out in report["left_out"]:
        session.say(f"Left out {left_out['id']}: {left_out['reason']}")
    if not taken:
        session.say("Nothing to import.")
        return
    for path in importing.written:
        session.say(f"Wrote {path}")
    if run:
        session.say(f"Imported {counted(len(taken))}; a preview shows no change of them.")
        for name in importing.not_imported:
            session.say(f"{program.FILE} declares {name}, too: `pulumi up` would create it. Import it, or take it out.")
        return
    file = next(path for path in importing.written if path.suffix == ".json")
    session.say("To go on:")
    if importing.new:
        session.say(f"  add `import {program.MODULE}` to __main__.py")
    protect = "" if importing.protect else " --protect=false"
    session.say(f"  pulumi import --file {shlex.quote(str(file))} --generate-code=false --yes{protect}")
    session.say("  pulumi preview    # shows no change of them")


def _tell_of_terraform(session: Session, let_go: Sequence[tuple[terraform.Instance, Backend]]) -> None:
    """Tells how Terraform lets go of what it must not destroy."""
    if not let_go:
        return
    for instance, backend in let_go:
        if changed := instance.changed(backend.contents):
            session.say(f"{instance.address}: {', '.join(changed)} changed since; what ngrok holds is what counts")
    session.say("Before you run Terraform again, have it let go of these without destroying. Either from its state:")
    for instance, _ in let_go:
        session.say(f"  terraform state rm {shlex.quote(instance.address)}")
    session.say("or, with Terraform 1.7 or OpenTofu 1.7 and newer, in its code, in place of the resource blocks:")
    for resource in dict.fromkeys(instance.resource for instance, _ in let_go):
        for line in ("removed {", f"  from = {resource}", "  lifecycle {", "    destroy = false", "  }", "}"):
            session.say(f"  {line}")
