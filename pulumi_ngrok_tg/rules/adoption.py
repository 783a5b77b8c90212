"""Rules of adoption: a resource takes over an existing backend, without a write.

Pulumi's dynamic providers cannot import (https://github.com/pulumi/pulumi/issues/16175). So the program
(:mod:`pulumi_ngrok_tg.program.hidden_inputs`) passes the option ``import_`` as an input. These rules compare what the
engine hands over with the API's backend.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.output import Unknown

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.rules import kubernetes, properties
from pulumi_ngrok_tg.rules.facts import Facts
from pulumi_ngrok_tg.rules.outputs import parse_name

INPUT = "__import"
"""The input with the id of the backend that a resource adopts."""
_SHOWN = 80  # characters of a value in a message


def explain_manager(id_: str, urn: str, facts: Facts) -> str | None:
    """Return the line about another resource that manages the backend that ``import_`` names, or None.

    Args:
        id_: the backend's id.
        urn: the resource's URN.
        facts: what the program says.
    """
    if facts.unread is not None:
        return (
            f"import_: it is unknown whether another resource manages {id_}, because the stack's state could not be "
            f"read ({facts.unread}). Run it again."
        )
    if facts.manager not in (None, urn):
        return (
            f"import_: {id_} is already managed in this stack, by {facts.manager}. If you renamed that resource, add "
            f"aliases=[{_write_alias(urn, facts.manager)}] to the options beside import_; else declare it once."
        )
    if id_ in facts.others:
        return explain_managed_by_other_type(id_, facts.others[id_])
    return explain_declared_twice(id_, facts.twin) if facts.twin is not None else None


def _write_alias(urn: str, old: str) -> str:
    """Return the alias, as Python, with which the resource ``urn`` takes over what the state holds as ``old``."""
    renamed = bool(urn) and urn.removesuffix(parse_name(urn)) == old.removesuffix(parse_name(old))
    literal = json.dumps(parse_name(old) if renamed else old, ensure_ascii=False)
    return f"pulumi.Alias(name={literal})" if renamed else literal


def find_obstacles(backend: Backend, facts: Facts, inputs: Mapping[str, Any]) -> list[str]:
    """Return a line for each reason why a resource with these inputs cannot adopt a backend as ngrok holds it."""
    found = list(_explain_differences(backend, facts, inputs))
    if kubernetes.is_operator_owned(backend.contents) and not facts.allow_operator_owned:
        found.append(
            f"import_: {backend.id} is owned by ngrok's Kubernetes operator, which would undo what this stack changes. "
            "Delete the Kubernetes resource that it belongs to, or set allow_operator_owned=True to adopt it anyway."
        )
    return found


def _explain_differences(backend: Backend, facts: Facts, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each property that differs; skip those that are not known yet."""
    paths = {properties.format_label_path(key) for key in facts.keys}
    for path, now, then in properties.compare(backend.contents, inputs):
        if isinstance(then, Unknown):
            continue
        top = re.split(r"[.[]", path)[0]
        if facts.is_plain(top, inputs.get(top)):
            difference = f"{escape(path)} is {_shorten(now)} at ngrok, but {_shorten(then)} in the program"
        else:
            # If the labels are secret as a whole, so are their keys.
            shown = path if top != "labels" or path in paths else "a label"
            difference = f"{escape(shown)} is not what ngrok holds (the value is a secret)"
        how = "Write ngrok's value into the program; change it after the adoption."
        yield f"import_: {backend.id}: {difference}. {how}"


def explain_declared_twice(id_: str, other: str) -> str:
    """Return the line for a backend that another resource of the program, by name or URN, has or adopts."""
    return f"import_: {id_} belongs to another resource of this program, {other}. Remove one of the two."


def explain_another_id(id_: str, named: str) -> str:
    """Return the line for an ``import_`` that names another backend than the one that the resource manages."""
    return (
        f"import_ names {named}, but this resource already manages {id_}. Remove import_, or adopt {named} under "
        "another resource name."
    )


def explain_managed_by_other_type(id_: str, urn: str) -> str:
    """Return the line for a backend that a resource of another type manages in this stack."""
    return (
        f"import_: {id_} is already managed by {urn} in this stack, whose delete would delete the backend. Take that "
        f"resource out of the program, run `pulumi state delete {shlex.quote(urn)}`, then run this again."
    )


def describe_adoption(id_: str) -> str:
    """Return the line for a resource that adopts a backend."""
    return f"adopts {id_}, which exists; nothing is created or changed at ngrok"


MORE_ADOPTIONS = "(Further adoptions show only while they happen. A line of the stack counts all of them.)"
"""What the summary says instead of further adoptions."""


def describe_adoptions(adopted: int, created: int, unknown: int, previews: bool) -> str:
    """Return the line that counts the new resources of a program, or of an update."""
    if not previews:
        return f"{adopted} adopted, {created} created at ngrok. Pulumi shows adoptions as creates."
    more = f"; for {unknown} more, only `pulumi up` can tell" if unknown else ""
    line = f"New in this program: {adopted} to adopt, {created} to create at ngrok{more}."
    return f"{line} Pulumi shows adoptions as creates."


def explain_needed_by_another(id_: str, urn: str, other: str) -> str:
    """Return the line for a backend that is not deleted, because another resource holds it."""
    return (
        f"{id_} was not deleted: {other or 'another resource'} holds it, too. Remove {urn or 'this resource'} from "
        "the state instead: run `pulumi state delete`, or `pulumi state edit` if its delete is pending."
    )


def _shorten(value: Any) -> str:
    if value is None:
        return "not set"
    text = escape(json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
