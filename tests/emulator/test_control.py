"""The control path, and what the same does from Python: settings, limits, faults, tunnels and the log."""

import re
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from pulumi_ngrok_tg.emulator import Emulator, RateLimit, Request, Settings
from pulumi_ngrok_tg.emulator.control import PATHS, PREFIX
from pulumi_ngrok_tg.emulator.log import Log
from tests.conftest import KEY
from tests.emulator.api import PATH, Api

JSON = {"Content-Type": "application/json"}


def refusal_of(response: requests.Response) -> tuple[int, str]:
    body = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert body.keys() == {"error"}
    assert "\n" not in body["error"]
    return response.status_code, body["error"]


# Settings and limits -------------------------------------------------------------------------------------------------


def test_settings_are_shown_and_changed_one_by_one(api: Api, emulator: Emulator) -> None:
    limit = {"requests": 2, "seconds": 60, "retry_after": "7"}
    assert api.patch("/_emulator/settings", json={"rate_limit": limit, "latency": 0.01}).status_code == 204
    assert api.patch("/_emulator/settings", json={"latency": 0}).status_code == 204
    assert emulator.settings == Settings(rate_limit=RateLimit(2, 60, "7"))
    assert api.get("/_emulator/settings").json() == {
        "latency": 0.0,
        "max_concurrency": None,
        "rate_limit": {**limit, "seconds": 60.0},
        "max_labels": None,
        "max_label_key": None,
        "max_label_value": None,
    }


