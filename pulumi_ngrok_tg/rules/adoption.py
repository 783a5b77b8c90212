"""Rules of adoption: a resource with ``import_`` takes over an existing backend, without a write.

Pulumi's dynamic providers cannot import (https://github.com/pulumi/pulumi/issues/16175). So the program
(:mod:`pulumi_ngrok_tg.program.import_option`) passes the option as an input that the engine does not display. These
rules read that input, and compare the program's inputs with the API's backend.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi.output import Unknown

from pulumi_ngrok_tg.rules import properties
from pulumi_ngrok_tg.rules.outputs import DYNAMIC
from pulumi_ngrok_tg.rules.text import join_names

INPUT = "__import"
"""The input with what the program knows about an adoption, for :func:`read_adoption`. Once checked, it is the id."""
ALLOW_OPERATOR_OWNED = "__allow_operator_owned"
"""The input that allows the adoption of a backend that ngrok's Kubernetes operator owns."""
IDENTICAL = "identical"
"""The value of PULUMI_NGROK_TG_ADOPT with which a create adopts the backend with exactly its contents."""
_SHOWN = 80  # characters of a value in a message


@dataclass(frozen=True)
class Adoption:
    """An adoption that a program asks for."""

    id: Any
    """The backend's id, which may be unknown in a preview. None: adopt the identical backend."""
    managed_by: str | None = None
    """The URN of the resource that manages the backend in the stack's state, or None."""
    held_by: tuple[tuple[str, str], ...] = ()
    """URN and type of the other resources of the state whose outputs hold its id."""
    unread: str | None = None
    """Why it is unknown which resource manages the backend, or which backend is identical."""
    plain: Mapping[str, Any] = field(default_factory=dict)
    """The inputs whose values may be shown."""
    plain_keys: frozenset[str] = frozenset()
    """The label keys that may be shown even if the labels may not."""
    allow_operator_owned: bool = False
    count: int = 1
    """How many backends the program is about to adopt."""
    mode: str | None = None
    """The value of PULUMI_NGROK_TG_ADOPT, if there is no ``import_``."""
    candidates: tuple[str, ...] | None = None
    """The ids of the identical backends; None if they are unknown in a preview."""
    twins: tuple[str, ...] = ()
    """The names of the resources with the same contents, if there are several."""

    @property
    def is_known(self) -> bool:
        """Whether it is known which backend is adopted, if any."""
        return self.candidates is not None if self.id is None else not isinstance(self.id, Unknown)


