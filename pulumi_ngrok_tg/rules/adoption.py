"""Rules of adoption: a resource takes over an existing backend, without a write.

Pulumi's dynamic providers cannot import (https://github.com/pulumi/pulumi/issues/16175). So the program
(:mod:`pulumi_ngrok_tg.program.declaration`) passes the option ``import_`` as an input. These rules compare what the
engine hands over with the API's backend.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pulumi.output import Unknown

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.text import escape
from pulumi_ngrok_tg.rules import kubernetes, properties
from pulumi_ngrok_tg.rules.facts import Facts
from pulumi_ngrok_tg.rules.text import join_names

INPUT = "__import"
"""The input with the id of the backend that a resource adopts."""
VARIABLE = "PULUMI_NGROK_TG_ADOPT"
"""The environment variable for one run. It is not a config value, because that would hold for later runs, too."""
IDENTICAL = "identical"
"""Its value, with which a create adopts the backend with exactly its contents."""
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
            f"import_: {id_} is already managed in this stack, by {facts.manager}. Use that resource; to give it "
            "another name, give it an alias (ResourceOptions(aliases=...)) and remove import_."
        )
    if id_ in facts.others:
        return explain_held_by_other_type(id_, facts.others[id_])
    return explain_declared_twice(id_, facts.twin) if facts.twin is not None else None


def find_obstacles(backend: Backend, facts: Facts, inputs: Mapping[str, Any]) -> list[str]:
    """Return a line for each reason why a resource with these inputs cannot adopt a backend as ngrok holds it."""
    found = list(_explain_differences(backend, facts, inputs))
    if kubernetes.is_operator_owned(backend.contents) and not facts.allow_operator_owned:
        found.append(
            f"import_: {backend.id} is owned by ngrok's Kubernetes operator, which would undo what this stack changes. "
            "Delete the Kubernetes resource that it belongs to, or set allow_operator_owned=True to adopt it anyway."
        )
    return found


class IdenticalBackends:
    """The backends of an account, by their contents.

    Args:
        backends: the account's.
    """

    def __init__(self, backends: Iterable[Backend]) -> None:
        self._by_contents: dict[str, list[Backend]] = {}
        for backend in backends:
            self._by_contents.setdefault(_identify(backend.contents), []).append(backend)

    def find(self, inputs: Mapping[str, Any], facts: Facts, imported: bool = False) -> list[str]:
        """Return the ids of the backends with these contents that no resource of this package has in the state.

        Those that the program adopts with ``import_`` are left out, or, if ``imported``, are the only ones.
        """
        alike = self._by_contents.get(_identify(inputs), [])
        adopted = {*facts.imported.split()} if alike else set()
        managed = {*(facts.managed or "").split()} if alike else set()
        return [
            one.id
            for one in alike
            if one.id not in managed
            and (one.id in adopted) == imported
            and not properties.find_changes(one.contents, inputs)
        ]


def _identify(contents: Mapping[str, Any]) -> str:
    """Return a text that is equal for contents of equal meaning, and rarely equal for others."""
    whole = properties.take_contents(contents)
    # JSON in another order has the same characters.
    metadata = sorted(character for character in whole["metadata"] if not character.isspace())
    return json.dumps([whole["description"], "".join(metadata), sorted(whole["labels"].items())])


def is_known(inputs: Mapping[str, Any]) -> bool:
    """Tell whether the account and all contents are known."""
    contents = properties.take_contents(inputs)
    labels = contents["labels"]
    values = [inputs.get("account"), contents["description"], contents["metadata"], labels]
    return not any(isinstance(one, Unknown) for one in (*values, *getattr(labels, "values", list)()))


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


def explain_held_by_other_type(id_: str, urn: str) -> str:
    """Return the line for a backend that a resource of another type manages in this stack."""
    return (
        f"import_: {id_} is already managed by {urn} in this stack, whose delete would delete the backend. Take that "
        f"resource out of the program, run `pulumi state delete {shlex.quote(urn)}`, then run this again."
    )


def explain_no_search(mode: str, facts: Facts) -> str | None:
    """Return the line about why no identical backend can be looked for, or None.

    Args:
        mode: the value of PULUMI_NGROK_TG_ADOPT.
        facts: what the program says of the resource.
    """
    if mode != IDENTICAL:
        return f'{VARIABLE} must be "identical", not {mode!r}. Unset it to create new backends.'
    if facts.unread is not None:
        return f"{VARIABLE}: the stack's state could not be read ({facts.unread})."
    if facts.managed is None:
        return (
            f"{VARIABLE}: the state holds another resource of this name, under another parent, so it is unknown which "
            "backends the stack manages. Name the backend with import_ instead."
        )
    return None


EXPLICIT_PROVIDER = (
    f"{VARIABLE}: a resource with an explicit provider (provider=...) is served by a process of its own, so two "
    "resources could adopt one backend. Name the backend with import_, and run this without the variable."
)
"""The line for a new resource with an explicit provider, if the variable is set."""


def explain_several_identical(ids: Sequence[str]) -> str:
    """Return the line for a resource that has several identical backends."""
    return (
        f"{VARIABLE}: several backends have exactly these contents ({join_names(ids)}). Name one with "
        'ResourceOptions(import_="..."), or delete the others.'
    )


def explain_adopted_by_twin(id_: str, urn: str) -> str:
    """Return the line for a resource whose one identical backend another resource of this run adopts."""
    return (
        f"{VARIABLE}: {id_} has exactly these contents, but also those of {urn}, which adopts it. Give one of them "
        f'ResourceOptions(import_="{id_}"), and run the other without the variable.'
    )


NONE_IDENTICAL = f"{VARIABLE}: no backend of the account has these contents, so a new one is created"
"""The line for a resource that is created although the variable is set."""
UNKNOWN_CONTENTS = (
    "only `pulumi up` can tell whether this adopts an identical backend, because the contents depend on other resources"
)
"""The line for a resource whose contents are unknown in a preview."""


def describe_adoption(id_: str) -> str:
    """Return the line for a resource that adopts a backend."""
    return f"adopts {id_}, which exists; nothing is created or changed at ngrok"


def describe_identical(ids: Sequence[str], explicit: bool) -> str:
    """Return the warning about a create of what ngrok already holds; the provider may be ``explicit``."""
    run = "" if explicit else f", or run `{VARIABLE}=identical pulumi up`"
    what = "a backend" if len(ids) == 1 else f"{len(ids)} backends"
    return (
        f"ngrok already has {what} with exactly these contents ({join_names(ids)}), which this stack does not manage. "
        f"`pulumi up` creates another one. To adopt what exists instead, set import_ to its id{run}"
    )


def describe_twin(ids: Sequence[str]) -> str:
    """Return the warning about a create of what another resource of the program adopts."""
    return (
        f"this creates another backend with exactly the contents of {join_names(ids)}, which another resource of this "
        "program adopts (import_). If it is the same backend, declare it once"
    )


MORE_ADOPTIONS = "(Further adoptions show only while they happen. Pulumi counts each adoption as a create.)"
"""What the summary says instead of further adoptions."""
MORE_IDENTICAL = "(Further resources of which this is true show only while the preview runs.)"
"""What the summary says instead of further warnings of :func:`describe_identical`."""


def explain_held_by_another(id_: str, urn: str, holder: str) -> str:
    """Return the line for a backend that is not deleted, because another resource holds it."""
    return (
        f"{id_} was not deleted: {holder or 'another resource'} holds it, too. Remove {urn or 'this resource'} from "
        "the state instead: run `pulumi state delete`, or `pulumi state edit` if its delete is pending."
    )


def _shorten(value: Any) -> str:
    if value is None:
        return "not set"
    text = escape(json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
