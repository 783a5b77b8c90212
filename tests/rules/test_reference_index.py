"""Who refers to a backend, through whatever refers to it, and in what words."""

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.errors import ApiError
from pulumi_ngrok_tg.api.models import Backend, Ref
from pulumi_ngrok_tg.api.references import References, Referrer, Target
from pulumi_ngrok_tg.rules.reference_index import (
    ReferenceIndex,
    convert_references,
    describe_old_edges,
    describe_path,
    describe_unlisted,
    describe_use,
    explain_referenced,
    is_in_use,
)

WEB = "bkdtg_web"
FORBIDDEN = ApiError("GET /edges/https: forbidden", 403, 635)


def edge(id_: str, backend: str, where: str = "/ (path prefix)", enabled: bool = True) -> Referrer:
    return Referrer("https edge", id_, id_, f"{id_}.example.com:443", (Target(backend, where, enabled),))


def failover(id_: str, *backends: str, name: str = "") -> Referrer:
    return Referrer("failover", id_, id_, name, tuple(map(Target, backends)))


def index(*referrers: Referrer, unlisted: str = "") -> ReferenceIndex:
    return ReferenceIndex(References(referrers, {unlisted: FORBIDDEN} if unlisted else {}))


def backend(tunnels: tuple[Ref, ...] | None = ()) -> Backend:
    return Backend(WEB, "", "2025-01-21T18:19:53Z", tunnels=tunnels)


@pytest.mark.parametrize(
    ("referrers", "described"),
    [
        ((), "nobody"),
        ((edge("www", WEB),), "https edge www.example.com:443 / (path prefix)"),
        ((edge("www", WEB, enabled=False),), "https edge www.example.com:443 / (path prefix) (disabled)"),
        ((edge("www", "bkdtg_other"),), "nobody"),
        ((Referrer("tcp edge", "edgtcp_1", "edgtcp_1", "", (Target(WEB),)),), "tcp edge edgtcp_1"),
        ((failover("bkdfo_1", WEB, name="main then spare"),), 'failover bkdfo_1 "main then spare"'),
        (
            (failover("bkdfo_1", WEB), edge("www", "bkdfo_1", "/api (exact path)")),
            "failover bkdfo_1 ← https edge www.example.com:443 /api (exact path)",
        ),
        (
            (failover("bkdfo_1", WEB), failover("bkdfo_2", "bkdfo_1"), edge("www", "bkdfo_2", "")),
            "failover bkdfo_1 ← failover bkdfo_2 ← https edge www.example.com:443",
        ),
        ((failover("bkdfo_1", WEB, "bkdfo_2"), failover("bkdfo_2", "bkdfo_1")), "failover bkdfo_1"),
        (
            tuple(edge(f"e{n}", WEB, "") for n in range(5)),
            "; ".join(f"https edge e{n}.example.com:443" for n in range(3)) + "; 2 more",
        ),
    ],
)
def test_a_path_names_each_step(referrers: tuple[Referrer, ...], described: str) -> None:
    assert describe_use(index(*referrers), WEB) == described


def test_nobody_is_shown_only_if_everything_was_listed() -> None:
    assert describe_use(index(unlisted="https edge"), WEB) == "unknown"
    known = index(failover("bkdfo_1", WEB), unlisted="https edge")
    assert describe_use(known, WEB) == "failover bkdfo_1; and unknown ones"


@pytest.mark.parametrize(
    ("known", "tunnels", "used"),
    [
        (index(), (), False),
        (index(), (Ref("tn_1", ""),), True),
        (index(), None, None),
        (index(edge("www", WEB)), (), True),
        (index(edge("www", WEB)), None, True),
        (index(unlisted="tcp edge"), (), None),
        (index(unlisted="tcp edge"), (Ref("tn_1", ""),), True),
    ],
)
def test_a_backend_is_unused_only_when_nothing_refers_to_it_and_no_tunnel_is_online(
    known: ReferenceIndex, tunnels: tuple[Ref, ...] | None, used: bool | None
) -> None:
    assert is_in_use(known, backend(tunnels)) is used