def read_adoption(inputs: Mapping[str, Any]) -> Adoption | None:
    """Return the adoption that a program's inputs ask for, if they do."""
    given = inputs.get(INPUT)
    if not isinstance(given, Mapping):
        return None
    state, found = _mapping(given.get("state")), _mapping(given.get("identical"))
    unread = state.get("unread") or found.get("unread")
    managed_by, ids = state.get("managed_by"), found.get("ids")
    holders = [*(state.get("held_by") or ()), *(found.get("held_by") or ())]
    return Adoption(
        id=given.get("id"),
        managed_by=managed_by if isinstance(managed_by, str) else None,
        held_by=tuple((str(one["urn"]), str(one["type"])) for one in holders),
        unread=unread if isinstance(unread, str) else None,
        plain=_mapping(given.get("plain")),
        plain_keys=frozenset(inputs.get(properties.PLAIN_KEYS) or ()),
        allow_operator_owned=inputs.get(ALLOW_OPERATOR_OWNED) is True,
        count=int(state.get("count") or 1),
        mode=given.get("mode"),
        candidates=tuple(ids) if isinstance(ids, list) else None,
        twins=tuple(given.get("twins") or ()),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def find_holder(adoption: Adoption, urn: str) -> str | None:
    """Return the URN of another resource of the state that holds the backend, or None.

    The resource's own parent components do not count; they may have the id among their outputs.
    """
    types = urn.split("::")[2].split("$")[:-1] if urn.count("::") >= 3 else []
    parents = [type_ for type_ in types if not type_.startswith(DYNAMIC)]
    return next((holder for holder, type_ in adoption.held_by if holder != urn and type_ not in parents), None)


def explain_differences(
    wanted: Adoption, id_: str, held: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Iterator[str]:
    """Yield a line for each property that differs between a backend and the program that wants to adopt it.

    Args:
        wanted: the adoption.
        id_: the backend's id.
        held: description, metadata and labels, as the API holds them.
        inputs: the program's inputs; those that are not known yet are skipped.
    """
    plain = {properties.format_label_path(key) for key in wanted.plain_keys}
    for name, now, then in properties.compare(held, inputs):
        if isinstance(then, Unknown):
            continue
        top = re.split(r"[.[]", name)[0]
        if wanted.plain.get(top, ...) != inputs.get(top) and not _is_none(wanted.plain, top, inputs):
            # If the labels are secret as a whole, so are their keys.
            shown = name if top != "labels" or name in plain else "a label"
            difference = f"{shown} is not what ngrok holds (the value is a secret)"
        else:
            difference = f"{name} is {_shorten(now)} at ngrok, but {_shorten(then)} in the program"
        yield f"import_: {id_}: {difference}. Write ngrok's value into the program; change it after the adoption."


def _is_none(plain: Mapping[str, Any], name: str, inputs: Mapping[str, Any]) -> bool:
    """Tell whether the program leaves a property empty, and does not make it secret."""
    return name in plain and not plain[name] and not inputs.get(name)


def explain_operator_owned(id_: str) -> str:
    """Return the line for a backend that ngrok's Kubernetes operator owns."""
    return (
        f"import_: {id_} is owned by ngrok's Kubernetes operator, which would undo what this stack changes. Delete the "
        "Kubernetes resource that it belongs to, or set allow_operator_owned=True to adopt it anyway."
    )


def explain_replaced(id_: str) -> str:
    """Return the line for a resource that manages the backend already, so the engine is about to replace it."""
    return f"import_: this resource already manages {id_}. To replace it, remove import_, then run this again."


def explain_managed(id_: str, urn: str) -> str:
    """Return the line for a backend that another resource of the stack manages."""
    return (
        f"import_: {id_} is already managed in this stack, by {urn}. Use that resource; to give it another name, "
        "give it an alias (ResourceOptions(aliases=...)) and remove import_."
    )


def explain_declared_twice(id_: str, urn: str) -> str:
    """Return the line for a backend that another resource of the same run holds or adopts."""
    return f"import_: {id_} belongs to another resource of this program, {urn}. Remove one of the two."


def explain_another_id(id_: str, named: str) -> str:
    """Return the line for an ``import_`` that names another backend than the one that the resource manages."""
    return (
        f"import_ names {named}, but this resource already manages {id_}. Remove import_, or adopt {named} under "
        "another resource name."
    )


def explain_held_by_other_type(id_: str, urn: str) -> str:
    """Return the line for a backend that a resource of another type holds in this stack."""
    return (
        f"import_: {id_} is already held by {urn} in this stack. If that resource manages the backend, its "
        f"delete would delete the backend. Take the resource out of the program, run `pulumi state delete "
        f"{shlex.quote(urn)}`, then run this again."
    )


def explain_unread(id_: str, why: str) -> str:
    """Return the line for a backend of which it is unknown whether another resource of the stack manages it."""
    return (
        f"import_: it is unknown whether another resource manages {id_}, because the stack's state could not be read "
        f"({why}). Run it again."
    )


def explain_several_identical(ids: Sequence[str]) -> str:
    """Return the line for a resource that has several identical backends."""
    return (
        f"PULUMI_NGROK_TG_ADOPT: several backends have exactly these contents ({join_names(ids)}). Name one with "
        'ResourceOptions(import_="..."), or delete the others.'
    )


def explain_several_resources(id_: str, names: Sequence[str]) -> str:
    """Return the line for several resources that have one identical backend."""
    return (
        f"PULUMI_NGROK_TG_ADOPT: {id_} has exactly the contents of several resources ({join_names(names)}). Give one "
        f'of them ResourceOptions(import_="{id_}"), and run the others without the variable.'
    )


def explain_unknown_mode(mode: object) -> str:
    """Return the line for an invalid value of PULUMI_NGROK_TG_ADOPT."""
    return f'PULUMI_NGROK_TG_ADOPT must be "identical", not {mode!r}. Unset it to create new backends.'


NONE_IDENTICAL = "PULUMI_NGROK_TG_ADOPT: no backend of the account has these contents, so a new one is created"
"""The line for a resource that is created although the variable is set."""
UNKNOWN_CONTENTS = (
    "only `pulumi up` can tell whether this adopts an identical backend, because the contents depend on other resources"
)
"""The line for a resource whose contents are unknown in a preview."""


def explain_held_by_another(id_: str, urn: str, holder: str) -> str:
    """Return the line for a backend that is not deleted, because another resource holds it."""
    return (
        f"{id_} was not deleted: {holder or 'another resource'} holds it, too. Remove {urn or 'this resource'} from "
        "the state instead: run `pulumi state delete`, or `pulumi state edit` if its delete is pending."
    )


def _shorten(value: Any) -> str:
    if value is None:
        return "not set"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
