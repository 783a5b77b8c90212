"""Changes while ngrok does not list the tunnels, or lists them too slowly."""

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator, RateLimit
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.traffic import Refused
from tests.conftest import KEY
from tests.provider.deployment import Deployment
from tests.provider.hostile import HostileServer
from tests.provider.traffic import CREATED, HOST_A, NEW, WEB, change, diff, start, take_lines, take_paths

WITHDRAWN: dict[str, Any] = {"status": 404, "error_code": 7008}
REFUSALS: list[dict[str, Any]] = [
    {"status": 403, "error_code": 205},
    WITHDRAWN,
    {"status": 404, "error_code": 6514},
    {"status": 404, "body": "<html>"},
    {"status": 401, "error_code": 203},
    {"status": 429},
    {"status": 429, "error_code": 225},
    {"status": 429, "error_code": 226, "headers": {"Retry-After": "3600"}},
    {"status": 429, "headers": {"Retry-After": "3600"}},
    {"status": 503, "headers": {"Retry-After": "3600"}},
    {"status": 503},
    {"drop": "before"},
    {"truncate": True},
    {"body": "[]"},
    {"body": '{"tunnels": [{}]}'},
]
THREE = [{"id": f"tn_{n}"} for n in range(3)]


@pytest.mark.parametrize("fault", REFUSALS, ids=str)
def test_a_failed_list_reports_the_states_count_and_the_change_goes_on(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, fault: dict[str, Any]
) -> None:
    emulator.fault(path="/tunnels", times=None, **fault)
    provider = start(deployment)
    for _ in range(3):
        diff(provider, web, {"labels": NEW}, tunnels=THREE)
    warnings, infos = take_lines(deployment)
    assert len(set(warnings)) == 1
    assert warnings[0].startswith(
        "3 tunnels were online when it was last read; ngrok did not say which of them match the new labels (GET "
    )
    assert infos == []
    diff(provider, web, {"labels": NEW}, tunnels=[])
    diff(provider, web, {"labels": NEW}, tunnels=None)
    _, infos = take_lines(deployment)
    assert infos[0].startswith("no tunnel was online when it was last read; ngrok did not say whether one is now (GET ")
    assert infos[1].startswith("ngrok did not say how many tunnels are online (GET ")
    # ngrok's own error may mean that it lists no tunnels any more, so they are fetched by their ids, once.
    fetched = [f"GET /tunnels/tn_{n}" for n in range(3)] if "error_code" in fault and fault["status"] != 429 else []
    assert take_paths(emulator) == ["GET /tunnels", *fetched]

    # What /tunnels says of limits and waits is not heeded elsewhere.
    provider.update(web.id, {**CREATED, "labels": WEB}, {"labels": NEW})
    provider.create({"labels": WEB})
    assert take_paths(emulator) == [f"PATCH /backends/tunnel_group/{web.id}", "POST /backends/tunnel_group"]
    assert deployment.heard.statuses == []


def test_no_warning_when_new_labels_are_a_subset(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(path="/tunnels", times=None, **WITHDRAWN)
    web.labels = HOST_A
    for mode in ("warn", "refuse"):
        change(deployment, web, WEB, mode, tunnels=THREE)
    assert take_lines(deployment) == ([], [])
    change(deployment, web, {}, tunnels=THREE)
    (line,), _ = take_lines(deployment)
    assert "stops traffic to all online tunnels: 3 tunnels were online when it was last read" in line


def find_tunnels(emulator: Emulator) -> list[str]:
    return [*emulator.account(KEY).tunnels]


def test_refuse_counts_the_backends_own_tunnels_if_the_list_fails(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(path="/tunnels", times=None, **WITHDRAWN)
    for id_ in find_tunnels(emulator):
        emulator.fault(path=f"/tunnels/{id_}", times=None, **WITHDRAWN)
    told = (
        r"2 tunnels were online when it was last read; ngrok did not say which of them "
        r"match the new labels .*\(GET /tunnels: ngrok says"
    )
    with pytest.raises(Refused, match=told):
        change(deployment, web, NEW, "refuse")
    # Somebody has made the change already, behind the stack's back.
    diff(start(deployment, "refuse"), web, {"labels": WEB}, labels=NEW)
    emulator.account(KEY).tunnels.clear()
    change(deployment, web, NEW, "refuse")
    emulator.fault(times=None, status=404, body="<html>")
    with pytest.raises(Refused, match="ngrok did not say how many tunnels are online"):
        change(deployment, web, NEW, "refuse")


def test_refuse_waits_for_a_limit(emulator: Emulator, deployment: Deployment, web: EmulatedBackend) -> None:
    emulator.set(rate_limit=RateLimit(2, 0.5))
    emulator.fault(path="/tunnels", times=2, status=429, error_code=225)
    web.labels = HOST_A
    change(deployment, web, WEB, "refuse")
    _, (info,) = take_lines(deployment)
    assert info.startswith("adds 1 online tunnel")


def test_a_failed_list_is_requested_once(emulator: Emulator, deployment: Deployment, web: EmulatedBackend) -> None:
    emulator.fault(path="/tunnels", times=None, status=503)
    provider = start(deployment, "refuse")
    for _ in range(3):
        with pytest.raises(Refused):
            diff(provider, web, {"labels": NEW})
    assert take_paths(emulator).count("GET /tunnels") == 5, "all attempts, once"


def test_an_advisory_list_respects_limits(emulator: Emulator, deployment: Deployment, web: EmulatedBackend) -> None:
    hasty = Deployment(emulator, snapshot_seconds=0.2, max_concurrency=1)
    provider = start(hasty)
    emulator.fault(method="GET", path=web.id, hang=0.3)
    emulator.set(latency=0.05)
    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(provider.read, web.id, {})
        diff(provider, web, {"labels": NEW})
        reading.result()
    assert emulator.peak == 1
    emulator.set(latency=0)

    provider = start(hasty)
    emulator.fault(method="GET", path=web.id, status=429, error_code=226, headers={"Retry-After": "3600"})
    with pytest.raises(ProviderError, match="one call may wait at most 10 s"):
        provider.read(web.id, {})
    take_lines(hasty)
    diff(provider, web, {"labels": NEW})
    _, (line,) = take_lines(hasty)
    assert line.endswith("but one call may wait at most 0.2 s in all)")


def test_a_slow_list_is_requested_once(deployment: Deployment, web: EmulatedBackend) -> None:
    with HostileServer(lambda _method, _path: repeat(b"")) as server:
        slow = Deployment(deployment.emulator, server.url, snapshot_seconds=0.4, read_timeout=30)
        provider = start(slow)
        for _ in range(3):
            diff(provider, web, {"labels": NEW})
        assert [" within 0.4 s" in line for line in slow.heard.infos] == [True] * 3
        assert server.requests == ["GET /tunnels?limit=100"]


@pytest.mark.parametrize("mode", [None, "refuse"])
def test_a_missing_key_of_the_old_account_is_reported(
    deployment: Deployment, web: EmulatedBackend, mode: str | None
) -> None:
    try:
        diff(start(deployment, mode), web, {"labels": WEB}, account="eu", tunnels=THREE)
        (line,), _ = take_lines(deployment)
    except Refused as refused:
        line = str(refused)
    assert "No ngrok API key is configured for the account 'eu'" in line
