"""What a state holds of a backend."""

import pytest

from pulumi_ngrok_tg.api.models import Backend, Ref
from pulumi_ngrok_tg.rules.outputs import TYPE, build_outputs, find_held


def test_the_outputs_are_the_backend_its_account_and_the_key_that_saw_it() -> None:
    backend = Backend(
        "bkdtg_1", "https://x/1", "2025-01-21T18:19:53Z", "d", "m", {"a": "b"}, (Ref("tn_1", "https://x/2"),)
    )
    assert build_outputs(backend, "eu", "12345678") == {
        "account": "eu",
        "description": "d",
        "metadata": "m",
        "labels": {"a": "b"},
        "uri": "https://x/1",
        "created_at": "2025-01-21T18:19:53Z",
        "tunnels": [{"id": "tn_1", "uri": "https://x/2"}],
        "__key_fingerprint": "12345678",
    }


ID = "bkdtg_1"
URI = f"https://api.ngrok.com/backends/tunnel_group/{ID}"
OTHER = "pulumi-python:dynamic/own:Backend"


@pytest.mark.parametrize(
    ("type_", "outputs", "id_", "held"),
    [
        (TYPE, {"uri": URI}, None, {ID}),
        (TYPE, {"uri": URI}, ID, {ID}),
        (TYPE, {"uri": URI, "__read_only": False}, ID, {ID}),
        (TYPE, {"uri": URI, "__read_only": True}, ID, set()),
        (TYPE, {"uri": URI, "description": "bkdtg_2"}, None, {ID}),
        (TYPE, {}, None, set()),
        (TYPE, {"uri": "x"}, None, set()),
        (OTHER, {"settings": [{"backend": ID}]}, "made-up", {ID}),
        (OTHER, {"settings": [{"backend": URI}]}, None, {ID}),
        ("ngrok:index:TunnelGroupBackend", {"labels": {"id": ID}}, ID, {ID}),
        ("ngrok:index:TunnelGroupBackend", {"labels": {"id": ID}}, None, set()),
        ("random:index:RandomId", {"hex": "bkd"}, None, set()),
        ("pulumi:pulumi:Stack", {"backend": ID}, None, set()),
        ("pulumi:pulumi:StackReference", {"backend": ID}, None, set()),
    ],
)
def test_a_resource_holds_the_backends_whose_ids_it_has_unless_it_only_reads_them(
    type_: str, outputs: dict[str, object], id_: str | None, held: set[str]
) -> None:
    assert find_held(type_, outputs, id_) == held
