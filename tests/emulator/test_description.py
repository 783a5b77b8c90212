"""The emulator against a description of its endpoints, by a fuzzer: what is described is accepted, the rest refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis import Case

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY

schema = schemathesis.openapi.from_path(Path(__file__).parent / "openapi.yaml")


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Emulator]:
    with Emulator(api_keys=(KEY,)) as emulator:
        emulator.account(KEY).connect_tunnel({"app": "web"})
        yield emulator


@schema.parametrize()
def test_each_endpoint_is_as_it_is_described(case: Case, fuzzed: Emulator) -> None:
    case.call_and_validate(base_url=fuzzed.url, headers={"Authorization": f"Bearer {KEY}"})


def test_what_a_create_leads_to_is_as_it_is_described(fuzzed: Emulator) -> None:
    class Life(schema.as_state_machine()):  # type: ignore[misc]
        """Creates backends, then reads, changes, lists and deletes them in any order."""

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"base_url": fuzzed.url, "headers": {"Authorization": f"Bearer {KEY}"}}

    fuzzed.requests.clear()
    Life.run(settings=settings(max_examples=settings().max_examples // 2, stateful_step_count=8))
    succeeded = {
        (request.method, request.path.count("/")) for request in fuzzed.requests if request.status in range(200, 300)
    }
    assert succeeded >= {("POST", 2), ("GET", 3), ("PATCH", 3), ("DELETE", 3), ("GET", 2)}
