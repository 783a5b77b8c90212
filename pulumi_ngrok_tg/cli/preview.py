"""What Pulumi would do: previews and plans, and the values in them and in states."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_ngrok_tg.state import TYPE

SECRET = "[secret]"  # noqa: S105
"""What a preview shows of a secret."""
SIGNATURE_KEY, SIGNATURE = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""What marks a secret in Pulumi's JSON (sdk/go/common/resource/sig)."""
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What a preview shows of a value that is not known yet."""


def name_of(urn: str) -> str:
    """Returns the name of the resource with that URN."""
    return urn.split("::", 3)[3]


@dataclass(frozen=True)
class Wanted:
    """A tunnel group backend that is still to be created: by a create that was interrupted, or by the program."""

    urn: str
    inputs: Mapping[str, Any]
    secrets: frozenset[str] = frozenset()
    """The inputs that are secrets, or hold some."""

    @property
    def name(self) -> str:
        """The resource's name."""
        return name_of(self.urn)


@dataclass(frozen=True)
class Preview:
    """What an update of the stack would do."""

    steps: list[dict[str, Any]]
    placeholders: dict[str, Any]
    """The import file that Pulumi makes of it, with a placeholder for each id."""
    plans: dict[str, Any]
    """What it plans for each resource, by URN; with secrets in the clear."""

    def creates(self) -> list[Wanted]:
        """Returns the backends that the program declares and the state lacks."""
        return [
            self._wanted(step["urn"], step["newState"].get("inputs") or {})
            for step in self.steps
            if step["op"] == "create" and step["newState"]["type"] == TYPE
        ]

    def _wanted(self, urn: str, shown: Mapping[str, Any]) -> Wanted:
        """Returns what is declared, as the plan says it, or else as it is shown."""
        planned = self.plans.get(urn, {}).get("goal", {}).get("inputDiff", {}).get("adds", shown)
        return Wanted(urn, plain(planned), frozenset(name for name, value in planned.items() if _holds_secret(value)))

    def change_of(self, urn: str) -> str:
        """Returns what happens to a resource: ``same`` where nothing does."""
        return next((step["op"] for step in self.steps if step["urn"] == urn), "delete")

    def parents(self) -> dict[str, str]:
        """Returns the URN of each resource's parent, by its own."""
        return {step["urn"]: (step.get("newState") or {}).get("parent", "") for step in self.steps}


def plain(value: Any) -> Any:
    """Returns a value of a decrypted state, its secrets as plain values."""
    if not isinstance(value, dict):
        return value
    if "plaintext" in value and value.get(SIGNATURE_KEY) == SIGNATURE:
        return json.loads(value["plaintext"])
    return {key: plain(item) for key, item in value.items()}


def _holds_secret(value: Any) -> bool:
    """Tells whether a value of a state or plan is a secret, or holds one."""
    if not isinstance(value, dict):
        return False
    return SIGNATURE_KEY in value or any(map(_holds_secret, value.values()))
