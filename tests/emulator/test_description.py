"""The emulator against a description of its endpoints, by a fuzzer: what is described is accepted, the rest refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.emulator.api import PATH, Api

DESCRIPTION = Path(__file__).parent / "openapi.yaml"
# Some data that the fuzzer takes for wrong is right once it is written into an address; of bodies, the last test knows.
UNSURE = [negative_data_rejection]

schema = schemathesis.openapi.from_path(DESCRIPTION)


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Emulator]:
    with Emulator(api_keys=(KEY,)) as emulator:
        emulator.account(KEY).connect_tunnel({"app": "web"})
        yield emulator


@pytest.mark.nightly
@schema.parametrize()
def test_each_endpoint_matches_the_description(case: Case, fuzzed: Emulator) -> None:
    key = {"Authorization": f"Bearer {KEY}"}
    case.call_and_validate(base_url=fuzzed.url, headers=key, excluded_checks=UNSURE)


@pytest.mark.nightly
def test_links_from_a_create_match_the_description(fuzzed: Emulator) -> None:
    class Life(schema.as_state_machine()):  # type: ignore[misc]
        """Creates backends, then reads, changes, lists and deletes them in any order."""

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"base_url": fuzzed.url, "headers": {"Authorization": f"Bearer {KEY}"}}

        def validate_response(self, response: Any, case: Case, **more: Any) -> None:
            case.validate_response(response, excluded_checks=UNSURE, transport_kwargs=more)

    fuzzed.requests.clear()
    Life.run(settings=settings(max_examples=settings().max_examples // 2, stateful_step_count=8))
    succeeded = {
        (request.method, request.path.count("/")) for request in fuzzed.requests if request.status in range(200, 300)
    }
    assert succeeded >= {("POST", 2), ("GET", 3), ("PATCH", 3), ("DELETE", 3), ("GET", 2)}


described = yaml.safe_load(DESCRIPTION.read_text())
contents = Draft202012Validator({"$ref": "#/components/schemas/Contents", **described})
text = st.text(max_size=20) | st.sampled_from(["a=b", "x" * 256, "é" * 255, "x" * 4097])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
bodies = anything | st.dictionaries(
    st.sampled_from(["description", "metadata", "labels"]) | text,
    anything | text | st.dictionaries(text, text, max_size=3),
    max_size=3,
)


@given(body=bodies)
def test_a_body_is_accepted_exactly_if_it_matches_the_description(fuzzed: Emulator, body: Any) -> None:
    with Api(fuzzed.url) as api:
        created = api.post(PATH, json=body)
        assert (created.status_code == 201) == contents.is_valid(body), created.text
        assert created.status_code in (201, 400)
