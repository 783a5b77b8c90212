"""Reading who refers to a backend: whatever the lists hold, no reference is overlooked and nothing else is raised."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.client import Client
from pulumi_ngrok_tg.api.errors import Unreadable
from pulumi_ngrok_tg.api.references import BACKENDS_ONLY, LISTS, Target, list_references, read_referrer
from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.reporter import Heard

WEB = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
MODULE = {"enabled": True, "backend": {"id": WEB, "uri": f"https://api.ngrok.com/backends/tunnel_group/{WEB}"}}


def client(emulator: Emulator) -> Client:
    return Client(AccountSettings(KEY, emulator.url, backoff=0.01), Heard())


@pytest.mark.parametrize(
    ("kind", "body", "name", "targets"),
    [
        ("failover", {"backends": [WEB, "bkdhr_1"], "description": "main"}, "main", [(WEB, ""), ("bkdhr_1", "")]),
        ("failover", {"backends": []}, "", []),
        ("failover", {"backends": None}, "", []),
        ("weighted", {"backends": {WEB: 10}}, "", [(WEB, "")]),
        (
            "tcp edge",
            {"hostports": ["1.tcp.example.com:9999"], "backend": MODULE},
            "1.tcp.example.com:9999",
            [(WEB, "")],
        ),
        ("tls edge", {"hostports": None, "backend": None}, "", []),
        ("tls edge", {}, "", []),
        ("tls edge", {"backend": {"enabled": True, "backend": None}}, "", []),
        ("https edge", {"hostports": ["a:443", "b:443"], "routes": []}, "a:443, b:443", []),
        ("https edge", {"routes": None}, "", []),
        ("https edge", {"routes": [{"match": "/", "match_type": "path_prefix", "backend": None}]}, "", []),
        (
            "https edge",
            {"routes": [{"match": "/api", "match_type": "exact_path", "backend": MODULE}]},
            "",
            [(WEB, "/api (exact path)")],
        ),
        (
            "https edge",
            {"routes": [{"match": "/", "match_type": "regex", "backend": MODULE}]},
            "",
            [(WEB, "/ (regex)")],
        ),
        # Fields that are not known here.
        ("tcp edge", {"fallback_backend": {"id": WEB}}, "", [(WEB, "")]),
        ("tls edge", {"policy": {"routes": [MODULE["backend"]["uri"]]}}, "", [(WEB, "")]),
        ("failover", {"backends": [], "last_resort": {WEB: 1}}, "", [(WEB, "")]),
        ("tcp edge", {"traffic_policy": {"value": f'{{"backend": "{WEB}"}}', "more": f"x/{WEB}/y"}}, "", [(WEB, "")]),
        # Words of the account's own.
        ("weighted", {"backends": {}, "metadata": f"see {WEB}", "description": WEB}, WEB, []),
    ],
)
def test_each_form_of_reference_is_read(
    kind: str, body: dict[str, Any], name: str, targets: list[tuple[str, str]]
) -> None:
    found = read_referrer(kind, "GET /x", {"id": "edg_1", **body})
    assert found.name == name
    assert [(target.id, target.where) for target in found.targets] == targets


@pytest.mark.parametrize(
    ("kind", "body", "enabled"),
    [
        ("tcp edge", {"backend": {**MODULE, "enabled": False}}, False),
        ("tcp edge", {"backend": {"backend": {"id": WEB}}}, True),
        ("weighted", {"backends": {WEB: 0}}, False),
        ("https edge", {"routes": [{"match": "/", "backend": {**MODULE, "enabled": False}}]}, False),
    ],
)
def test_a_disabled_route_is_a_disabled_reference(kind: str, body: dict[str, Any], enabled: bool) -> None:
    (target,) = read_referrer(kind, "GET /x", {"id": "edg_1", **body}).targets
    assert (target.id, target.enabled) == (WEB, enabled)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"id": 5},
        {"id": "x", "backends": WEB, "hostports": 5},
        {"id": "x", "backends": [5], "hostports": [5]},
        {"id": "x", "backends": 7, "routes": "x", "backend": "x"},
        {"id": "x", "backends": [None], "routes": [None], "backend": {"backend": {}}},
    ],
)
def test_a_body_of_another_shape_is_unreadable(kind: str, body: Any) -> None:
    with pytest.raises(Unreadable, match=f"^GET /x: the response holds an object that is no valid {kind}.$"):
        read_referrer(kind, "GET /x", body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(WEB),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just(WEB), inner, max_size=3),
    max_leaves=12,
)
fields = st.sampled_from(
    ["id", "backends", "backend", "routes", "hostports", "description", "enabled", "match", "other"]
)


@given(st.sampled_from([*LISTS]), st.dictionaries(fields, json_values) | json_values)
def test_any_body_is_unreadable_or_yields_each_backend_in_it(kind: str, body: Any) -> None:
    try:
        found = read_referrer(kind, "GET /x", body)
    except Unreadable:
        return
    rest = {name: value for name, value in body.items() if name not in ("id", "description", "metadata")}
    if WEB in json.dumps(rest) and WEB not in str(body["id"]):
        assert WEB in {target.id for target in found.targets}


def fill(emulator: Emulator, count: int) -> None:
    account = emulator.account(KEY)
    for n in range(count):
        account.add_referrer("failover_backends", {"backends": [WEB], "description": str(n)})
        account.add_referrer("https_edges", {"hostports": [f"{n}:443"], "routes": [{"backend": MODULE}]})


def test_all_five_lists_are_read_to_their_ends(emulator: Emulator) -> None:
    fill(emulator, 101)
    found = list_references(client(emulator).list)
    assert len(found.referrers) == 202
    assert found.unlisted == {}
    assert len(emulator.requests) == 5 + 2
    assert emulator.requests.writes == []


def test_only_the_requested_kinds_are_listed(emulator: Emulator) -> None:
    list_references(client(emulator).list, BACKENDS_ONLY)
    assert [request.path for request in emulator.requests] == ["/backends/failover", "/backends/weighted"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "error_code": 635},
        {"status": 403, "error_code": 7008},
        {"status": 403, "error_code": 7196},
        {"status": 404, "error_code": 7000},
        {"status": 404, "body": "<html>"},
        {"status": 500},
        {"body": "[]"},
        {"body": "{}"},
        {"body": '{"tcp_edges": [{"id": 7}]}'},
        {"body": '{"tcp_edges": [], "next_page_uri": "https://elsewhere.example.com/edges/tcp"}'},
    ],
)
def test_a_list_that_fails_is_unknown_and_the_others_are_read(emulator: Emulator, fault: Mapping[str, Any]) -> None:
    fill(emulator, 1)
    emulator.fault(path="/edges/tcp", times=None, **fault)
    found = list_references(client(emulator).list)
    assert [*found.unlisted] == ["tcp edge"]
    assert len(found.referrers) == 2
    assert KEY not in str(found.unlisted["tcp edge"])


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "skip": 1},
        {"status": 403, "error_code": 7008, "skip": 1},
        {"skip": 1, "drop": "before"},
        {"skip": 1, "body": '{"tcp_edges": 5}'},
    ],
)
def test_a_failing_second_page_leaves_the_references_of_the_first(emulator: Emulator, fault: Mapping[str, Any]) -> None:
    account = emulator.account(KEY)
    for n in range(101):
        account.add_referrer("tcp_edges", {"hostports": [f"{n}:1"], "backend": MODULE})
    emulator.fault(path="/edges/tcp", times=None, **fault)
    found = list_references(client(emulator).list)
    assert len(found.referrers) == 100
    assert "tcp edge" in found.unlisted


@pytest.mark.parametrize("next_page_uri", [None, 7, "https://elsewhere.example.com/edges/tcp"])
def test_a_malformed_object_hides_none_beside_it(emulator: Emulator, next_page_uri: object) -> None:
    edges = [{"id": "a", "backend": MODULE}, {"id": 7}, {"id": "b", "backend": MODULE}]
    emulator.fault(path="/edges/tcp", fields={"tcp_edges": edges, "next_page_uri": next_page_uri})
    found = list_references(client(emulator).list)
    assert [one.id for one in found.referrers] == ["a", "b"]
    assert [*found.unlisted] == ["tcp edge"]


def test_two_referrers_with_one_id_both_count(emulator: Emulator) -> None:
    edges = [{"id": "e", "backend": MODULE}, {"id": "e", "hostports": ["b:443"]}]
    emulator.fault(path="/edges/tcp", fields={"tcp_edges": edges})
    found = list_references(client(emulator).list)
    assert [len(one.targets) for one in found.referrers] == [1, 0]


def test_a_key_that_is_part_of_an_id_hides_no_reference() -> None:
    with Emulator() as emulator:
        emulator.account("bkd").add_referrer("tcp_edges", {"backend": MODULE})
        (found,) = list_references(Client(AccountSettings("bkd", emulator.url), Heard()).list).referrers
    assert found.targets == (Target(WEB),)


def test_concurrent_callers_share_one_listing(emulator: Emulator) -> None:
    asking = client(emulator)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: list_references(partial(asking.list, max_age=60)), range(20)))
        list(pool.map(lambda _: list_references(partial(asking.list, max_age=60, advisory=True)), range(20)))
    assert len(emulator.requests) == 5 + 5


def test_once_there_is_no_server_no_further_list_is_requested(emulator: Emulator) -> None:
    emulator.fault(path="/backends/weighted", times=None, drop="before")
    found = list_references(client(emulator).list)
    assert [*found.unlisted] == ["weighted", "https edge", "tcp edge", "tls edge"]
    assert {request.path for request in emulator.requests} == {"/backends/failover", "/backends/weighted"}


def test_names_from_the_server_become_one_line_without_the_key(emulator: Emulator) -> None:
    emulator.account(KEY).add_referrer("tcp_edges", {"hostports": [f"a\n{KEY}\x1b[31m"], "backend": MODULE})
    (found,) = list_references(client(emulator).list).referrers
    assert KEY not in found.name
    assert found.name.isprintable()
    assert found.targets == (Target(WEB),)