def test_limits_refuse_with_ngroks_codes(api: Api, emulator: Emulator) -> None:
    emulator.set(rate_limit=RateLimit(2, 60, "7"))
    answers = [api.get(PATH) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error_code"] == "ERR_NGROK_226"
    assert answers[2].json()["msg"] == "Your account is rate limited to 2 API requests per 60s."
    assert answers[2].headers["Retry-After"] == "7"
    emulator.set(rate_limit=None, max_concurrency=0)
    refused = api.get(PATH)
    assert (refused.status_code, refused.json()["error_code"]) == (429, "ERR_NGROK_225")
    assert refused.json()["msg"] == "Your account is limited to 0 simultaneous API requests."


def test_a_rate_limit_is_an_accounts_own_and_rolls() -> None:
    with Emulator() as emulator, Api(emulator.url, "a") as a, Api(emulator.url, "b") as b:
        emulator.set(rate_limit=RateLimit(2, 1.0, "9"))
        began = time.monotonic()
        assert [a.get(PATH).status_code for _ in range(2)] == [200, 200]
        assert b.get(PATH).status_code == 200
        refused = a.get(PATH)
        assert refused.json()["msg"] == "Your account is rate limited to 2 API requests per 1s."
        assert refused.headers["Retry-After"] == "9"
        while a.get(PATH).status_code == 429:  # which does not count
            pass
        assert 1.0 <= time.monotonic() - began < 1.9


def test_what_is_refused_or_unlimited_takes_no_place() -> None:
    emulator = Emulator(api_keys=(KEY,))
    emulator.start()
    emulator.set(max_concurrency=1)
    emulator.fault(method="POST", stall=600)
    with Api(emulator.url) as slow, Api(emulator.url) as api, ThreadPoolExecutor(1) as pool:
        stalled = pool.submit(slow.post, PATH, json={})
        while emulator.peak == 0:  # until it has its place
            pass
        assert [api.get(PATH).status_code for _ in range(3)] == [429] * 3
        assert emulator.account(KEY).backends == {}, "a stalled request is not handled yet"
        emulator.set(max_concurrency=None)
        assert [api.get(PATH).status_code for _ in range(3)] == [200] * 3
        emulator.set(max_concurrency=2)
        assert [api.get(PATH).status_code for _ in range(3)] == [200] * 3
        emulator.stop()
        assert stalled.result(timeout=10).status_code == 201


def test_a_changed_limit_starts_afresh(api: Api, emulator: Emulator) -> None:
    emulator.set(rate_limit=RateLimit(1, 60))
    assert [api.get(PATH).status_code for _ in range(2)] == [200, 429]
    emulator.set(latency=0.001)
    assert api.get(PATH).status_code == 429
    emulator.set(rate_limit=RateLimit(1, 60))
    assert [api.get(PATH).status_code for _ in range(2)] == [200, 429]


def test_a_request_that_fails_gives_its_place_back(api: Api, emulator: Emulator) -> None:
    emulator.set(max_concurrency=1)
    for what in ({"status": 500}, {"drop": "after"}, {"truncate": True}, {"body": "\ud800"}, {"fields": {"id": None}}):
        emulator.fault(**what)
        try:
            api.get(PATH)
        except requests.RequestException:
            pass
        assert api.get(PATH).status_code == 200


# Faults --------------------------------------------------------------------------------------------------------------


def test_faults_befall_the_requests_they_are_for(api: Api, emulator: Emulator) -> None:
    def fault(**what: Any) -> None:
        assert api.post("/_emulator/faults", json=what).status_code == 204

    fault(method="POST", status=503, skip=1)
    api.create()
    assert api.post(PATH, json={}).status_code == 503
    api.create()
    for drop, kept in (("before", 2), ("after", 3)):
        fault(method="POST", drop=drop)
        with pytest.raises(requests.ConnectionError):
            api.post(PATH, json={})
        assert len(emulator.account(KEY).backends) == kept
    fault(method="POST", status=502, handled=True)
    assert api.post(PATH, json={}).status_code == 502
    assert len(emulator.account(KEY).backends) == 4
    fault(truncate=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.get(PATH)
    fault(body="<html>", headers={"X-Proxy": "yes", "content-type": "text/html"})
    changed = api.get(PATH)
    assert (changed.text, changed.headers["X-Proxy"], changed.headers["Content-Type"]) == ("<html>", "yes", "text/html")
    fault(status=204)
    assert (api.get(PATH).status_code, api.get(PATH).status_code) == (204, 200)
    fault(times=3, status=500, error_code=9, message="No.")
    fault(path="/tunnel", status=500)
    answers = [api.get(PATH) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [500, 500, 500, 200]
    assert (answers[0].json()["error_code"], answers[0].json()["msg"]) == ("ERR_NGROK_9", "No.")
    fault(status=304)
    assert (api.get(PATH).status_code, api.get("/tunnels").status_code) == (304, 200)
    fault(times=None, status=500)
    assert [api.get(PATH).status_code for _ in range(3)] == [500] * 3
    assert api.delete("/_emulator/faults").status_code == 204
    assert api.get(PATH).status_code == 200


@pytest.mark.parametrize("fields", [{"tunnels": None}, {"backends": {}}, {"next_page_uri": 5}])
def test_fields_go_over_those_of_a_response_whatever_they_are(
    api: Api, emulator: Emulator, fields: dict[str, Any]
) -> None:
    for path in (PATH, "/tunnels"):
        plain = api.get(path).json()
        emulator.fault(path=path, fields=fields, hide=("bkdtg_x",))
        assert api.get(path).json() == {**plain, **fields}


# Tunnels -------------------------------------------------------------------------------------------------------------


def test_tunnels_come_and_go(api: Api, emulator: Emulator) -> None:
    told = api.post("/_emulator/tunnels", json={"labels": {"app": "web"}})
    assert told.status_code == 201
    (tunnel,) = emulator.account(KEY).tunnels.values()
    assert (told.json(), tunnel.labels, tunnel.forwards_to) == (
        {"id": tunnel.id},
        {"app": "web"},
        "http://localhost:80",
    )
    assert api.delete(f"/_emulator/tunnels/{tunnel.id}").status_code == 204
    assert emulator.account(KEY).tunnels == {}
    gone = refusal_of(api.delete(f"/_emulator/tunnels/{tunnel.id}"))
    assert gone == (404, f"There is no tunnel {tunnel.id}.")
    other = emulator.account("another-key").connect_tunnel({})
    assert api.delete(f"/_emulator/tunnels/{other}").status_code == 404
    assert list(emulator.account("another-key").tunnels) == [other]
    with Api(emulator.url, "wrong") as stranger:
        status, error = refusal_of(stranger.post("/_emulator/tunnels", json={"labels": {}}))
    assert (status, error.startswith("The API authentication you specified")) == (401, True)


# What is not understood ----------------------------------------------------------------------------------------------

MISTAKES = [
    ("PATCH", "settings", {"latency": "abc"}, "Expected `float`, got `str` - at `$.latency`"),
    ("PATCH", "settings", {"latency": -1}, "Expected `float` >= 0.0 - at `$.latency`"),
    ("PATCH", "settings", {"latency": 1e9}, "Expected `float` <= 86400.0 - at `$.latency`"),
    ("PATCH", "settings", {"latency": None}, "Expected `float`, got `null` - at `$.latency`"),
    ("PATCH", "settings", {"latencyy": 5}, "Object contains unknown field `latencyy`"),
    ("PATCH", "settings", {"max_concurrency": 1.5}, "Expected `int | null`, got `float` - at `$.max_concurrency`"),
    (
        "PATCH",
        "settings",
        {"rate_limit": {"request": 5}},
        "Object contains unknown field `request` - at `$.rate_limit`",
    ),
    ("PATCH", "settings", {"rate_limit": {"retry_after": "7\n"}}, "Expected `str` matching regex"),
    ("PATCH", "settings", {"rate_limit": 5}, "Expected `object | null`, got `int` - at `$.rate_limit`"),
    ("PATCH", "settings", {"max_labels": True}, "Expected `int | null`, got `bool` - at `$.max_labels`"),
    ("PATCH", "settings", [], "Expected `object`, got `array`"),
    ("POST", "faults", {"times": "3"}, "Expected `int | null`, got `str` - at `$.times`"),
    ("POST", "faults", {"method": "BREW"}, "Invalid enum value 'BREW' - at `$.method`"),
    ("POST", "faults", {"drop": "sometimes"}, "Invalid enum value 'sometimes' - at `$.drop`"),
    ("POST", "faults", {"status": 42}, "Expected `int` >= 200 - at `$.status`"),
    ("POST", "faults", {"status": 600}, "Expected `int` <= 599 - at `$.status`"),
    ("POST", "faults", {"skip": None}, "Expected `int`, got `null` - at `$.skip`"),
    ("POST", "faults", {"handled": True}, "`handled`, `error_code` and `message` need a `status`"),
    ("POST", "faults", {"truncate": True, "drop": "after"}, "`truncate` and `drop` exclude each other"),
    ("POST", "faults", {"headers": {"A": "b\r\nC: d"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"content-length": "0"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"Transfer-Encoding": "chunked"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"A": "b\n"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"A\n": "b"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"A": "é"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"skip": -1}, "Expected `int` >= 0 - at `$.skip`"),
    ("POST", "faults", {"status": 500, "error_code": 0}, "Expected `int` >= 1 - at `$.error_code`"),
    ("POST", "faults", {"error_code": 5}, "`handled`, `error_code` and `message` need a `status`"),
    ("POST", "faults", {"message": ""}, "`handled`, `error_code` and `message` need a `status`"),
    ("POST", "faults", {"drop": "before", "status": 500}, "with `drop` before there is no response that could have"),
    ("POST", "faults", {"drop": "after", "status": 500}, "with `drop` after there is no response that could have"),
    ("POST", "faults", {"hide": "bkdtg_x"}, "Expected `array`, got `str` - at `$.hide`"),
    ("POST", "faults", [], "Expected `object`, got `array`"),
    ("POST", "tunnels", {}, "Object missing required field `labels`"),
    ("POST", "tunnels", {"labels": {"a": 1}}, "Expected `str`, got `int` - at `$.labels[...]`"),
    ("POST", "tunnels", {"labels": {}, "forwards": "x"}, "Object contains unknown field `forwards`"),
]


@pytest.mark.parametrize(("method", "path", "body", "what"), MISTAKES)
def test_what_is_not_understood_is_named_and_nothing_is_applied(
    api: Api, emulator: Emulator, method: str, path: str, body: Any, what: str
) -> None:
    status, error = refusal_of(api.request(method, f"/_emulator/{path}", json=body))
    assert status == 400
    assert error.startswith(f"The body is not what it has to be: {what}")
    if isinstance(body, dict):  # nor in part
        good = {"settings": {"latency": 0.5}, "faults": {"body": "x"}, "tunnels": {}}[path]
        assert api.request(method, f"/_emulator/{path}", json={**good, **body}).status_code == 400
    assert (emulator.settings, emulator.faults, emulator.account(KEY).tunnels) == (Settings(), [], {})


@pytest.mark.parametrize(("method", "path", "body", "what"), [m for m in MISTAKES if m[1] != "tunnels" and m[2] != []])
def test_python_is_told_the_same(emulator: Emulator, method: str, path: str, body: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(what)}"):
        (emulator.set if path == "settings" else emulator.fault)(**body)
    assert (emulator.settings, emulator.faults) == (Settings(), [])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "Input data was truncated"),
        (b"[" * 5000, "Expected `object`, got `array`"),
        (b"\xff", "JSON is malformed"),
        (b'{"fields":{"a":' + b"[" * 5000, ""),
    ],
)
def test_a_body_that_is_no_json_is_refused(api: Api, body: bytes, what: str) -> None:
    for method, path in (("PATCH", "settings"), ("POST", "faults"), ("POST", "tunnels")):
        status, error = refusal_of(api.request(method, f"/_emulator/{path}", data=body, headers=JSON))
        assert status == 400
        assert what in error


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "what"),
    [
        ("POST", "/_emulator/fault", {"json": {}}, 404, "There is no /_emulator/fault to control. There are: "),
        ("GET", "/_emulator", {}, 404, "There is no /_emulator to control. There are: /_emulator/settings, "),
        ("GET", "/_emulator/tunnels/a/b", {}, 404, "There is no /_emulator/tunnels/a/b to control."),
        ("GET", "/_emulator/x%0Ay", {}, 404, "There is no /_emulator/x%0Ay to control."),
        ("PUT", "/_emulator/settings", {"json": {}}, 405, "/_emulator/settings takes GET and PATCH, not PUT."),
        ("PATCH", "/_emulator/settings", {"data": "{}"}, 415, "The Content-Type has to be application/json."),
        ("POST", "/_emulator/tunnels", {"data": '{"labels": {}}'}, 415, "The Content-Type has to be application/json."),
        ("DELETE", "/_emulator/faults", {"data": b" " * (8 * 2**20 + 1)}, 400, "The body did not arrive whole, or is"),
        ("POST", "/_emulator/faults", {"data": "{}"}, 415, "The Content-Type has to be application/json."),
        (
            "POST",
            "/_emulator/faults",
            {"data": "{}", "headers": {"Content-Type": "text/plain"}},
            415,
            "The Content-Type has to be application/json.",
        ),
        (
            "POST",
            "/_emulator/faults",
            {"data": b" " * (8 * 2**20 + 1), "headers": JSON},
            400,
            "The body did not arrive whole, or is larger than 8 MiB.",
        ),
    ],
)
def test_a_mistyped_control_path_is_no_api_call(
    api: Api, emulator: Emulator, method: str, path: str, options: dict[str, Any], status: int, what: str
) -> None:
    emulator.fault(times=None, status=500)
    refused = api.request(method, path, **options)
    got, error = refusal_of(refused)
    assert got == status
    assert error.startswith(what)
    assert refused.headers.get("Allow") == ("GET, PATCH" if status == 405 else None)
    assert emulator.requests == []
    assert len(emulator.faults) == 1


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "10.0.0.1", "127.0.0.1:x", ""]
)
def test_a_web_page_that_renames_this_address_controls_nothing(api: Api, emulator: Emulator, host: str) -> None:
    api.create()
    paths = {f"{PREFIX}{path}": list(methods) for path, methods in PATHS.items()}
    for path, methods in {**paths, "/_emulator/nothing": ["GET"], PATH: ["GET", "POST"]}.items():
        for method in methods:
            refused = api.request(method, path, json={"labels": {}}, headers={"Host": host})
            told = "Not taken: the Host header has to name this machine, such as 127.0.0.1."
            assert (refused.status_code, refused.json()["msg"]) == (403, told)
    assert (emulator.faults, emulator.account(KEY).tunnels, len(emulator.requests)) == ([], {}, 1)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4041", "127.0.0.1", "[::1]:80"])
