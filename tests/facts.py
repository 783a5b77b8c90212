"""What a program says of its resources, for tests that call the provider as the engine does."""

from collections.abc import Collection, Mapping
from typing import Any

from pulumi_ngrok_tg.rules import facts
from pulumi_ngrok_tg.rules.facts import Facts


def declare(inputs: Mapping[str, Any], secret: Collection[str] = (), **more: Any) -> dict[str, Any]:
    """The inputs of a resource as a program passes them, with what it says: by default, of a stack without a state."""
    labels = inputs.get("labels") or {}
    keys = tuple(labels) if isinstance(labels, Mapping) and "labels" not in secret else ()
    plain = {name: _known(inputs.get(name)) for name in ("labels", "description", "metadata") if name not in secret}
    said: dict[str, Any] = {"plain": plain, "keys": keys, "unread": None, "managed": "", **more}
    said["labels"] = tuple(map(facts.digest, said.get("labels", ())))
    return {**inputs, facts.INPUT: Facts(**said).to_input()}


def _known(value: Any) -> Any:
    """The value as JSON can hold it; what is unknown is not among what is plain."""
    if isinstance(value, Mapping):
        return {key: one for key, one in value.items() if isinstance(one, str)}
    return value if isinstance(value, str) else None
