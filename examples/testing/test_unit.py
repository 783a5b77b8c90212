"""Unit tests: no CLI and no network, on Pulumi's mocks."""

from typing import Any

import pulumi
import pytest
from infrastructure import backend_of


class Mocks(pulumi.runtime.Mocks):
    """Answers as the engine would."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"bkdtg_{args.name}", {**args.inputs, "tunnels": []}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


pulumi.runtime.set_mocks(Mocks())


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pulumi.runtime.test
def test_a_backend_carries_its_environment(environment: str) -> pulumi.Output[None]:
    def check(held: list[Any]) -> None:
        assert held == [{"app": "web", "env": environment}, f"web ({environment})"]

    backend = backend_of("web", environment)
    return pulumi.Output.all(backend.labels, backend.description).apply(check)
