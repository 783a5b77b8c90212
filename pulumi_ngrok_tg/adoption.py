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
_SHOWN = 80  # characters of a value in a message


@dataclass(frozen=True)
class Adoption:
    """What a program says of a backend that it adopts."""

    id: Any
    """The backend's id; may be unknown in a preview."""
    managed_by: str | None
    """The URN of the resource that manages the backend in the stack's state, if any does."""
    unread: str | None
    """Why the stack's state could not be read, so that nobody knows who manages the backend."""
    secret: frozenset[str]
    """The inputs whose values must not be shown."""
    allow_operator_owned: bool
    plain_keys: frozenset[str] = frozenset()
    """The labels' keys that the program does not keep in an output."""


def wanted(inputs: Mapping[str, Any]) -> Adoption | None:
    """Returns the adoption that a program's inputs ask for, if they do."""
    said = inputs.get(INPUT)
    if not isinstance(said, Mapping):
        return None
    secret, state = said.get("secret"), said.get("state")
    state = state if isinstance(state, Mapping) else {}
    managed_by, unread = state.get("managed_by"), state.get("unread")
    return Adoption(
        said.get("id"),
        managed_by if isinstance(managed_by, str) else None,
        unread if isinstance(unread, str) else None,
        frozenset(secret if isinstance(secret, list) else ()),
        inputs.get(ALLOW_OPERATOR_OWNED) is True,
        frozenset(inputs.get(properties.PLAIN_KEYS) or ()),
    )


def differences(wanted: Adoption, held: Mapping[str, Any], inputs: Mapping[str, Any]) -> Iterator[str]:
    """Tells of each property in which a backend differs from the program that wants to adopt it.

    Args:
        wanted: what the program says of the adoption.
        held: description, metadata and labels, as the API holds them.
        inputs: the program's; those that are not known yet differ from nothing.
    """
    plain = {properties.label_path(key) for key in wanted.plain_keys}
    for name, now, then in properties.compared(held, inputs):
        if isinstance(then, Unknown):
            continue
        if (top := re.split(r"[.[]", name)[0]) in wanted.secret:
            # Of labels that are secret as a whole, the keys are, too.
            shown = name if top != "labels" or name in plain else "a label"
            difference = f"{shown} is not what ngrok holds (the value is a secret)"
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
        return (
            f"import_: this resource already manages {id_}, and is to be replaced, or ngrok does not have it any more. "
            "Remove import_ to have it created."
        )
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


def unread(id_: str, why: str) -> str:
    """Returns the line for a backend of which nobody knows whether another resource of the stack manages it."""
    return (
        f"import_: the stack's state could not be read to see whether another resource manages {id_} already ({why}). "
        "Use `pulumi-ngrok-tg import` instead."
    )


def held_by_another(id_: str, urn: str, holder: str) -> str:
    """Returns the line for a backend that is not deleted with one resource, because another one holds it."""
    return (
        f"{id_} was not deleted: {holder or 'another resource'} holds it, too. Drop {urn or 'this resource'} from the "
        "state instead, with `pulumi state delete`, or `pulumi state edit` where its delete is pending."
    )


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class Holders:
    """Which resource holds which backend, as far as one operation has shown; safe to share between threads.

    The engine may delete a backend under one name that a resource of another name holds: after a rename without an
    alias, or where an earlier delete is still pending.
    """

    def __init__(self) -> None:
        self._holders: dict[str, tuple[str, bool]] = {}
        self._lock = threading.Lock()

    def adopt(self, id_: str, urn: str) -> str | None:
        """Notes that a resource adopts a backend; returns the URN of another one that holds it already."""
        with self._lock:
            holder, _ = self._holders.setdefault(id_, (urn, True))
        return holder if holder != urn else None

    def keep(self, id_: str, urn: str) -> None:
        """Notes that a resource of the program holds a backend, and goes on to do so."""
        with self._lock:
            self._holders.setdefault(id_, (urn, False))

    def other(self, id_: str, urn: str) -> str | None:
        """Returns the URN of the resource for which a backend has to live, though ``urn`` is to be deleted."""
        with self._lock:
            holder, adopted = self._holders.get(id_, ("", False))
        return holder if adopted or (holder and holder != urn) else None
