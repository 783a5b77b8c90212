"""What a program tells the provider about a resource, because the provider cannot see it.

The provider gets the inputs as the engine holds them: after all transformations and transforms, without their secrets
marked. Neither these marks nor the resource's options nor the stack's state reach it. So the program passes them as
one more input, which ``check`` reads and drops.
"""

import hashlib
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
    given: tuple[str, ...] = ()
    """Which of description and metadata the program gives."""
    labels: tuple[str, ...] = ()
    """The digests of the keys of the labels that have to arrive."""
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
    """The URNs of the resources of other types that manage a backend, by the backend's id; if ``managed`` is None, only
    that of the backend that ``import_`` names."""
    manager: str | None = None
    """The URN of the resource of this package that manages the backend that ``import_`` names, or None."""
    imported: str = ""
    """The ids that ``import_`` options of the program name, with spaces between them; only for a new resource."""
    recorded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The backends of the state's resources of this name, and of its aliases, by URN: id, account, fingerprint."""
    aliases: tuple[str, ...] = ()
    """The URNs of the resource's aliases that are in ``recorded``."""

    def to_input(self) -> str:
        """Return the facts as the program passes them."""
        return json.dumps(asdict(self))

    def find_recorded(self, urn: str) -> Mapping[str, Any] | None:
        """Return the backend that the state holds for a resource, under its URN or an alias, or None."""
        return next((self.recorded[one] for one in (urn, *self.aliases) if one in self.recorded), None)

    def find_lost(self, inputs: Mapping[str, Any], olds: Mapping[str, Any]) -> list[str]:
        """Return a line for what the program gives and the engine does not hand over.

        A transform has dropped it, or has set it to None or to a value that is not known. With fewer labels, more
        tunnels would match. Nothing is lost if the labels stay what they are.

        Args:
            inputs: the inputs that the engine hands over.
            olds: those of the last update.
        """
        labels = properties.take_contents(inputs)["labels"]
        lost = [name for name in self.given if not inputs.get(name)]
        if isinstance(labels, Mapping) and labels != olds.get("labels"):
            lost += [] if {*self.labels} <= {*map(digest, labels)} else ["a label"]
        return [
            f"A transform dropped {name}, or set it to None or to a value that is unknown. Give it a value there; to "
            "drop it, drop it in the program or in a transformation."
            for name in lost
        ]

    def is_plain(self, name: str, value: Any) -> bool:
        """Tell whether the value of an input is certainly not a secret.

        A transform may have changed it after the program; whether the new value is a secret cannot be known.
        """
        return name in self.plain and (self.plain[name] or None) == (value or None)

    def are_plain(self, inputs: Mapping[str, Any]) -> bool:
        """Tell whether certainly none of these contents is a secret."""
        return all(self.is_plain(name, value) for name, value in properties.take_contents(inputs).items())


def digest(key: str) -> str:
    """Return a digest of a label's key, which may be a secret."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def read_facts(inputs: Mapping[str, Any]) -> Facts:
    """Return the facts that a program has passed among its inputs."""
    given = inputs.get(INPUT)
    return Facts(**json.loads(given)) if isinstance(given, str) else Facts()