def test_json_holds_each_referrer_once_with_its_targets() -> None:
    known = index(failover("bkdfo_1", WEB), edge("www", "bkdfo_1", "/api (exact path)", enabled=False), unlisted="x")
    assert convert_references(known) == {
        "references": [
            {
                "kind": "failover",
                "id": "bkdfo_1",
                "name": "",
                "targets": [{"id": WEB, "where": "", "enabled": True}],
            },
            {
                "kind": "https edge",
                "id": "www",
                "name": "www.example.com:443",
                "targets": [{"id": "bkdfo_1", "where": "/api (exact path)", "enabled": False}],
            },
        ],
        "unlisted": [{"kind": "x", "reason": "GET /edges/https: forbidden"}],
    }


def test_a_refused_delete_names_what_refers_and_the_order_of_deletes() -> None:
    known = index(failover("bkdfo_1", WEB, name="main"), failover("bkdfo_2", "bkdfo_1"))
    assert explain_referenced(WEB, known) == (
        'It is used by failover bkdfo_1 "main". Or delete in this order: failover bkdfo_2, '
        "failover bkdfo_1, bkdtg_web. Edges may use these backends, too: see `pulumi-ngrok-tg list --references`."
    )


def test_no_order_of_deletes_is_given_for_a_circle() -> None:
    known = index(failover("bkdfo_1", WEB, "bkdfo_2"), failover("bkdfo_2", "bkdfo_1"))
    told = explain_referenced(WEB, known)
    assert told.startswith(
        "It is used by failover bkdfo_1. Some of these refer to each other in a circle; "
        "remove such references before you delete any of them."
    )


def test_no_order_of_deletes_is_given_when_it_may_not_be_all() -> None:
    told = explain_referenced(WEB, index(failover("bkdfo_1", WEB), unlisted="weighted"))
    assert "delete in this order" not in told
    assert "Could not list the weighted backends" in told
    many = [failover(f"bkdfo_{n}", WEB) for n in range(6)]
    assert "delete in this order" not in explain_referenced(WEB, index(*many))


def test_a_backend_that_two_others_share_is_no_circle() -> None:
    """A diamond: the outermost goes first."""
    inner = [failover("bkdfo_1", WEB), failover("bkdfo_2", WEB)]
    order = index(*inner, failover("bkdfo_3", "bkdfo_1", "bkdfo_2")).find_order(WEB)
    assert order is not None
    assert order[0].id == "bkdfo_3"
    assert {one.id for one in order} == {"bkdfo_1", "bkdfo_2", "bkdfo_3"}


def test_a_refused_delete_says_what_could_not_be_listed() -> None:
    told = explain_referenced(WEB, index(unlisted="weighted"))
    assert told.startswith("Could not list the weighted backends (")


def test_a_replacement_names_the_edges_that_know_the_old_id() -> None:
    known = index(failover("bkdfo_1", WEB), edge("www", "bkdfo_1"), edge("api", WEB))
    assert describe_old_edges(known, WEB) == (
        "https edge api.example.com:443 / (path prefix) will still refer to bkdtg_web, which is deleted: put the "
        "new id there; failover bkdfo_1 refers to bkdtg_web, so ngrok will not delete it (ERR_NGROK_6502): put the new "
        "id there"
    )
    assert describe_old_edges(index(), WEB) == ""
    partly = describe_old_edges(index(edge("api", WEB), unlisted="tcp edge"), WEB)
    assert partly.startswith("https edge api.example.com:443")
    assert partly.endswith("ngrok did not list everything that may refer to bkdtg_web (GET /edges/https: forbidden)")


def test_an_enabled_path_is_preferred_to_a_shorter_disabled_one() -> None:
    weighted = Referrer("weighted", "bkdwd_1", "bkdwd_1", "", (Target("bkdfo_1", enabled=False), Target("bkdfo_2")))
    known = index(failover("bkdfo_1", WEB), failover("bkdfo_2", "bkdfo_1"), weighted, edge("www", "bkdwd_1", ""))
    (path,) = known.find_paths(WEB)
    assert describe_path(path) == (
        "failover bkdfo_1 ← failover bkdfo_2 ← weighted bkdwd_1 ← https edge www.example.com:443"
    )


def test_a_path_is_disabled_if_a_step_is() -> None:
    weighted = Referrer("weighted", "bkdwd_1", "bkdwd_1", "", (Target(WEB, enabled=False),))
    known = index(weighted, edge("www", "bkdwd_1", ""))
    assert describe_use(known, WEB) == "weighted bkdwd_1 (disabled) ← https edge www.example.com:443"


def test_a_name_cannot_pretend_to_be_another_reference() -> None:
    forged = failover("bkdfo_1", WEB, name='x" ← https edge fake.example.com:443')
    assert describe_use(index(forged), WEB) == 'failover bkdfo_1 "x\' ← https edge fake.example.com:443"'


