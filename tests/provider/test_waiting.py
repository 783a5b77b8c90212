"""How long calls wait for ngrok: as its limits dictate, and no longer than one call may."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator, RateLimit
from tests.conftest import KEY
from tests.provider.deployment import Deployment, backends


@pytest.mark.parametrize("pause", [{"status": 429, "error_code": 226}, {"status": 503}], ids=["limit", "down"])
def test_no_request_is_sent_once_a_pause_begins(emulator: Emulator, pause: dict[str, Any]) -> None:
    deployment = Deployment(emulator, max_concurrency=1)
    emulator.fault(method="POST", skip=2, headers={"Retry-After": "0.3"}, **pause)
    assert deployment.up(backends(8)) == {}
    deployment.assert_in_step()
    told = next(n for n, request in enumerate(emulator.requests) if request.status in (429, 503))
    # One in flight at a time, so whatever arrives after the response was sent after it.
    assert emulator.requests[told + 1].arrived >= emulator.requests[told].ended + 0.3


def test_a_limit_of_creates_is_waited_for(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", status=400, error_code=5001, headers={"Retry-After": "2"})
    assert deployment.up(backends(1)) == {}
    (line,) = deployment.heard.statuses
    told = r"ngrok's limit of creates in an interval is reached \(ERR_NGROK_5001\): waiting [12] s, then going on"
    assert re.fullmatch(told, line)


def spent(emulator: Emulator) -> float:
    """Seconds from the first request to the end of the last."""
    return max(r.ended for r in emulator.requests) - min(r.arrived for r in emulator.requests)


def dictated(emulator: Emulator, a_window: int, window: float) -> float:
    """Seconds after the first request at which the last one could go, as the rolling limit stood."""
    admitted = sorted(r.arrived for r in emulator.requests if r.status != 429)
    return admitted[-1 - a_window] + window - admitted[0]


@pytest.mark.nightly
@pytest.mark.parametrize(("at_once", "a_minute"), [(3, None), (None, 60), (3, 60)])
def test_three_stacks_at_the_same_time_all_complete(
    emulator: Emulator, at_once: int | None, a_minute: int | None
) -> None:
    window = 6.0
    emulator.set(max_concurrency=at_once, latency=0.02)
    emulator.set(rate_limit=RateLimit(a_minute, window) if a_minute else None)
    settings = {"rate_limit": a_minute or 120, "rate_window": window, "max_wait_seconds": 60, "backoff": 0.1}
    # The stacks create the same contents: on a slow machine, a response that counts as lost would have several matches.
    settings["read_timeout"] = 60
    stacks = [Deployment(emulator, **settings) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        errors = list(pool.map(lambda stack: stack.up(backends(30)), stacks))
    assert errors == [{}, {}, {}]
    ids = [resource.id for stack in stacks for resource in stack.state.values()]
    assert sorted(ids) == sorted(emulator.account(KEY).backends)
    assert len(set(ids)) == 90
    if a_minute:
        assert spent(emulator) <= 1.3 * dictated(emulator, a_minute, window)


# The rolling limit ----------------------------------------------------------------------------------------------------


def test_the_rolling_limit_is_kept_by_pacing(emulator: Emulator) -> None:
    limit, window, count = 60, 3.0, 75
    emulator.set(rate_limit=RateLimit(limit, window))
    deployment = Deployment(emulator, rate_limit=limit, rate_window=window, max_wait_seconds=60)
    assert deployment.up(backends(count)) == {}
    deployment.assert_in_step()
    assert spent(emulator) <= 1.2 * dictated(emulator, limit, window)
    statuses = [request.status for request in emulator.requests]
    assert statuses.count(429) <= 8, "no more than were in flight when the limit was met"
    assert statuses.count(201) == count
    assert any("waiting" in line for line in deployment.heard.statuses)


# How long a call may wait ---------------------------------------------------------------------------------------------


def test_max_wait_seconds_is_for_all_requests_of_a_call(emulator: Emulator) -> None:
    """Each request of the create waits less than the bound; together they would wait more."""
    deployment = Deployment(emulator, max_wait_seconds=0.15)
    emulator.fault(method="POST", status=429, error_code=226, headers={"Retry-After": "0.1"})
    emulator.fault(method="POST", drop="after")
    emulator.fault(method="GET", status=429, error_code=226, headers={"Retry-After": "0.1"})
    (error,) = deployment.up(backends(1)).values()
    assert "but one call may wait at most 0.15 s in all" in error
    assert "may have been created" in error
    assert deployment.calls() == ["POST", "POST", "GET"]


@pytest.mark.parametrize("identical", [True, False])
def test_waits_for_our_own_requests_do_not_count(emulator: Emulator, identical: bool) -> None:
    deployment = Deployment(emulator, max_wait_seconds=0, max_concurrency=1)
    emulator.set(latency=0.02)
    wanted = {name: {} if identical else inputs for name, inputs in backends(8).items()}
    assert deployment.up(wanted) == {}
    assert deployment.refresh() == {}
    assert deployment.destroy() == {}
    assert {request.status for request in emulator.requests} == {200, 201, 204}


def test_max_wait_seconds_of_0_reports_a_limit_at_once(emulator: Emulator) -> None:
    deployment = Deployment(emulator, max_wait_seconds=0)
    emulator.set(max_concurrency=0)
    (error,) = deployment.up(backends(1)).values()
    assert error.startswith(
        "POST /backends/tunnel_group: ngrok's limit of requests at once is reached (ERR_NGROK_225)."
    )
    assert "one call may wait at most 0 s in all" in error
    assert deployment.calls() == ["POST"]
