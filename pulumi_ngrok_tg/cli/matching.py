"""Which backends of the account are those that a program is about to create: same contents, and no doubt."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_ngrok_tg import properties
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.stack import SECRET, UNKNOWN, Wanted


@dataclass(frozen=True)
class Matches:
    """What a program declares, and the account has already."""

    certain: dict[str, Backend] = field(default_factory=dict)
    """Backends by the URNs under which the program declares them."""
    doubtful: dict[str, list[Backend]] = field(default_factory=dict)
    """Where several backends could be the one, or one backend could be several."""


def matched(
    wanted: Collection[Wanted], backends: Collection[Backend], names: Mapping[str, str], account: str | None
) -> Matches:
    """Matches what a program declares with what the account has.

    Args:
        wanted: what is still to be created.
        backends: what may be taken.
        names: the name that a backend would be given, by id; where it is the declared one, too, that decides.
        account: the account's name.
    """
    left = {
        one.urn: [backend for backend in backends if one.inputs.get("account") == account and _is(one.inputs, backend)]
        for one in wanted
    }
    certain: dict[str, Backend] = {}
    sure = [one for one in wanted if _is_sure(one.inputs)]
    for one in sure:
        if same := [backend for backend in left[one.urn] if names.get(backend.id) == one.name]:
            certain[one.urn] = same[0]
    taken = {backend.id for backend in certain.values()}
    left = {
        urn: [backend for backend in candidates if backend.id not in taken]
        for urn, candidates in left.items()
        if urn not in certain
    }
    for one in sure:
        candidates = left.get(one.urn, [])
        if len(candidates) == 1 and sum(candidates[0] in theirs for theirs in left.values()) == 1:
            certain[one.urn] = candidates[0]
    doubtful = {urn: candidates for urn, candidates in left.items() if candidates and urn not in certain}
    return Matches(certain, doubtful)


def _is_sure(inputs: Mapping[str, Any]) -> bool:
    """Tells whether a preview shows enough of an input to go by: nothing is unknown, and not all is a secret."""
    contents = {name: inputs.get(name) for name in ("description", "metadata", "labels")}
    values: list[Any] = []
    for value in contents.values():
        values += value.values() if isinstance(value, Mapping) else [value]
    return UNKNOWN not in values and any(value not in (SECRET, "", None) for value in values)


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
