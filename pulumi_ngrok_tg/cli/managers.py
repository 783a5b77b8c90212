"""Finds who manages a backend: this stack, another stack, ngrok's Kubernetes operator, or nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.rules import kubernetes

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Managed


@dataclass(frozen=True)
class Manager:
    """Who manages a backend."""

    kind: str
    """``stack``, ``other-stack``, ``operator``, ``nobody``, ``not-this-stack`` (others were not read), ``unknown``."""
    stack: str = ""
    name: str = ""
    urn: str = ""
    text: str = ""
    """Its cell in a table."""

    @property
    def is_nobody(self) -> bool:
        """Whether no stack that was read manages it."""
        return self.kind in ("nobody", "not-this-stack")

    def as_json(self) -> dict[str, Any]:
        """Return the known fields for the JSON of the commands."""
        return {name: value for name, value in vars(self).items() if value and name != "text"}


def find_managers(
    backends: Iterable[Backend],
    stack: "Iterable[Managed] | None",
    others: "Iterable[Managed] | None" = (),
    unread: bool = False,
) -> dict[str, Manager]:
    """Return who manages each backend, by its id.

    Args:
        backends: the account's.
        stack: the backends that the stack manages; None if there is no stack.
        others: the backends that other stacks manage; None if they were not read.
        unread: whether a stack could not be read.
    """
    found = {one.id: _describe("other-stack", one) for one in _live_last(others or ())}
    found |= {one.id: _describe("stack", one) for one in _live_last(stack or ())}
    if stack is None or unread:
        rest = Manager("unknown", text="unknown")
    else:
        rest = Manager("not-this-stack", text="not this stack") if others is None else Manager("nobody", text="nobody")
    for backend in backends:
        if backend.id not in found:
            owned = kubernetes.is_operator_owned(backend.contents)
            found[backend.id] = Manager("operator", text="ngrok's operator") if owned else rest
    return found


def is_other_accounts_key(
    managed: "Iterable[Managed]", listed: Mapping[str, Backend], account: str | None, fingerprint: str
) -> bool:
    """Tell whether another key saw all of the stack's backends last, and the current one sees none of them."""
    ours = [one for one in managed if one.account == account and one.fingerprint is not None]
    return bool(ours) and all(one.fingerprint != fingerprint and one.id not in listed for one in ours)


def _live_last(managed: "Iterable[Managed]") -> "list[Managed]":
    return sorted(managed, key=lambda one: not one.deleting)


def _describe(kind: str, one: "Managed") -> Manager:
    text = one.name if kind == "stack" else f"{one.name} (stack {one.stack})"
    return Manager(kind, one.stack, one.name, one.urn, f"{text}, being deleted" if one.deleting else text)
