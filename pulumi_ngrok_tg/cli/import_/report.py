"""Prints what an import did, for people or as JSON."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.import_ import terraform
from pulumi_ngrok_tg.cli.import_.selection import Selection
from pulumi_ngrok_tg.cli.session import Session
from pulumi_ngrok_tg.cli.show import count_backends, count_online, print_block, print_json
from pulumi_ngrok_tg.rules.reference_index import ReferenceIndex, convert_references, describe_use, is_in_use
from pulumi_ngrok_tg.rules.wording import join_labels, join_names

_SHOWN = 5


@dataclass(frozen=True)
class Report:
    """What an import did."""

    selection: Selection
    names: Mapping[str, str]
    """The names of the backends, by id."""
    written: Sequence[Path]
    line: str
    """The line that loads the module: ``added``, ``present``, or ``none``."""
    released: Sequence[tuple[terraform.Instance, Backend]]
    """The instances that Terraform has to release, with their backends."""
    index: ReferenceIndex | None
    """What refers to backends; None if no backend was taken, so that it was not read."""
    options: str
    """The options that make the Pulumi CLI use the same project and stack."""


def print_all(report: Report) -> None:
    """Print a report as JSON."""
    chosen = report.selection
    print_json(
        {
            "taken": [
                {
                    "id": backend.id,
                    "name": report.names[backend.id],
                    "in_use": is_in_use(report.index, backend) if report.index else None,
                }
                for backend in chosen.taken
            ],
            **convert_references(report.index),
            "managed": [backend.id for backend in chosen.managed],
            "declared": [{"id": id_, "where": where} for id_, where in chosen.declared.items()],
            "left_out": [{"id": id_, "reason": reason} for id_, reason in chosen.left_out.items()],
            "files": [str(path) for path in report.written],
            "line": report.line,
            "terraform": [{"id": one.id, "address": one.address} for one, _ in report.released],
        }
    )


def show_taken(
    session: Session,
    taken: Sequence[Backend],
    names: Mapping[str, str],
    index: ReferenceIndex,
    twins: Mapping[str, Sequence[str]],
) -> None:
    """Print the backends that the module is to declare, what refers to them, and which are identical to others."""
    for backend in taken:
        fields = (
            ("labels", join_labels(backend.labels) or "none"),
            ("used by", describe_use(index, backend.id)),
            ("tunnels", count_online(backend)),
        )
        print_block(f"{backend.id} as {names[backend.id]}", fields)
    if unused := sum(is_in_use(index, backend) is False for backend in taken):
        session.say(f"{count_backends(unused)} {'is' if unused == 1 else 'are'} unused: no references, no tunnels.")
    for ids in dict.fromkeys(tuple(twins[backend.id]) for backend in taken if backend.id in twins):
        session.say(
            f"{join_names(ids)} are identical: the same labels, description and metadata. Each tunnel serves all of "
            "them. If only one is needed, `pulumi-ngrok-tg delete` says which may go."
        )


def show(session: Session, report: Report) -> None:
    """Print what was written, what was skipped, and the next steps."""
    chosen = report.selection
    for path in report.written:
        session.say(f"Wrote {path}.")
    if chosen.managed:
        session.say(f"Skipped {count_backends(len(chosen.managed))} that this stack manages already.")
    if chosen.declared:
        places = join_names([f"{id_} ({where})" for id_, where in chosen.declared.items()])
        session.say(f"Skipped {count_backends(len(chosen.declared))} that the module holds already: {places}.")
    for id_, reason in list(chosen.left_out.items())[:_SHOWN]:
        session.say(f"Left out {id_}: {reason}.")
    if (more := len(chosen.left_out) - _SHOWN) > 0:
        session.say(f"Left out {more} more; --json gives the reason for each.")
    if not chosen.taken and not chosen.declared:
        click.echo("Nothing to import.")
    else:
        session.say("To go on:")
        preview = f"pulumi preview{report.options}"
        session.say(f"  {preview}    # says how many backends it adopts, and how many it creates")
        session.say(f"  pulumi up{report.options}    # adopts them; nothing is changed at ngrok")
    _tell_of_terraform(session, report.released)


def explain_loading(folder: Path, code: str) -> list[str]:
    """Return, as lines, how to load the module where Pulumi runs no ``__main__.py``."""
    return [
        f"{folder} has no __main__.py, so no line was added.",
        "If the program is a function (Automation API), move the declarations into that function: Python runs a module "
        "once in a process, so a second `up` of the process would delete what the first one adopted.",
        f"If another file in {folder} is the program, load the module at its end:",
        "import os, sys",
        "sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))",
        *code.split("\n"),
    ]


def _tell_of_terraform(session: Session, released: Sequence[tuple[terraform.Instance, Backend]]) -> None:
    """Print how to make Terraform release the backends without destroying them."""
    for instance, backend in released:
        if changed := instance.find_changed(backend.contents):
            session.say(
                f"{instance.address}: {', '.join(changed)} changed at ngrok after Terraform last read it. The module "
                "has ngrok's values."
            )
    kept = [instance for instance, _ in released]
    if not kept:
        return
    whole = terraform.find_whole(kept)
    if any(instance.from_backup for instance in kept):
        session.say(
            "A backup does not say what Terraform holds now: check with `terraform state list`. If it lists them still:"
        )
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
