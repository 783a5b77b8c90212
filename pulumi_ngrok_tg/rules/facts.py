"""What a program tells the provider about a resource, because the provider cannot see it.

The provider gets the inputs as the engine holds them: after all transformations and transforms, without their secrets
marked. Neither these marks nor the resource's options nor the stack's state reach it. So the program passes them as
one more input, which ``check`` reads and drops.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pulumi_ngrok_tg.rules import properties

INPUT = "__program"
"""The input with the facts as JSON."""
_MISSING = "the program did not pass it on, perhaps because of a newer Pulumi SDK"


@dataclass(frozen=True)
class Facts:
    """What only the program knows. The defaults are those of a program that says nothing."""

    plain: Mapping[str, Any] = field(default_factory=dict)
    """The inputs that are not secret, with their values; of labels, those that are not secret."""
    keys: tuple[str, ...] = ()
    """The label keys that are not secret."""
    labels: int = 0
    """How many labels have to arrive; 0 if ``ignore_changes`` names labels, as the engine then passes the old ones."""
    unknown: tuple[str, ...] = ()
    """The inputs that are not known. Outside a preview, the engine drops them instead of passing them on."""
    previews: bool = False
    """Whether this is a preview."""
    refuses: bool = False
    """Whether onTrafficLoss is ``refuse``; an explicit provider gets no stack config."""
    retains: bool = False
    """Whether the option ``retain_on_delete`` is set."""
    explicit: bool = False
    """Whether the resource has an explicit provider, which runs in a process of its own."""
    allow_operator_owned: bool = False
    twin: str | None = None
    """The name of another resource whose ``import_`` names the same backend."""
    adoptions: int = 0
    """How many resources of the program have an ``import_``."""
    unread: str | None = _MISSING
    """Why the stack's state could not be read, or None."""
    managed: str | None = None
    """The ids of the backends in the stack's state, with spaces between them. None if the state holds a resource of
    this name: then the ids are needed only if that is another resource, with another parent."""
    others: Mapping[str, str] = field(default_factory=dict)
    """The URNs of the resources of other types that manage a backend, by the backend's id; absent as ``managed`` is."""
    manager: str | None = None
    """The URN of the resource of this package that manages the backend that ``import_`` names, or None."""
    held: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The backends of the state's resources of this name, by URN: id, account and fingerprint."""

    def to_input(self) -> str:
        """Return the facts as the program passes them."""
        return json.dumps(asdict(self))

    def is_plain(self, name: str, value: Any) -> bool:
        """Tell whether the value of an input is certainly not a secret.

        A transform may have changed it after the program; whether the new value is a secret cannot be known.
        """
        return name in self.plain and (self.plain[name] or None) == (value or None)

    def are_plain(self, inputs: Mapping[str, Any]) -> bool:
        """Tell whether certainly none of these contents is a secret."""
        return all(self.is_plain(name, value) for name, value in properties.take_contents(inputs).items())


def read_facts(inputs: Mapping[str, Any]) -> Facts:
    """Return the facts that a program has passed among its inputs."""
    given = inputs.get(INPUT)
    return Facts(**json.loads(given)) if isinstance(given, str) else Facts()
