"""The control path, and what the same does from Python: settings, limits, faults and tunnels."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from pulumi_ngrok_tg.emulator import Emulator, RateLimit, Settings
from tests.conftest import KEY
from tests.emulator.api import PATH, Api, refusal_of

# Settings and limits --------------------------------------------------------------------------------------------------


def test_settings_are_shown_and_changed_one_by_one(api: Api, emulator: Emulator) -> None:
    limit = {"requests": 2, "seconds": 60, "retry_after": "7"}
    assert api.patch("/_emulator/settings", json={"rate_limit": limit, "latency": 0.01}).status_code == 204
    assert api.patch("/_emulator/settings", json={"latency": 0}).status_code == 204
    assert emulator.settings == Settings(rate_limit=RateLimit(2, 60, "7"))
    assert api.get("/_emulator/settings").json() == {
        "latency": 0.0,
        "max_concurrency": None,
        "rate_limit": {**limit, "seconds": 60.0},
        "references_error": None,
        "max_labels": None,
        "max_label_key": None,
        "max_label_value": None,
    }


def test_limits_respond_with_ngroks_codes(api: Api, emulator: Emulator) -> None:
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


def test_a_rejected_request_takes_no_place() -> None:
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


def test_hang_delays_the_response_to_a_handled_request(api: Api, emulator: Emulator) -> None:
    emulator.fault(hang=0.2)
    assert api.post(PATH, json={}).status_code == 201
    (request,) = emulator.requests
    assert request.ended - request.arrived >= 0.2


def test_a_changed_limit_starts_afresh(api: Api, emulator: Emulator) -> None:
    emulator.set(rate_limit=RateLimit(1, 60))
    assert [api.get(PATH).status_code for _ in range(2)] == [200, 429]
    emulator.set(latency=0.001)
    assert api.get(PATH).status_code == 429
    emulator.set(rate_limit=RateLimit(1, 60))
    assert [api.get(PATH).status_code for _ in range(2)] == [200, 429]


def test_a_request_that_fails_gives_its_place_back(api: Api, emulator: Emulator) -> None:
    emulator.set(max_concurrency=1)
    for what in ({"status": 500}, {"drop": "after"}, {"truncate": True}, {"fields": {"id": None}}):
        emulator.fault(**what)
        try:
            api.get(PATH)
        except requests.RequestException:
            pass
        assert api.get(PATH).status_code == 200


# Faults ---------------------------------------------------------------------------------------------------------------


def test_faults_meet_the_requests_that_match(api: Api, emulator: Emulator) -> None:
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


# Tunnels --------------------------------------------------------------------------------------------------------------


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