def test_one_reason_for_several_lists_is_one_line() -> None:
    unlisted = {kind: ApiError(f"GET /{kind}: forbidden.", 403, 7008) for kind in ("failover", "https edge")}
    assert describe_unlisted(unlisted) == [
        "Could not list the failover backends, the https edges (GET /failover: forbidden), so it is unknown which of "
        "them use a backend."
    ]


@st.composite
def graphs(draw: st.DrawFn) -> list[Referrer]:
    """Backends that refer to any others, and edges."""
    ids = [WEB, *(f"bkdfo_{n}" for n in range(draw(st.integers(0, 6))))]
    backends = [failover(id_, *draw(st.lists(st.sampled_from(ids), max_size=4))) for id_ in ids[1:]]
    edges = [edge(f"e{n}", draw(st.sampled_from(ids)), "") for n in range(draw(st.integers(0, 5)))]
    return [*backends, *edges]


@given(graphs())
def test_each_edge_from_which_a_backend_is_reached_ends_one_shortest_path(referrers: list[Referrer]) -> None:
    known = index(*referrers)
    refers = {(one.id, target.id) for one in referrers for target in one.targets}
    distance = {WEB: 0}
    for _ in referrers:  # relaxed as often as there may be steps
        for source, target in refers:
            if target in distance:
                distance[source] = min(distance.get(source, 99), distance[target] + 1)
    paths = [*known.find_paths(WEB)]
    assert known.count_paths(WEB) == len(paths)
    for path in paths:
        at = WEB
        for step in path:
            assert (step.referrer.id, at) in refers
            at = step.referrer.id
    ends = {path[-1].referrer.id: len(path) for path in sorted(paths, key=len, reverse=True)}
    reached = {id_: length for id_, length in distance.items() if id_.startswith("e")}
    assert {id_: length for id_, length in ends.items() if id_.startswith("e")} == reached


@given(graphs())
def test_an_order_of_deletes_never_has_a_backend_before_what_refers_to_it(referrers: list[Referrer]) -> None:
    order = index(*referrers).find_order(WEB)
    if order is None:
        return
    deleted: set[str] = set()
    for one in order:
        still = {other.id for other in referrers if other.kind == "failover" and other.id not in deleted}
        assert not {other for other in still if other != one.id and one.id in _targets(referrers, other)}
        deleted.add(one.id)
    assert (
        not {other.id for other in referrers if other.kind == "failover" and WEB in _targets(referrers, other.id)}
        - deleted
    )


def _targets(referrers: list[Referrer], id_: str) -> set[str]:
    return {target.id for one in referrers if one.id == id_ for target in one.targets}


def with_an_edge_each(ids: list[str]) -> list[Referrer]:
    return [*(failover(f"bkdfo_{n}", id_) for n, id_ in enumerate(ids)), *(edge(id_, id_) for id_ in ids)]


def through_one_failover(ids: list[str]) -> list[Referrer]:
    """All backends are in one failover backend, and one edge has as many routes to it."""
    routes = tuple(Target("bkdfo_1", f"/{id_}") for id_ in ids)
    return [failover("bkdfo_1", *ids), Referrer("https edge", "e", "e", "", routes)]


@pytest.mark.parametrize("build", [with_an_edge_each, through_one_failover])
def test_the_time_for_all_backends_grows_with_their_number(build: Callable[[list[str]], list[Referrer]]) -> None:
    """Ten times the backends and edges take ten times as long, not a hundred times."""
    measure(300, build)
    assert measure(3000, build) < 40 * max(measure(300, build), 0.02)


def measure(count: int, build: Callable[[list[str]], list[Referrer]]) -> float:
    ids = [f"bkdtg_{n}" for n in range(count)]
    known = index(*build(ids))
    began = time.process_time()
    for id_ in ids:
        describe_use(known, id_)
        describe_old_edges(known, id_)
    json.dumps(convert_references(known))
    return time.process_time() - began


def test_a_path_is_read_from_the_backend_outwards() -> None:
    known = index(failover("bkdfo_1", WEB), edge("www", "bkdfo_1", ""))
    (path,) = known.find_paths(WEB)
    assert describe_path(path) == "failover bkdfo_1 ← https edge www.example.com:443"


def test_references_that_were_not_read_are_null() -> None:
    assert convert_references(None) == {"references": None, "unlisted": None}
