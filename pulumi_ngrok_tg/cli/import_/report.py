"""Prints what an import did, for people or as JSON."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.import_ import module, terraform
from pulumi_ngrok_tg.cli.import_.selection import Selection
from pulumi_ngrok_tg.cli.session import Session
from pulumi_ngrok_tg.cli.show import count_backends, print_json, print_table
from pulumi_ngrok_tg.rules.references import ReferenceIndex, convert_unlisted, convert_use, describe_use, is_in_use
from pulumi_ngrok_tg.rules.text import join_labels, join_names

_SHOWN = 5


@dataclass(frozen=True)
class Report:
    """What an import did."""

    selection: Selection
    names: Mapping[str, str]
    """The names of the backends, by id."""
    written: Sequence[Path]
    loaded: bool
    """Whether the program loads the module."""
    released: Sequence[tuple[terraform.Instance, Backend]]
    """The instances that Terraform has to release, with their backends."""
    index: ReferenceIndex | None
    """What refers to backends; None if no backend was taken."""


def print_all(report: Report) -> None:
    """Print a report as JSON."""
    chosen = report.selection
    print_json(
        {
            "taken": [
                {
                    "id": backend.id,
                    "name": report.names[backend.id],
                    **(convert_use(report.index, backend) if report.index else {}),
                }
                for backend in chosen.taken
            ],
            "unlisted": convert_unlisted(report.index) if report.index else [],
            "managed": [backend.id for backend in chosen.managed],
            "declared": [{"id": id_, "where": where} for id_, where in chosen.declared.items()],
            "left_out": [{"id": id_, "reason": reason} for id_, reason in chosen.left_out.items()],
            "files": [str(path) for path in report.written],
            "loaded": report.loaded,
            "terraform": [{"id": one.id, "address": one.address} for one, _ in report.released],
        }
    )


def tell_written(
    session: Session,
    taken: Sequence[Backend],
    names: Mapping[str, str],
    index: ReferenceIndex,
    path: Path,
    existed: bool,
) -> None:
    """Print the backends that were written to the module, and what refers to them."""
    rows = [
        (
            names[backend.id],
            backend.id,
            join_labels(backend.labels),
            "?" if backend.tunnels is None else str(len(backend.tunnels)),
            describe_use(index, backend.id),
        )
        for backend in taken
    ]
    print_table(("NAME", "ID", "LABELS", "TUNNELS", "USED BY"), rows)
    if unused := sum(is_in_use(index, backend) is False for backend in taken):
        session.say(f"Not in use: {count_backends(unused)}, to which nothing refers and in which no tunnel is online.")
    session.say(f"Added {count_backends(len(taken))} to {path}." if existed else f"Wrote {path}.")


def tell(session: Session, report: Report, siblings: Sequence[str]) -> None:
    """Print what was skipped, and the next steps."""
    chosen = report.selection
    if chosen.managed:
        session.say(f"Skipped {count_backends(len(chosen.managed))} that this stack manages already.")
    if chosen.declared:
        places = join_names([f"{id_} ({where})" for id_, where in chosen.declared.items()])
        session.say(f"Skipped {count_backends(len(chosen.declared))} that the program declares already: {places}.")
    for id_, reason in list(chosen.left_out.items())[:_SHOWN]:
        session.say(f"Left out {id_}: {reason}.")
    if (more := len(chosen.left_out) - _SHOWN) > 0:
        session.say(f"Left out {more} more; --json gives the reason for each.")
    if entry := next((path for path in report.written if path.name != module.FILE), None):
        session.say(f"Added `import {module.MODULE}` to {entry}.")
    if not chosen.taken and not chosen.declared:
        session.say("Nothing to import.")
    else:
        session.say("To go on:")
        if not report.loaded:
            _tell_of_loading(session, siblings)
        session.say("  pulumi preview    # says for each: adopts bkdtg_..., nothing is created or changed at ngrok")
        session.say("  pulumi up")
    _tell_of_terraform(session, report.released)


def _tell_of_loading(session: Session, siblings: Sequence[str]) -> None:
    session.say("  add to the program:")
    for line in module.add_import("import pulumi\n" if siblings else "", siblings).splitlines():
        if line and line != "import pulumi":
            session.say(f"    {line}")


def _tell_of_terraform(session: Session, released: Sequence[tuple[terraform.Instance, Backend]]) -> None:
    """Print how to make Terraform release the backends without destroying them."""
    for instance, backend in released:
        if changed := instance.find_changed(backend.contents):
            session.say(
                f"{instance.address}: {', '.join(changed)} changed at ngrok after Terraform last read it. The module "
                "has ngrok's values."
            )
    kept = [instance for instance, _ in released if not instance.released]
    if not kept:
        return
    whole = terraform.find_whole(kept)
    session.say(
        "Before you run Terraform again, make it release these without destroying them. Either remove them from its"
    )
    session.say("code (else it creates them again) and from its state:")
    for instance in kept:
        session.say(f"  terraform state rm {shlex.quote(instance.address)}")
    if whole:
        session.say("or, with Terraform 1.7 or OpenTofu 1.7 and newer, write these in place of the resource blocks:")
        for resource in whole:
            for line in ("removed {", f"  from = {resource}", "  lifecycle {", "    destroy = false", "  }", "}"):
                session.say(f"  {line}")
