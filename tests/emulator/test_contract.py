"""The emulator against the API reference, over plain HTTP."""

import re
from datetime import datetime
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.emulator.api import PATH, Api


def test_a_created_backend_has_the_fields_of_the_reference(api: Api, emulator: Emulator) -> None:
    backend = api.create(description="acme", labels={"baz": "qux"}, metadata='{"a": 1}')
    assert re.fullmatch(r"bkdtg_[0-9A-Za-z]{27}", backend["id"])
    assert datetime.fromisoformat(backend["created_at"].replace("Z", "+00:00")).tzinfo is not None
    assert backend == {
        "id": backend["id"],
        "uri": f"{emulator.url}{PATH}/{backend['id']}",
        "created_at": backend["created_at"],
        "description": "acme",
        "metadata": '{"a": 1}',
        "labels": {"baz": "qux"},
        "tunnels": [],
    }
    assert api.get(f"{PATH}/{backend['id']}").json() == backend


def test_patch_leaves_what_is_absent_or_null_and_clears_what_is_empty(api: Api) -> None:
    backend = api.create(description="acme", labels={"baz": "qux"}, metadata="m")
    path = f"{PATH}/{backend['id']}"
    assert api.patch(path, json={"description": "new", "metadata": None}).json() == {**backend, "description": "new"}
    assert api.patch(path, json={}).json() == {**backend, "description": "new"}
    cleared = api.patch(path, json={"description": "", "metadata": "", "labels": {}})
    assert cleared.status_code == 200
    assert cleared.json() == {**backend, "description": "", "metadata": "", "labels": {}}


def test_delete_responds_204_without_a_body_and_then_404(api: Api) -> None:
    path = f"{PATH}/{api.create()['id']}"
    deleted = api.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for response in (api.delete(path), api.get(path), api.patch(path, json={})):
        assert (response.status_code, response.json()["error_code"]) == (404, "ERR_NGROK_6514")


def test_pages_go_from_the_newest_to_the_oldest(api: Api, emulator: Emulator) -> None:
    ids = [api.create()["id"] for _ in range(5)]
    assert ids == sorted(ids)
    seen, uri, pages = [], f"{PATH}?limit=2", 0
    while uri:
        page = api.get(uri).json()
        assert page["uri"] == f"{emulator.url}{PATH}"
        seen += [backend["id"] for backend in page["backends"]]
        uri = (page["next_page_uri"] or "").removeprefix(emulator.url)
        pages += 1
    assert seen == ids[::-1]
    assert pages == 3
    before = api.get(PATH, params={"before_id": ids[2]}).json()
    assert [backend["id"] for backend in before["backends"]] == [ids[1], ids[0]]
    assert before["next_page_uri"] is None


def test_a_page_holds_100_at_most(api: Api) -> None:
    for _ in range(101):
        api.create()
    first = api.get(PATH).json()
    assert len(first["backends"]) == 100
    assert first["next_page_uri"]


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", PATH, {"headers": {"Authorization": None}}, 401, 200),
        ("GET", PATH, {"headers": {"Authorization": "Basic Zm9v"}}, 401, 201),
        ("GET", PATH, {"headers": {"Authorization": "Bearer wrong"}}, 401, 203),
        ("GET", PATH, {"headers": {"Ngrok-Version": None}}, 400, 218),
        ("GET", PATH, {"headers": {"Ngrok-Version": "1"}}, 400, 217),
        ("POST", PATH, {"data": "{}"}, 400, 216),
        ("POST", PATH, {"data": "{}", "headers": {"Content-Type": "text/xml"}}, 415, 210),
        ("POST", PATH, {"data": "{", "headers": {"Content-Type": "application/json"}}, 400, 213),
        ("POST", PATH, {"json": []}, 400, 213),
        ("POST", PATH, {"json": {"name": "x"}}, 400, 214),
        ("POST", PATH, {"json": {"description": 5}}, 400, 215),
        ("POST", PATH, {"json": {"labels": ["a"]}}, 400, 215),
        ("POST", PATH, {"json": {"labels": {"a": 1}}}, 400, 215),
        ("POST", PATH, {"json": {"labels": {"a=b": "c"}}}, 400, 6531),
        ("POST", PATH, {"json": {"labels": {"a": "b=c"}}}, 400, 6531),
        ("POST", PATH, {"json": {"labels": {"": "b"}}}, 400, 6509),
        ("POST", PATH, {"json": {"description": "x" * 256}}, 400, 6503),
        ("POST", PATH, {"json": {"metadata": "x" * 4097}}, 400, 6504),
        ("GET", f"{PATH}?limit=0", {}, 400, 233),
        ("GET", f"{PATH}?limit=101", {}, 400, 233),
        ("GET", f"{PATH}?limit=ten", {}, 400, 244),
        ("GET", f"{PATH}?page=2", {}, 400, 231),
        ("GET", f"{PATH}?limit=1&limit=2", {}, 400, 232),
        ("GET", f"{PATH}?before_id=x", {}, 400, 227),
        ("GET", f"{PATH}/nonsense", {}, 400, 227),
        ("GET", f"{PATH}/bkdhr_2rwwlBV3giwRa5gGhtBlK6AH8q4", {}, 400, 6527),
        ("GET", f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4", {}, 404, 6514),
        ("GET", "/backends", {}, 404, 27204),
        ("GET", "/tunnels?before_id=bkdtg_x", {}, 400, 227),
        ("GET", "/tunnels?limit=101", {}, 400, 233),
        ("GET", "/tunnels/tn_2k5oiRFOzBIVpy6YJd6gXaVQu8r", {}, 404, 333),
        ("POST", "/tunnels", {"json": {}}, 405, 27614),
        ("DELETE", "/tunnels/tn_2k5oiRFOzBIVpy6YJd6gXaVQu8r", {}, 405, 27614),
        ("PUT", PATH, {"json": {}}, 405, 27614),
    ],
)
def test_each_error_is_in_ngroks_format(
    api: Api, method: str, path: str, options: dict[str, Any], status: int, code: int
) -> None:
    response = api.request(method, path, **options)
    body = response.json()
    assert (response.status_code, body["status_code"]) == (status, status)
    assert body["error_code"] == (f"ERR_NGROK_{code}" if code else "")
    assert body["msg"]
    assert body["details"]["operation_id"].startswith("op_")


