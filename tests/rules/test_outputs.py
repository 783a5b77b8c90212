"""What a state holds of a backend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.models import Backend, Ref
from pulumi_ngrok_tg.rules.outputs import TYPE, build_outputs, find_managed_id


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
DYNAMIC = "pulumi-python:dynamic/own:Backend"
BRIDGED = "ngrok:index/tunnelGroupBackend:TunnelGroupBackend"
CONSUMERS = (
    "pulumi-python:dynamic:Resource",
    "pulumi-nodejs:dynamic:Resource",
    "ngrok:index/httpsEdge:HttpsEdge",
    "kubernetes:core/v1:ConfigMap",
    "aws:ssm/parameter:Parameter",
    "random:index/randomId:RandomId",
    "command:local:Command",
    "shop:index:Site",
    "pulumi:pulumi:Stack",
    "pulumi:pulumi:StackReference",
)
"""Types of resources that consume an id: dynamic, bridged, native, components."""


@pytest.mark.parametrize(
    ("type_", "outputs", "id_", "managed"),
    [
        (TYPE, {"uri": URI}, None, ID),
        (TYPE, {"uri": URI}, ID, ID),
        (TYPE, {"uri": URI, "__read_only": False}, ID, ID),
        (TYPE, {"uri": URI, "__read_only": True}, ID, None),
        (TYPE, {"uri": URI, "description": "bkdtg_2"}, None, ID),
        (TYPE, {}, None, None),
        (TYPE, {"uri": "x"}, None, None),
        (TYPE, {"id": ID}, None, None),
        (DYNAMIC, {"uri": URI}, None, ID),
        (DYNAMIC, {"id": ID}, None, ID),
        (DYNAMIC, {"uri": URI}, "res-1", None),
        (DYNAMIC, {}, ID, ID),
        (BRIDGED, {"id": ID}, None, ID),
        (BRIDGED, {}, ID, ID),
        ("aws:ssm/parameter:Parameter", {"id": ID, "uri": URI}, None, None),
        ("shop:index:Site", {"uri": URI}, None, None),
        ("pulumi:pulumi:Stack", {"id": ID}, "", None),
    ],
)
def test_a_resource_manages_a_backend_whose_id_is_its_own(
    type_: str, outputs: dict[str, object], id_: str | None, managed: str | None
) -> None:
    assert find_managed_id(type_, outputs, id_) == managed


REFERENCES = st.recursive(
    st.sampled_from([ID, URI]),
    lambda inner: st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.text(max_size=5), inner, min_size=1),
)


@given(st.sampled_from(CONSUMERS), st.dictionaries(st.text(max_size=5), REFERENCES), st.sampled_from([None, "res-1"]))
def test_an_id_anywhere_else_is_a_reference(type_: str, outputs: dict[str, object], id_: str | None) -> None:
    outputs = {name: value for name, value in outputs.items() if name not in ("id", "uri")}
    assert find_managed_id(type_, outputs, id_) is None
    nested = {"id": [outputs], "uri": {"of": outputs}}
    assert find_managed_id(type_, {"routes": nested}, id_) is None
