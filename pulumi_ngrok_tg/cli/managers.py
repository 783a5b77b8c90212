"""Finds who manages a backend: this stack, another stack, ngrok's Kubernetes operator, or nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.rules import kubernetes

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Claims, Managed, Pending


@dataclass(frozen=True)
class Manager:
    """Who manages a backend."""

    kind: str
    """``stack``, ``other-stack``, ``operator``, ``nobody``, ``not-this-stack`` (others were not read), ``unknown``.

    If ``unknown`` has a stack, a create of that stack was interrupted, and may have made the backend.
    """
    stack: str = ""
    name: str = ""
    urn: str = ""
    text: str = ""
    """Its cell in a table."""

    @property
    def is_nobody(self) -> bool:
        """Whether no stack that was read manages it."""
        return self.kind in ("nobody", "not-this-stack")

    def explain_unknown(self) -> str:
        """Return why it is unknown who manages the backend, as the end of a sentence about it."""
        if self.stack:
            return f"may have been made by the interrupted create of {self.name} in the stack {self.stack}"
        return "may be managed by a stack that could not be read"

    def as_json(self) -> dict[str, Any]:
        """Return the known fields for the JSON of the commands."""
        return {name: value for name, value in vars(self).items() if value and name != "text"}


def find_managers(
    backends: Iterable[Backend], own: "Claims | None", others: "Claims | None", unread: bool = False
) -> dict[str, Manager]:
    """Return who manages each backend, by its id.

    Args:
        backends: the account's.
        own: what the stack claims; None if there is no stack.
        others: what other stacks claim; None if they were not read.
        unread: whether a stack could not be read.
    """
    managers: dict[str, list[Manager]] = {}
    pending: list[Pending] = []
    for kind, claims in (("stack", own), ("other-stack", others)):
        pending += claims.pending if claims else ()
        for one in sorted(claims.managed if claims else (), key=lambda one: one.deleting):
            managers.setdefault(one.id, []).append(_describe(kind, one))
    if own is None or unread:
        rest = Manager("unknown", text="unknown")
    else:
        rest = Manager("not-this-stack", text="not this stack") if others is None else Manager("nobody", text="nobody")
    found = {}
    for backend in backends:
        if backend.id in managers:
            text = "; ".join(manager.text for manager in managers[backend.id])
            found[backend.id] = replace(managers[backend.id][0], text=text)
        elif maker := next((one for one in pending if one.may_have_made(backend.contents)), None):
            text = f"unknown: {maker.name} (stack {maker.stack}), interrupted?"
            found[backend.id] = Manager("unknown", maker.stack, maker.name, maker.urn, text)
        else:
            owned = kubernetes.is_operator_owned(backend.contents)
            found[backend.id] = Manager("operator", text="ngrok's operator") if owned else rest
    return found


def is_other_accounts_key(
    managed: "Iterable[Managed]", listed: Mapping[str, Backend], account: str | None, fingerprint: str
) -> bool:
    """Tell whether another key saw all of the stack's backends last, and the current one sees none of them."""
    ours = [one for one in managed if one.account == account and one.fingerprint is not None]
    return bool(ours) and all(one.fingerprint != fingerprint and one.id not in listed for one in ours)


def _describe(kind: str, one: "Managed") -> Manager:
    text = one.name if kind == "stack" else f"{one.name} (stack {one.stack})"
    return Manager(kind, one.stack, one.name, one.urn, f"{text}, being deleted" if one.deleting else text)
