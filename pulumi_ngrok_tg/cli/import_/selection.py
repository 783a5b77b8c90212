"""Selects the backends that an import takes, with the reason for each that it leaves out."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.managers import Manager


@dataclass
class Selection:
    """The backends that an import takes and leaves out."""

    taken: list[Backend] = field(default_factory=list)
    managed: list[Backend] = field(default_factory=list)
    """The backends that this stack already manages."""
    declared: dict[str, str] = field(default_factory=dict)
    """Where the module holds backends that are not in the state yet, by id."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why the others are left out, by id."""


def select(
    backends: Sequence[Backend],
    managing: Mapping[str, Manager],
    declared: Mapping[str, str],
    labels: Mapping[str, str],
    ids: Collection[str],
    terraform_ids: Collection[str],
) -> Selection:
    """Select backends by labels, ids and a Terraform state; all of them if none of these is given.

    Args:
        backends: all backends of the account.
        managing: who manages each, by id.
        declared: where the module holds some of them, by id.
        labels: select the backends with these labels.
        ids: select the backends with these ids. A backend that the operator owns, or that a stack that could not be
            read may manage, is taken only if it is one of these.
        terraform_ids: select the backends with these ids, which a Terraform state holds.
    """
    selection = Selection()
    everything = not (labels or ids or terraform_ids)
    listed = {backend.id for backend in backends}
    for id_ in (*ids, *terraform_ids):
        if id_ not in listed:
            selection.left_out[id_] = "this account does not have it (if another one has it, name that with --account)"
    for backend in backends:
        named = backend.id in ids or backend.id in terraform_ids
        if not (everything or named or (labels and labels.items() <= backend.labels.items())):
            continue
        manager = managing[backend.id]
        if manager.kind == "stack":
            selection.managed.append(backend)
        elif backend.id in declared and manager.kind != "other-stack":
            selection.declared[backend.id] = declared[backend.id]
        elif reason := _reason(manager, backend.id in ids):
            selection.left_out[backend.id] = reason
        else:
            selection.taken.append(backend)
    return selection


def _reason(manager: Manager, named: bool) -> str:
    """Return why a backend is left out; "" if it is taken."""
    if manager.kind == "other-stack":
        urn, stack = shlex.quote(manager.urn), shlex.quote(manager.stack)
        return (
            f"the stack {manager.stack} manages it, as {manager.name}. Take it out of that program first, then run "
            f"`pulumi state unprotect {urn} --stack {stack}` and `pulumi state delete {urn} --stack {stack}`"
        )
    if manager.kind == "operator" and not named:
        return "ngrok's Kubernetes operator owns it; to import it anyway, name it with --id"
    if manager.kind == "unknown" and not named:
        why = f"it {manager.explain_unknown()}"
        if manager.stack:
            return f"{why}; `pulumi-ngrok-tg orphans` shows how to adopt it"
        return f"{why}; to import it anyway, name it with --id"
    return ""
