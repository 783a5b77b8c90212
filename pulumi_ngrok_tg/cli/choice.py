"""Which backends an import takes, which it leaves out, and why."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.managers import Manager


@dataclass
class Choice:
    """What an import takes and what it leaves out."""

    taken: list[Backend] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    """Why, by the backend's id."""

    def leave(self, backend: Backend, why: str) -> None:
        """Leaves out what was taken."""
        self.taken.remove(backend)
        self.left_out[backend.id] = why


def chosen(
    backends: Sequence[Backend],
    managing: Mapping[str, Manager],
    labels: Mapping[str, str],
    ids: Collection[str],
    terraform_ids: Collection[str],
) -> Choice:
    """Chooses among the backends of an account.

    Args:
        backends: all of them.
        managing: who manages each, by id; where that is unknown, only what ``ids`` name is taken.
        labels: those that carry these labels are asked for.
        ids: those with these ids are, too.
        terraform_ids: and so are those that a Terraform state holds. Where nothing is asked for, all are.
    """
    choice = Choice()
    everything = not (labels or ids or terraform_ids)
    listed = {backend.id for backend in backends}
    for id_ in (*ids, *terraform_ids):
        if id_ not in listed:
            choice.left_out[id_] = "this account does not have it (is it another --account's?)"
    for backend in backends:
        named = backend.id in ids or backend.id in terraform_ids
        if not (everything or named or (labels and labels.items() <= backend.labels.items())):
            continue
        manager = managing[backend.id]
        if manager.kind == "stack":
            choice.left_out[backend.id] = f"this stack manages it already, as {manager.name}"
        elif manager.kind == "other-stack":
            choice.left_out[backend.id] = (
                f"the stack {manager.stack} manages it, as {manager.name}; let go of it there first: "
                f"pulumi state delete {shlex.quote(manager.urn)} --stack {shlex.quote(manager.stack)}"
            )
        elif manager.kind == "operator" and backend.id not in ids:
            choice.left_out[backend.id] = (
                "ngrok's Kubernetes operator owns it; name it with --id to take it all the same"
            )
        elif manager.kind == "unknown" and backend.id not in ids:
            choice.left_out[backend.id] = (
                "a stack that could not be read may manage it; name it with --id to take it all the same"
            )
        else:
            choice.taken.append(backend)
    return choice
