"""What refers to backends: listed by the emulated API, and in the way of a delete."""

from typing import Any

import ngrok
import pytest

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.emulator.seed import from_json
from pulumi_ngrok_tg.emulator.store import REFERRERS
from tests.conftest import KEY
from tests.emulator.api import PATH, Api, error_of

PATHS = {"https_edges": "/edges/https", "tcp_edges": "/edges/tcp", "tls_edges": "/edges/tls"}
PATHS |= {"failover_backends": "/backends/failover", "weighted_backends": "/backends/weighted"}


@pytest.mark.parametrize("collection", REFERRERS)
def test_each_collection_is_listed_in_pages_newest_first(api: Api, emulator: Emulator, collection: str) -> None:
    ids = [emulator.account(KEY).add_referrer(collection, {"description": str(n)}) for n in range(3)]
    page = api.get(f"{PATHS[collection]}?limit=2").json()
    name = "backends" if collection.endswith("backends") else collection
    assert [one["id"] for one in page[name]] == ids[:0:-1]
    assert page[name][0]["uri"].endswith(f"{PATHS[collection]}/{ids[2]}")
    assert page["next_page_uri"].startswith(api.base_url)
    rest = api.get(page["next_page_uri"].removeprefix(api.base_url)).json()
    assert ([one["id"] for one in rest[name]], rest["next_page_uri"]) == ([ids[0]], None)


@pytest.mark.parametrize("collection", REFERRERS)
def test_the_collections_are_only_read(api: Api, collection: str) -> None:
    assert error_of(api.post(PATHS[collection], json={}))[1] == "27614"
    assert api.get(f"{PATHS[collection]}/x").status_code == 404


@pytest.mark.parametrize(
    ("collection", "fields"),
    [("failover_backends", lambda id_: {"backends": [id_]}), ("weighted_backends", lambda id_: {"backends": {id_: 1}})],
)
def test_a_backend_is_not_deleted_while_another_backend_refers_to_it(
    api: Api, emulator: Emulator, collection: str, fields: Any
) -> None:
    web = api.create(labels={"app": "web"})["id"]
    by = emulator.account(KEY).add_referrer(collection, fields(web))
    assert error_of(api.delete(f"{PATH}/{web}"))[1] == "6502"
    del emulator.account(KEY).referrers[collection][by]
    assert api.delete(f"{PATH}/{web}").status_code == 204


def test_an_edge_does_not_keep_a_backend_from_being_deleted(api: Api, emulator: Emulator) -> None:
    web = api.create(labels={"app": "web"})["id"]
    emulator.account(KEY).add_referrer("tcp_edges", {"backend": {"enabled": True, "backend": {"id": web}}})
    assert api.delete(f"{PATH}/{web}").status_code == 204


@pytest.mark.parametrize("code", [635, 7008, 7196])
def test_the_lists_fail_as_those_of_a_withdrawn_account(api: Api, emulator: Emulator, code: int) -> None:
    emulator.set(references_error=code)
    for path in PATHS.values():
        assert error_of(api.get(path))[:2] == (403, str(code))
    assert api.get(PATH).status_code == 200


def test_ngroks_client_reads_what_refers_to_a_backend(emulator: Emulator) -> None:
    account = emulator.account(KEY)
    web = account.create({"labels": {"app": "web"}}).id
    module = {"enabled": True, "backend": {"id": web, "uri": ""}}
    account.add_referrer("failover_backends", {"backends": [web]})
    account.add_referrer("weighted_backends", {"backends": {web: 3}})
    account.add_referrer("https_edges", {"hostports": ["www.example.com:443"], "routes": [{"backend": module}]})
    account.add_referrer("tcp_edges", {"backend": module})
    account.add_referrer("tls_edges", {"backend": module})
    client = ngrok.Client(KEY, emulator.url)
    assert [one.backends for one in client.backends.failover.list()] == [[web]]
    assert [one.backends for one in client.backends.weighted.list()] == [{web: 3}]
    (edge,) = client.edges.https.list()
    (route,) = edge.routes
    assert (edge.hostports, route.match, route.match_type) == (["www.example.com:443"], "/", "path_prefix")
    assert route.backend.backend.id == web
    assert [one.backend.backend.id for one in client.edges.tcp.list()] == [web]
    assert [one.backend.backend.id for one in client.edges.tls.list()] == [web]


@pytest.mark.parametrize(
    ("collection", "fields"),
    [
        ("https_edges", {"routes": 5}),
        ("https_edges", {"routes": ["x"]}),
        ("tcp_edges", {"id": 5}),
        ("tcp_edges", {"id": {}}),
        ("failover_backends", {"backends": 5}),
    ],
)
def test_a_referrer_that_the_api_could_not_list_is_rejected(collection: str, fields: Any) -> None:
    with pytest.raises(ValueError, match="has to be"):
        Emulator(referrers={collection: [fields]})


def test_an_id_is_taken_once_and_accounts_share_nothing(api: Api, emulator: Emulator) -> None:
    emulator.account(KEY).add_referrer("https_edges", {"id": "edghts_1", "routes": None})
    with pytest.raises(ValueError, match="edghts_1"):
        emulator.account(KEY).add_referrer("https_edges", {"id": "edghts_1"})
    assert api.get("/edges/https").json()["https_edges"][0]["routes"] == []
    with Emulator(referrers={"https_edges": [{"routes": []}]}) as server:
        (one,), (other,) = (server.account(key).referrers["https_edges"].values() for key in "ab")
        one.fields["routes"].append({})
        assert other.fields["routes"] == []


def test_a_seed_file_may_hold_what_refers_to_backends() -> None:
    text = b'{"backends": [{"labels": {"app": "web"}}], "tcp_edges": [{"id": "edgtcp_1"}], "references": []}'
    seeds = from_json(text)
    with Emulator(0, (KEY,), seeds.backends, seeds.get_referrers()) as server:
        assert [*server.account(KEY).referrers["tcp_edges"]] == ["edgtcp_1"]
        assert len(server.account(KEY).backends) == 1
    with pytest.raises(ValueError, match="`https_edge`"):
        from_json(b'{"backends": [], "https_edge": []}')


def test_an_account_begins_with_what_refers_to_its_backends() -> None:
    with Emulator(referrers={"tcp_edges": [{"hostports": ["1.tcp.example.com:9"]}]}) as seeded:
        assert [one.fields["hostports"] for one in seeded.account("x").referrers["tcp_edges"].values()] == [
            ["1.tcp.example.com:9"]
        ]
    with pytest.raises(ValueError, match="tcp_edges"):
        Emulator(referrers={"tcp_edges": [5]})  # type: ignore[list-item]
    with pytest.raises(ValueError, match="There is no collection 'edges'"):
        seeded.account("x").add_referrer("edges", {})
