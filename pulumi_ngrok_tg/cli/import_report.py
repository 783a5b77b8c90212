"""What an import has done, told or printed as JSON."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli import terraform
from pulumi_ngrok_tg.cli.session import Session
from pulumi_ngrok_tg.cli.show import counted, label_text, print_json, print_table

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.importing import Import

LetGo = Sequence[tuple[terraform.Instance, Backend]]
"""What Terraform has to let go of."""


def print_all(importing: "Import", run: bool, let_go: LetGo) -> None:
    """Prints it as JSON."""
    held = [{"id": one.id, "address": one.address, "resource": one.resource} for one, _ in let_go]
    print_json({**_report(importing, run), "terraform": held})


def tell(session: Session, importing: "Import", run: bool) -> None:
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


def tell_of_terraform(session: Session, let_go: LetGo) -> None:
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
