"""Who manages a backend: a resource of this stack, one of another stack, ngrok's Kubernetes operator, or nobody."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_ngrok_tg import ownership
from pulumi_ngrok_tg.api.models import Backend

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Managed


@dataclass(frozen=True)
class Manager:
    """Who manages a backend."""

    kind: str
    """``stack``, ``other-stack``, ``operator``, ``nobody``; ``unknown`` where a stack that could tell was not read."""
    stack: str = ""
    name: str = ""
    urn: str = ""

    def __str__(self) -> str:
        names = {"stack": self.name, "other-stack": f"{self.name} (stack {self.stack})", "operator": "ngrok's operator"}
        return names.get(self.kind, self.kind)

    def as_json(self) -> dict[str, Any]:
        """Returns what is known, as the commands print it."""
        return {name: value for name, value in vars(self).items() if value}


def managers(
    backends: Iterable[Backend],
    stack: "Iterable[Managed] | None",
    others: "Iterable[Managed]" = (),
    unread: bool = False,
) -> dict[str, Manager]:
    """Returns who manages each backend, by its id.

    Args:
        backends: the account's.
        stack: what the stack manages; None where there is no stack.
        others: what other stacks manage.
        unread: whether there is one that could not be read.
    """
    found = {managed.id: _by("other-stack", managed) for managed in others}
    found |= {managed.id: _by("stack", managed) for managed in stack or ()}
    rest = Manager("unknown" if stack is None or unread else "nobody")
    for backend in backends:
        if backend.id not in found:
            found[backend.id] = Manager("operator") if ownership.is_operators(backend.contents) else rest
    return found


def _by(kind: str, managed: "Managed") -> Manager:
    return Manager(kind, managed.stack, managed.name, managed.urn)
