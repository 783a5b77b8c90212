"""Which backends of the account are those that a program is about to create: same contents, and no doubt."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_ngrok_tg import adoption, properties
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.preview import SECRET, UNKNOWN, Wanted


@dataclass(frozen=True)
class Matches:
    """What a program declares, and the account has already."""

    certain: dict[str, Backend] = field(default_factory=dict)
    """Backends by the URNs under which the program declares them."""
    doubtful: dict[str, list[Backend]] = field(default_factory=dict)
    """Where several backends could be the one, or one backend could be several."""


def matched(
    wanted: Collection[Wanted], backends: Collection[Backend], declared: Mapping[str, str], account: str | None
) -> Matches:
    """Matches what a program declares with what the account has.

    Args:
        wanted: what is still to be created.
        backends: what may be taken.
        declared: the ids that an import has written beside names in the program: where contents agree, they decide.
        account: the account's name.
    """
    certain: dict[str, Backend] = {}
    left: dict[str, list[Backend]] = {}
    for one in wanted:
        named = _id_in(one.inputs) or declared.get(one.name)
        found = [b for b in backends if one.inputs.get("account") == account and _is(one.inputs, b)]
        if same := [backend for backend in found if backend.id == named]:
            certain[one.urn] = same[0]
        elif not named:
            left[one.urn] = found
    taken = {backend.id for backend in certain.values()}
    left = {urn: [backend for backend in found if backend.id not in taken] for urn, found in left.items()}
    for one in wanted:
        found = left.get(one.urn, [])
        alone = len(found) == 1 and sum(found[0] in theirs for theirs in left.values()) == 1
        if alone and _is_sure(one.inputs):
            certain[one.urn] = found[0]
    return Matches(certain, {urn: found for urn, found in left.items() if found and urn not in certain})


def _id_in(inputs: Mapping[str, Any]) -> str | None:
    """Returns the id that a program adopts with ``import_``."""
    said = inputs.get(adoption.INPUT)
    id_ = said.get("id") if isinstance(said, Mapping) else said
    return id_ if isinstance(id_, str) else None


def _is_sure(inputs: Mapping[str, Any]) -> bool:
    """Tells whether enough of what is declared is shown to go by: something is, and nothing is hidden."""
    contents = properties.contents(inputs)
    values: list[Any] = []
    for value in contents.values():
        values += value.values() if isinstance(value, Mapping) else [value]
    return not {SECRET, UNKNOWN} & {*values} and any(contents.values())


def _is(inputs: Mapping[str, Any], backend: Backend) -> bool:
    """Tells whether a backend holds what is declared, as far as a preview shows it."""
    held: dict[str, Any] = {**backend.contents, "labels": dict(backend.labels)}
    labels = inputs.get("labels")
    if isinstance(labels, Mapping):
        shown = {
            key: held["labels"].get(key, value) if value in (SECRET, UNKNOWN) else value
            for key, value in labels.items()
        }
        inputs = {**inputs, "labels": shown}
    for name in held:
        if inputs.get(name) in (SECRET, UNKNOWN):
            inputs = {**inputs, name: held[name]}
    return not properties.changes(held, inputs)
