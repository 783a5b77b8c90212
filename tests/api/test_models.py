"""The API's objects, from whatever JSON an answer may hold."""

from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.call import Call
from pulumi_ngrok_tg.api.errors import UnexpectedResponse
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import (
    BACKENDS,
    TUNNELS,
    Backend,
    Collection,
    Tunnel,
    is_id,
)

REQUEST = "GET /x"
BODY: dict[str, Any] = {
    "id": "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4",
    "uri": "https://api.ngrok.com/backends/tunnel_group/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4",
    "created_at": "2025-01-21T18:19:53Z",
    "description": "acme tunnel group",
    "metadata": '{"environment": "staging"}',
    "labels": {"baz": "qux"},
    "tunnels": [{"id": "tn_1", "uri": "https://api.ngrok.com/tunnels/tn_1"}],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read_page(collection: Collection[Any], _request: str, body: Any) -> None:
    Listing(lambda _call, _path: body, "https://x", collection).next_page(Call(0))


def test_the_example_of_the_reference_is_read() -> None:
    backend = Backend.from_json(REQUEST, BODY)
    assert (backend.id, backend.uri) == (BODY["id"], BODY["uri"])
    assert backend.created == 1737483593
    assert backend.contents == {name: BODY[name] for name in ("description", "metadata", "labels")}
    assert [(tunnel.id, tunnel.uri) for tunnel in backend.tunnels or ()] == [
        ("tn_1", "https://api.ngrok.com/tunnels/tn_1")
    ]


def test_unknown_fields_are_ignored_and_absent_or_null_ones_are_empty() -> None:
    body = {**BODY, "description": None, "metadata": None, "labels": None, "tunnels": None, "new": 1}
    backend = Backend.from_json(REQUEST, body)
    assert (backend.description, backend.metadata, backend.labels) == ("", "", {})
    assert backend.tunnels is None, "which are online is not known then"
    bare = {name: BODY[name] for name in ("id", "uri", "created_at")}
    assert Backend.from_json(REQUEST, bare) == backend
    (tunnel,) = Backend.from_json(REQUEST, {**bare, "tunnels": [{"id": "tn_1"}]}).tunnels or ()
    assert (tunnel.id, tunnel.uri) == ("tn_1", "")


def test_a_tunnel_is_read_as_the_api_reference_shows_it() -> None:
    shown = {
        "forwards_to": "http://localhost:80",
        "id": "tn_2k5oiRFOzBIVpy6YJd6gXaVQu8r",
        "labels": {"baz": "qux", "foo": "bar"},
        "region": "us",
        "started_at": "2024-08-02T07:15:24Z",
        "tunnel_session": {"id": "ts_2k5oiRI4z6fu8lh6FrDcrOEs1pF", "uri": "https://api.ngrok.com/tunnel_sessions/ts_1"},
        "backends": [{"id": "bkdtg_1", "uri": "https://api.ngrok.com/backends/tunnel_group/bkdtg_1"}],
    }
    assert Tunnel.from_json(REQUEST, shown) == Tunnel(
        id="tn_2k5oiRFOzBIVpy6YJd6gXaVQu8r",
        started_at="2024-08-02T07:15:24Z",
        labels={"baz": "qux", "foo": "bar"},
        forwards_to="http://localhost:80",
        session="ts_2k5oiRI4z6fu8lh6FrDcrOEs1pF",
        backends=frozenset({"bkdtg_1"}),
    )
    bare = dict.fromkeys(("labels", "tunnel_session", "forwards_to", "started_at", "backends"))
    bare = {**bare, "id": "tn_1"}
    assert Tunnel.from_json(REQUEST, bare) == Tunnel("tn_1") == Tunnel.from_json(REQUEST, {"id": "tn_1"})


@pytest.mark.parametrize(
    "field", [{"id": 5}, {"labels": {"app": 1}}, {"tunnel_session": "ts_1"}, {"labels": []}, {"backends": ["bkdtg_1"]}]
)
def test_a_malformed_tunnel_is_unreadable(field: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse, match=f"^{REQUEST}: the response is not a tunnel.$"):
        Tunnel.from_json(REQUEST, {"id": "tn_1", **field})


@pytest.mark.parametrize(
    "moment",
    ["2025-01-21T18:19:53Z", "2025-01-21t18:19:53z", "2025-01-21T18:19:53.5Z", "2025-01-21T19:19:53.123456789+01:00"],
)
def test_every_form_of_rfc_3339_is_read(moment: str) -> None:
    assert Backend.from_json(REQUEST, {**BODY, "created_at": moment}).created == 1737483593


@given(JSON | st.fixed_dictionaries(dict.fromkeys(BODY, JSON)))
def test_any_other_body_is_unreadable(body: Any) -> None:
    for read in (
        Backend.from_json,
        Tunnel.from_json,
        partial(read_page, BACKENDS),
        partial(read_page, TUNNELS),
    ):
        with suppress(UnexpectedResponse):
            read(REQUEST, body)


@pytest.mark.parametrize("id_", ["", "bkdtg_", "bkdtg_a/b", "bkdtg_a\n", "bkdtg_" + "a" * 65, "bkdhr_abc", None, 5])
def test_malformed_ids(id_: object) -> None:
    assert not is_id(id_)
