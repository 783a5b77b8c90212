"""ngrok's limits: met seldom, kept from then on, and no slower than they dictate; alone and with other stacks."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.errors import ConnectionFailed, NgrokError, NotFound, ServerError
from pulumi_ngrok_tg.api.limits import (
    AT_ONCE,
    CREATES,
    REQUESTS,
    Limits,
    Wait,
)
from pulumi_ngrok_tg.api.settings import AccountSettings
from tests.api.limited import SETTINGS, limited, limits, send
from tests.api.simulation import Account, dictated, run

# With other stacks of the account ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "sizes", "starts"),
    [
        pytest.param({"at_once": 3, "latency": 0.05}, [60], None, id="60 at 3 at once"),
        pytest.param({"at_once": 3, "latency": 0.05}, [2000], None, id="2000 at 3 at once"),
        pytest.param({"at_once": 4}, [100] * 3, None, id="three stacks at 4 at once"),
        pytest.param({"at_once": 3}, [100] * 3, None, id="three stacks at 3 at once"),
        pytest.param({"at_once": 2}, [100] * 3, None, id="three stacks at 2 at once"),
        pytest.param({"at_once": 1}, [100] * 3, None, id="three stacks one at a time"),
        pytest.param({"a_minute": 120}, [150], None, id="150 at 120 a minute"),
        pytest.param({"a_minute": 120}, [50] * 3, None, id="three stacks at 120 a minute"),
        pytest.param({"a_minute": 120, "at_once": 3}, [100] * 3, None, id="three stacks under both limits"),
        pytest.param({"a_minute": 120}, [40, 40, 160], None, id="a large stack beside two small ones"),
        pytest.param({"a_minute": 120}, [80, 80, 80], [0, 3, 9], id="one after the other"),
    ],
)
def test_several_stacks_take_little_longer_than_the_limits_require(
    account: dict[str, float], sizes: list[int], starts: list[float] | None
) -> None:
    times, refused = [], []
    for seed in range(15):
        world = Account(**account)  # type: ignore[arg-type]
        times.append(run(world, sizes, starts, seed))
        refused.append(world.limited)
    # After ERR_NGROK_225 a stack has fewer requests in flight until it ends, also when the others have ended.
    longer = 1.5 if "at_once" in account else 1
    assert statistics.median(times) <= 1.2 * longer * dictated(Account(**account), sizes)  # type: ignore[arg-type]
    assert max(times) <= 1.5 * longer * dictated(Account(**account), sizes)  # type: ignore[arg-type]
    assert max(refused) <= 10 + sum(sizes) / 2, "waiting, not hammering"


def test_a_stack_alone_meets_the_rolling_limit_once() -> None:
    world = Account(a_minute=120)
    assert run(world, [500]) <= 1.02 * dictated(world, [500])
    assert world.limited <= 8, "what was in flight when the limit was met"


# The rolling limit ---------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.lists(st.sampled_from([0.0, 0.1, 5.0, 25.0, 61.0]), min_size=1, max_size=40))
def test_the_rolling_limit_is_met_once_and_costs_only_its_own_time(limit: int, pauses: list[float]) -> None:
    """One request at a time, by a client that has been told the limit but heeds it only once it was enforced."""
    known = Limits(AccountSettings("key", backoff=0.001, rate_limit=limit), jitter=lambda: 1.0)
    world = Account(a_minute=limit, latency=0.0)
    now = ideal = 1000.0
    accepted: list[float] = []
    for pause in pauses:
        now += pause
        while True:
            while (wait := known.wait(now, creates=False)) is not None:
                assert wait.seconds
                now += wait.seconds
            ticket = known.begin(creates=False)
            error = world.admit(now)
            known.end(ticket, now, error)
            if error is None:
                world.in_flight -= 1
                break
        # The ideal: the same program, going on in the very moment at which the server would accept.
        ideal += pause
        if len(accepted) >= limit:
            ideal = max(ideal, accepted[-limit] + 60)
        accepted.append(ideal)
    assert world.limited <= 1
    assert now <= ideal + 0.01 * len(pauses)


def test_a_limit_used_up_by_others_is_tried_now_and_then() -> None:
    known = limits()
    for moment in (0.0, 6.0, 12.0):
        send(known, moment, limited(226))
        assert known.wait(moment, creates=False) == Wait(6.0, REQUESTS), "ten times a minute"


def test_a_limit_used_up_by_our_own_requests_is_waited_for_exactly() -> None:
    known = limits()
    for second in range(9):
        send(known, float(second))
    send(known, 20.0, limited(226))
    assert known.wait(20.0, creates=False) == Wait(40.0, REQUESTS), "until the first has left the minute"
    assert known.wait(60.0, creates=False) is None


@pytest.mark.parametrize(("ours", "left"), [(7, 9.0), (8, 50.0)])
def test_three_quarters_of_the_limit_count_as_our_own(ours: int, left: float) -> None:
    known = Limits(SETTINGS, jitter=lambda: 1.5)
    for _ in range(ours):
        send(known, 0.0)
    send(known, 10.0, limited(226))
    assert known.wait(10.0, creates=False) == Wait(left, REQUESTS)


def test_a_wait_ends_when_our_oldest_request_leaves_the_window() -> None:
    known = limits()
    send(known, 0.0)
    send(known, 58.0, limited(226))
    assert known.wait(58.0, creates=False) == Wait(2.0, REQUESTS)


def test_a_limit_of_exactly_three_quarters_counts() -> None:
    known = Limits(AccountSettings("key", rate_limit=8), jitter=lambda: 1.0)
    for _ in range(6):
        send(known, 0.0)
    send(known, 10.0, limited(226))
    assert known.wait(10.0, creates=False) == Wait(50.0, REQUESTS)


def test_a_rejected_request_makes_the_limit_hold_from_then_on() -> None:
    known = Limits(AccountSettings("key", rate_limit=3), jitter=lambda: 1.0)
    send(known, 0.0, limited(226))
    send(known, 10.0, limited(0))
    for second in (20.0, 21.0, 22.0):
        send(known, second)
    assert known.wait(23.0, creates=False) == Wait(57.0, REQUESTS)
    assert known.wait(80.0, creates=False) is None


def test_the_window_begins_at_zero_of_the_clock() -> None:
    known = Limits(AccountSettings("key", rate_limit=1), jitter=lambda: 1.0)
    send(known, 0.0)
    send(known, 0.0, limited(226))
    assert known.wait(59.0, creates=False) == Wait(1.0, REQUESTS)
    known.begin(creates=False)
    assert known.wait(60.0, creates=False) == Wait(None), "until that one has ended"


# Requests at once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [2, 3, 0, 1], [2, 0, 3, 1]])
def test_one_burst_of_225_lowers_the_requests_in_flight(order: list[int]) -> None:
    known = limits()
    tickets = [known.begin(creates=False) for _ in range(4)]
    assert known.wait(0.0, creates=False) == Wait(None), "no more than configured"
    for index in order:
        known.end(tickets[index], 0.0, limited(225) if index >= 2 else None)
    for _ in range(2):
        assert known.wait(0.0, creates=False) is None, "as many as went through"
        known.begin(creates=False)
    assert known.wait(0.0, creates=False) == Wait(None)


def test_fewer_in_flight_lasts_for_the_rest_of_the_operation() -> None:
    known = limits()
    for ticket in [known.begin(creates=False) for _ in range(4)]:
        known.end(ticket, 0.0, limited(225))
    for now in range(1, 100):
        send(known, float(now))
    known.begin(creates=False)
    assert known.wait(100.0, creates=False) == Wait(None), "one at a time"


def test_a_rejected_request_that_was_alone_pauses() -> None:
    known = limits()
    send(known, 0.0, limited(225))
    assert known.wait(0.0, creates=False) == Wait(pytest.approx(0.1), AT_ONCE)


# What a request without a limit says --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "goes_on"),
    [
        (None, True),
        (NotFound("gone", 404), True),
        (ServerError("down", 500), False),
        (ConnectionFailed("no", True), False),
    ],
)
def test_only_a_response_from_ngrok_ends_a_pause(end: NgrokError | None, goes_on: bool) -> None:
    """After a pause one request goes alone; the next ones follow as responses come."""
    known = limits()
    send(known, 0, limited(226, 1))
    first = known.begin(False)
    assert known.wait(2, False) == Wait(None, "")
    known.end(first, 2, end)
    second = known.begin(False)
    assert (known.wait(2, False) is None) == goes_on
    known.end(second, 2, None)


def test_after_a_pause_there_is_one_more_at_a_time() -> None:
    known = limits()
    send(known, 0, limited(226, 1))
    for at_once in (1, 2, 3, 4):
        tickets = [known.begin(False) for _ in range(at_once)]
        assert known.wait(2, False) is not None, f"{at_once} at once"
        known.end(tickets.pop(), 2, None)
        for ticket in tickets:
            known.end(ticket, 2, ConnectionFailed("no", True))


def test_a_burst_that_meets_a_limit_counts_once() -> None:
    """Each further meeting doubles the wait; the last request of the burst was no further one."""
    known = limits()
    burst = [known.begin(True) for _ in range(3)]
    for ticket in burst:
        known.end(ticket, 0, limited(5001))
    assert known.wait(0, True) == Wait(pytest.approx(0.1), CREATES)
    send(known, 10, limited(5001), creates=True)
    assert known.wait(10, True) == Wait(pytest.approx(0.2), CREATES)
