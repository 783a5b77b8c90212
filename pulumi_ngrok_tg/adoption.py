"""Adoption: a resource takes over a backend that exists, where the program says ``import_``. Nothing is written.

Pulumi's dynamic providers cannot import (https://github.com/pulumi/pulumi/issues/16175), so the program's side
(:mod:`pulumi_ngrok_tg.import_option`) hands the option over as an input that the engine does not display. Here are
the rules of the provider's side, as functions of what the program says and what the API holds.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.output import Unknown

from pulumi_ngrok_tg import properties

INPUT = "__import"
"""What the program says of an adoption; what :func:`wanted` reads. Once checked, it is the id alone."""
ALLOW_OPERATOR_OWNED = "__allow_operator_owned"
"""Whether the program says that a backend of ngrok's Kubernetes operator may be adopted."""
TYPE = "pulumi-python:dynamic/ngrok:TunnelGroupBackend"
"""The resource's type token."""
READ_ONLY = "__read_only"
"""The output that marks what ``TunnelGroupBackend.get`` has read and the stack does not manage."""
_SHOWN = 80  # characters of a value in a message


def is_managed(type_: str, outputs: Mapping[str, Any]) -> bool:
    """Tells whether a resource of a state is a backend that its stack manages, not only reads."""
    return type_ == TYPE and "uri" in outputs and not outputs.get(READ_ONLY)


@dataclass(frozen=True)
class Adoption:
    """What a program says of a backend that it adopts."""

    id: Any
    """The backend's id; may be unknown in a preview."""
    managed_by: str | None
    """The URN of the resource that manages the backend in the stack's state, if any does."""
    secret: frozenset[str]
    """The inputs whose values must not be shown."""
    allow_operator_owned: bool


def wanted(inputs: Mapping[str, Any]) -> Adoption | None:
    """Returns the adoption that a program's inputs ask for, if they do."""
    said = inputs.get(INPUT)
    if not isinstance(said, Mapping):
        return None
    secret = said.get("secret")
    managed_by = said.get("managed_by")
    return Adoption(
        said.get("id"),
        managed_by if isinstance(managed_by, str) else None,
        frozenset(secret if isinstance(secret, list) else ()),
        inputs.get(ALLOW_OPERATOR_OWNED) is True,
    )


def differences(wanted: Adoption, held: Mapping[str, Any], inputs: Mapping[str, Any]) -> Iterator[str]:
    """Tells of each property in which a backend differs from the program that wants to adopt it.

    Args:
        wanted: what the program says of the adoption.
        held: description, metadata and labels, as the API holds them.
        inputs: the program's; those that are not known yet differ from nothing.
    """
    for name, now, then in properties.compared(held, inputs):
        if isinstance(then, Unknown):
            continue
        if re.split(r"[.[]", name)[0] in wanted.secret:
            difference = f"{name} is not what ngrok holds (the value is a secret)"
        else:
            difference = f"{name} is {_shown(now)} at ngrok, but {_shown(then)} in the program"
        yield f"import_: {wanted.id}: {difference}. Write what ngrok holds; change it after the adoption."


def operators(id_: str) -> str:
    """Returns the line for a backend of ngrok's Kubernetes operator."""
    return (
        f"import_: {id_} is owned by ngrok's Kubernetes operator, which would undo what this stack changes. Delete the "
        "Kubernetes resource that it belongs to, or set allow_operator_owned=True to adopt it all the same."
    )


def managed_already(id_: str, urn: str, same: bool) -> str:
    """Returns the line for a backend that a resource of the stack already manages.

    Args:
        id_: the backend's.
        urn: the resource's.
        same: whether it is the one that wants to adopt it, which is about to be replaced then.
    """
    if same:
        return f"import_: this resource already manages {id_}, and is to be replaced. Remove import_ to replace it."
    return (
        f"import_: {id_} is already managed in this stack, by {urn}. Use that resource; to give it another name, "
        "give it an alias (ResourceOptions(aliases=...)) and remove import_."
    )


def manages_another(id_: str, named: str) -> str:
    """Returns the line for an ``import_`` that names another backend than the one that the resource manages."""
    return (
        f"import_ names {named}, but this resource already manages {id_}. Remove import_, or adopt {named} under "
        "another resource name."
    )


def adopted_meanwhile(id_: str, urn: str) -> str:
    """Returns the line for a backend that is not deleted, because another resource has adopted it."""
    return (
        f"{id_} was not deleted: {urn or 'another resource'} has adopted it in this very update. If it is to live on "
        "there, drop this resource from the state with `pulumi state delete`."
    )


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class Adopted:
    """What the resources of one operation of the engine adopt; safe to share between threads."""

    def __init__(self) -> None:
        self._by: dict[str, str] = {}
        self._lock = threading.Lock()

    def claim(self, id_: str, urn: str) -> str | None:
        """Notes that a resource adopts a backend; returns the URN of another one that already does."""
        with self._lock:
            other = self._by.setdefault(id_, urn)
        return other if other != urn else None

    def by(self, id_: str) -> str | None:
        """Returns the URN of the resource that adopts a backend, if one does."""
        return self._by.get(id_)