def test_tunnels_join_every_backend_whose_labels_they_carry(api: Api, emulator: Emulator) -> None:
    web = api.create(labels={"app": "web"})["id"]
    fra = api.create(labels={"app": "web", "dc": "fra"})["id"]
    other = api.create(labels={"app": "Web"})["id"]
    none = api.create()["id"]

    def tunnels(id_: str) -> list[str]:
        return [tunnel["id"] for tunnel in api.get(f"{PATH}/{id_}").json()["tunnels"]]

    wide = api.post("/_emulator/tunnels", json={"labels": {"app": "web", "dc": "fra", "host": "a"}}).json()["id"]
    narrow = api.post("/_emulator/tunnels", json={"labels": {"app": "web"}}).json()["id"]
    assert (tunnels(web), tunnels(fra), tunnels(other), tunnels(none)) == ([wide, narrow], [wide], [], [])
    assert api.delete(f"/_emulator/tunnels/{wide}").status_code == 204
    assert api.delete(f"/_emulator/tunnels/{wide}").status_code == 404
    assert (tunnels(web), tunnels(fra)) == ([narrow], [])
    # The control path is no part of what ngrok sees.
    assert all(request.path.startswith(PATH) for request in emulator.requests)


def test_the_tunnels_online_are_as_the_reference_shows_them(api: Api, emulator: Emulator) -> None:
    web = api.create(labels={"app": "web"})["id"]
    told = api.post("/_emulator/tunnels", json={"labels": {"app": "web", "host": "a"}, "forwards_to": "localhost:8080"})
    id_ = told.json()["id"]
    assert re.fullmatch(r"tn_[0-9A-Za-z]{27}", id_)
    tunnel = api.get(f"/tunnels/{id_}").json()
    session = tunnel["tunnel_session"]["id"]
    assert re.fullmatch(r"ts_[0-9A-Za-z]{27}", session)
    assert datetime.fromisoformat(tunnel["started_at"].replace("Z", "+00:00")).tzinfo is not None
    assert tunnel == {
        "id": id_,
        "started_at": tunnel["started_at"],
        "region": "us",
        "tunnel_session": {"id": session, "uri": f"{emulator.url}/tunnel_sessions/{session}"},
        "labels": {"app": "web", "host": "a"},
        "backends": [{"id": web, "uri": f"{emulator.url}{PATH}/{web}"}],
        "forwards_to": "localhost:8080",
    }
    page = api.get("/tunnels").json()
    assert page == {"tunnels": [tunnel], "uri": f"{emulator.url}/tunnels", "next_page_uri": None}
    # The reference leaves out what is empty.
    emulator.account(KEY).connect_tunnel({"app": "other"})
    emulator.account(KEY).connect_tunnel({})
    assert [sorted(tunnel.keys() & {"labels", "backends"}) for tunnel in api.get("/tunnels").json()["tunnels"]] == [
        [],
        ["labels"],
        ["backends", "labels"],
    ]


def test_tunnels_come_in_pages_too(api: Api, emulator: Emulator) -> None:
    ids = [emulator.account(KEY).connect_tunnel({"n": str(n)}) for n in range(5)]
    seen, uri = [], "/tunnels?limit=2"
    while uri:
        page = api.get(uri).json()
        seen.append([tunnel["id"] for tunnel in page["tunnels"]])
        uri = (page["next_page_uri"] or "").removeprefix(emulator.url)
    assert seen == [ids[4:2:-1], ids[2:0:-1], ids[:1]]
    emulator.fault(path="/tunnels", hide=(ids[2],))
    assert [tunnel["id"] for tunnel in api.get("/tunnels").json()["tunnels"]] == [ids[4], ids[3], ids[1], ids[0]]
