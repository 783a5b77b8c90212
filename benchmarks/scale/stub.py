"""The engine's floor: a dynamic provider that does nothing, with the resource's inputs and outputs."""

from typing import Any
from uuid import uuid4

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult


class Provider(ResourceProvider):
    """Calls no API. Its pickle is a name, as ours is: this module is in the folder of the stack."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(f"stub_{uuid4().hex}", _outputs(props))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=any(_olds[name] != _news[name] for name in ("description", "labels")))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_outputs(_news))


def _outputs(props: dict[str, Any]) -> dict[str, Any]:
    return {**props, "uri": "https://x", "created_at": "2026-01-21T18:19:53Z", "tunnels": []}


class Backend(Resource, module="stub", name="Backend"):
    """Declares what ours declares."""

    def __init__(
        self, name: str, labels: dict[str, str], description: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        nothing = dict.fromkeys(("uri", "created_at", "tunnels"))
        super().__init__(Provider(), name, {"labels": labels, "description": description, **nothing}, opts)
