"""What a state holds of a backend."""

import pytest

from pulumi_ngrok_tg import state
from pulumi_ngrok_tg.api.models import Backend, Ref


def test_the_outputs_are_the_backend_its_account_and_the_key_that_saw_it() -> None:
    backend = Backend(
        "bkdtg_1", "https://x/1", "2025-01-21T18:19:53Z", "d", "m", {"a": "b"}, (Ref("tn_1", "https://x/2"),)
    )
    assert state.outputs(backend, "eu", "12345678") == {
        "account": "eu",
        "description": "d",
        "metadata": "m",
        "labels": {"a": "b"},
        "uri": "https://x/1",
        "created_at": "2025-01-21T18:19:53Z",
        "tunnels": [{"id": "tn_1", "uri": "https://x/2"}],
        "__key_fingerprint": "12345678",
    }


@pytest.mark.parametrize(
    ("type_", "outputs", "managed"),
    [
        (state.TYPE, {"uri": "x"}, True),
        (state.TYPE, {"uri": "x", "__read_only": False}, True),
        (state.TYPE, {"uri": "x", "__read_only": True}, False),
        (state.TYPE, {}, False),
        ("pulumi-python:dynamic/other:TunnelGroupBackend", {"uri": "x"}, False),
    ],
)
def test_what_a_stack_manages(type_: str, outputs: dict[str, object], managed: bool) -> None:
    assert state.is_managed(type_, outputs) is managed
