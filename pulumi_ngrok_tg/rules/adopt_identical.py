"""Rules of ``PULUMI_NGROK_TG_ADOPT=identical``: a create adopts the one backend with exactly its contents."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi.output import Unknown

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.rules import properties
from pulumi_ngrok_tg.rules.facts import Facts
from pulumi_ngrok_tg.rules.wording import join_names

VARIABLE = "PULUMI_NGROK_TG_ADOPT"
"""The environment variable for one run. It is not a config value, because that would hold for later runs, too."""
IDENTICAL = "identical"
"""Its value, with which a create adopts the backend with exactly its contents."""


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


def describe_identical(ids: Sequence[str], explicit: bool) -> str:
    """Return the warning about a create of what ngrok already holds; the provider may be ``explicit``."""
    one = len(ids) == 1
    what, it = ("a backend", "it") if one else (f"{len(ids)} backends", "one of them")
    run = f", or run `{VARIABLE}=identical pulumi up`" if one and not explicit else ""
    return (
        f"ngrok already has {what} with exactly these contents ({join_names(ids)}), which this stack does not manage. "
        f"`pulumi up` creates another one. To adopt {it} instead, set import_ to its id{run}"
    )


def describe_twin(ids: Sequence[str]) -> str:
    """Return the warning about a create of what another resource of the program adopts."""
    return (
        f"this creates another backend with exactly the contents of {join_names(ids)}, which another resource of this "
        "program adopts (import_). If it is the same backend, declare it once"
    )


MORE_IDENTICAL = "(Further resources of which this is true show only while the preview runs.)"
"""What the summary says instead of further warnings of :func:`describe_identical`."""