def test_this_machine_has_more_than_one_name(api: Api, host: str) -> None:
    assert api.get("/_emulator/settings", headers={"Host": host}).status_code == 200


# The log -------------------------------------------------------------------------------------------------------------


def test_the_log_tells_what_arrived_and_no_key(api: Api, emulator: Emulator) -> None:
    api.create(labels={"app": "web"})
    api.get(f"{PATH}?limit=5")
    log = api.get("/_emulator/requests").json()
    assert [entry.keys() for entry in log] == [{"method", "path", "query", "status", "arrived", "ended"}] * 2
    assert [entry["arrived"] <= entry["ended"] for entry in log] == [True] * 2
    assert log[1].items() >= {"method": "GET", "path": PATH, "query": "limit=5", "status": 200}.items()
    assert KEY not in str(log)
    first, second = emulator.requests
    assert (first.body, first.headers["Authorization"]) == ({"labels": {"app": "web"}}, f"Bearer {KEY}")
    assert (second.body, second.content) == (None, b"")
    assert emulator.requests[-1:] == [second]
    assert api.delete("/_emulator/requests").status_code == 204
    assert len(emulator.requests) == 0


def logged(content: bytes | None = b"", query: str = "", headers: int = 0) -> Request:
    return Request("GET", PATH, query, {"X": "x" * headers}, content, 200, 0.0, 0.0)


