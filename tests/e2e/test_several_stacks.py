"""Three stacks that go up at the same time in one account, under ngrok's limits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_ngrok_tg.emulator import Emulator, RateLimit, Request
from tests.conftest import KEY
from tests.e2e.stack import Stack

pytestmark = pytest.mark.nightly

SIZE = 50


def go_up_together(new_stack: Callable[..., Stack], emulator: Emulator) -> list[Request]:
    """All complete, and the account holds what the states hold; returns the creates."""
    stacks = [
        new_stack(
            "".join(f'TunnelGroupBackend("b{n}", labels={{"of": "{name}", "n": "{n}"}})\n' for n in range(SIZE)), name
        )
        for name in ("one", "two", "three")
    ]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(Stack.up, stacks))
    ids = [resource["id"] for stack in stacks for resource in stack.resources()]
    assert len(set(ids)) == 3 * SIZE
    assert sorted(ids) == sorted(emulator.account(KEY).backends)
    return [request for request in emulator.requests if request.method == "POST"]


def test_three_stacks_complete_under_a_limit_of_requests_a_minute(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    emulator.set(rate_limit=RateLimit())  # 120 in a rolling minute, no Retry-After
    creates = go_up_together(new_stack, emulator)
    admitted = sorted(request.arrived for request in creates if request.status == 201)
    dictated = admitted[-1 - 120] + 60 - admitted[0]
    assert admitted[-1] - admitted[0] <= 1.3 * dictated
    assert [request.status for request in creates].count(429) <= 120


def test_three_stacks_complete_under_a_limit_of_requests_at_once(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    emulator.set(max_concurrency=3, latency=0.3)
    creates = go_up_together(new_stack, emulator)
    admitted = sorted(request.arrived for request in creates if request.status == 201)
    dictated = len(admitted) / 3 * emulator.settings.latency
    # A stack keeps to the few requests in flight that it has learned, also when the others have ended.
    assert admitted[-1] - admitted[0] <= 2.5 * dictated
    assert [request.status for request in creates].count(429) <= 120
    assert emulator.peak == 3