@pytest.mark.parametrize(
    ("request_", "added", "kept"),
    [
        (logged(), 70_000, range(60_000, 2**16)),
        (logged(b"x" * 2**15), 3000, range(1800, 2000)),
        (logged(query="x" * 2**15), 3000, range(1800, 2000)),
        (logged(headers=2**15), 3000, range(1800, 2000)),
    ],
    ids=["without a body", "bodies", "queries", "headers"],
)
def test_the_log_forgets_the_oldest_and_counts_anew_once_cleared(request_: Request, added: int, kept: range) -> None:
    log = Log()
    for _ in range(2):
        for _ in range(added):
            log.add(request_)
        assert len(log) in kept
        log.clear()
    log.add(logged(b"x" * (2**16 + 1)))
    log.add(logged(b"[" * 100_000))
    log.add(logged(b"[" * 5000))
    assert [(one.content is None, one.body) for one in log] == [(True, None), (True, None), (False, None)]


def test_the_log_tells_when_a_request_arrived(api: Api, emulator: Emulator) -> None:
    emulator.set(latency=0.05)
    api.get(PATH)
    (request,) = emulator.requests
    assert request.ended - request.arrived >= 0.05


def test_the_log_is_bounded_and_clearing_frees(emulator: Emulator) -> None:
    with Api(emulator.url, "wrong") as stranger:
        stranger.post(PATH, data=b"x" * 1000, headers=JSON)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            assert stranger.post(PATH, data=b"x" * 10 * 2**20, headers=JSON).status_code == 401
        assert tracemalloc.get_traced_memory()[0] - before < 2**20
        assert [request.content for request in emulator.requests] == [b"x" * 1000, *[None] * 20]
        for _ in range(1100):  # of 64 KiB each: more than the log keeps
            stranger.post(PATH, data=b"x" * 2**16, headers=JSON)
        held = tracemalloc.get_traced_memory()[0] - before
        assert 2**25 < held < 2**27
        assert 900 < len(emulator.requests) < 1100, "the newest are kept"
        emulator.requests.clear()
        assert tracemalloc.get_traced_memory()[0] - before < 2**21
        tracemalloc.stop()
