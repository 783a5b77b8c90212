"""Who may send when: in the order of arrival, within ngrok's limits; alone, and beside other stacks of the account."""

import statistics
from copy import deepcopy
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.errors import ConnectionFailed, Limited, NgrokError, NotFound, ServerError
from pulumi_ngrok_tg.api.rate_limits import AT_ONCE, CREATES, REQUESTS, TOO_MANY, Place, Turns, Wait
from tests.api.simulation import Account, dictated, run

SETTINGS = AccountSettings("key", backoff=0.4, rate_limit=10, max_concurrency=4)


def make_turns(**settings: float) -> Turns:
    return Turns(
        AccountSettings("key", **{"backoff": 0.4, "rate_limit": 10, "max_concurrency": 4, **settings}), lambda: 1.0
    )  # type: ignore[arg-type]


def limited(code: int, retry_after: float | None = None) -> Limited:
    return Limited("limited", 429, code, retry_after)


def begin(turns: Turns, now: float = 0.0, number: int = 0) -> Place:
    place = Place(number)
    turns.join(place)
    assert turns.begin(place, now) is None
    return place


def send(turns: Turns, now: float, error: NgrokError | None = None) -> None:
    """One request, alone."""
    turns.end(begin(turns, now), now, error)


def find_wait(turns: Turns, now: float) -> Wait | None:
    """What one more request would have to wait for."""
    probed, place = deepcopy(turns), Place(0)
    probed.join(place)
    return probed.begin(place, now)


# The queue ------------------------------------------------------------------------------------------------------------


@given(st.permutations(range(6)))
def test_calls_are_served_in_the_order_of_their_arrival(joined: list[int]) -> None:
    """Whoever asks first, and whoever joins again after a retry."""
    turns = make_turns(max_concurrency=1)
    held = begin(turns, number=99)
    places = {number: Place(number) for number in joined}
    for number in joined:
        turns.join(places[number])
    turns.end(held, 0.0, None)
    served = []
    while places:
        (number,) = (number for number, place in places.items() if turns.begin(place, 0.0) is None)
        served.append(number)
        turns.end(places.pop(number), 0.0, None)
    assert served == sorted(joined)


def test_the_next_in_the_queue_is_woken_when_its_turn_may_have_come() -> None:
    turns, woken = make_turns(max_concurrency=1), []
    held = begin(turns)
    places = [Place(number, lambda number=number: woken.append(number)) for number in (1, 2, 3)]  # type: ignore[misc]
    for place in places:
        turns.join(place)
    turns.end(held, 0.0, None)
    assert woken == [1]
    turns.leave(places[0])
    assert woken == [1, 2]
    assert turns.begin(places[1], 0.0) is None
    assert woken == [1, 2, 3]


def test_no_more_are_in_flight_than_configured() -> None:
    turns = make_turns()
    places = [begin(turns) for _ in range(4)]
    assert find_wait(turns, 0.0) == Wait(inf)
    turns.end(places[0], 0.0, None)
    assert find_wait(turns, 0.0) is None


def test_an_urgent_request_goes_at_once_and_counts() -> None:
    turns = make_turns(max_concurrency=1)
    send(turns, 0.0, limited(226, 30))
    place = Place(5)
    turns.go(place, 1.0)
    assert find_wait(turns, 31.0) == Wait(inf)
    turns.end(place, 31.0, None)
    assert find_wait(turns, 31.0) is None


# With other stacks of the account -------------------------------------------------------------------------------------


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
        times.append(run(world, sizes, starts, seed).seconds)
        refused.append(world.limited)
    # After ERR_NGROK_225 a stack has fewer requests in flight until it ends, also when the others have ended.
    longer = 1.5 if "at_once" in account else 1.1
    assert statistics.median(times) <= 1.2 * longer * dictated(Account(**account), sizes)  # type: ignore[arg-type]
    assert max(times) <= 1.5 * longer * dictated(Account(**account), sizes)  # type: ignore[arg-type]
    assert max(refused) <= 10 + sum(sizes) / 2, "waiting, not hammering"


@pytest.mark.parametrize(
    ("sizes", "starts", "workers"),
    [
        pytest.param([400] * 3, None, 16, id="three stacks of 16 in flight"),
        pytest.param([400] * 3, [0, 20, 45], 16, id="three stacks of 16 that start one after the other"),
        pytest.param([1200], None, 64, id="one of 64"),
    ],
)
def test_at_the_rolling_limit_nobody_waits_so_long_as_to_give_up(
    sizes: list[int], starts: list[float] | None, workers: int
) -> None:
    for seed in range(10):
        ended = run(Account(a_minute=120), sizes, starts, seed, workers)
        assert ended.longest < (AccountSettings("key").max_wait_seconds if starts else 65), "little more than a window"
        assert ended.seconds <= 1.1 * dictated(Account(a_minute=120), sizes)


def test_a_stack_alone_meets_the_rolling_limit_once() -> None:
    world = Account(a_minute=120)
    assert run(world, [500]).seconds <= 1.02 * dictated(world, [500])
    assert world.limited <= 8, "what was in flight when the limit was met"


# The rolling limit ----------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.lists(st.sampled_from([0.0, 0.1, 5.0, 25.0, 61.0]), min_size=1, max_size=40))
def test_the_rolling_limit_is_met_once_and_costs_only_its_own_time(limit: int, pauses: list[float]) -> None:
    """One request at a time, by a client that knows the limit but keeps it only once it was enforced."""
    turns = make_turns(backoff=0.001, rate_limit=limit)
    world = Account(a_minute=limit, latency=0.0)
    now = ideal = 1000.0
    accepted: list[float] = []
    for pause in pauses:
        now += pause
        while True:
            place = Place(0)
            turns.join(place)
            while (wait := turns.begin(place, now)) is not None:
                assert 0 < wait.seconds < inf
                now += wait.seconds
            error = world.admit(now)
            turns.end(place, now, error)
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


def test_a_limit_used_up_by_others_is_tried_now_and_then_with_one_request() -> None:
    turns = make_turns()
    for moment in (0.0, 6.0, 12.0):
        send(turns, moment, limited(226))
        assert find_wait(turns, moment) == Wait(6.0, REQUESTS), "ten times a minute"
    begin(turns, 18.0)
    assert find_wait(turns, 18.0) == Wait(inf), "one at a time"
    assert find_wait(turns, 72.0) is None, "until a minute later"


def test_a_limit_used_up_by_our_own_requests_is_waited_for_exactly() -> None:
    turns = make_turns()
    for second in range(9):
        send(turns, float(second))
    held = begin(turns, 9.0)
    send(turns, 20.0, limited(226))
    assert find_wait(turns, 20.0) == Wait(40.0, REQUESTS), "until the first has left the minute"
    turns.end(held, 21.0, None)
    assert find_wait(turns, 60.0) is None


def test_a_wait_ends_when_our_oldest_request_leaves_the_window() -> None:
    turns = make_turns()
    send(turns, 0.0)
    send(turns, 58.0, limited(226))
    assert find_wait(turns, 58.0) == Wait(2.0, REQUESTS)


def test_a_rejected_request_makes_the_limit_hold_from_then_on() -> None:
    turns = make_turns(rate_limit=3)
    send(turns, 0.0, limited(226))
    send(turns, 10.0, limited(0))
    for second in (20.0, 21.0, 22.0):
        send(turns, second)
    assert find_wait(turns, 23.0) == Wait(57.0, REQUESTS)
    assert find_wait(turns, 80.0) is None


def test_requests_in_flight_count_for_the_window() -> None:
    turns = make_turns(rate_limit=1)
    send(turns, 0.0)
    send(turns, 0.0, limited(226))
    assert find_wait(turns, 59.0) == Wait(1.0, REQUESTS)
    begin(turns, 60.0)
    assert find_wait(turns, 60.0) == Wait(inf, REQUESTS), "until that one has ended"


# Requests at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [2, 3, 0, 1]])
def test_one_burst_of_225_lowers_the_requests_in_flight(order: list[int]) -> None:
    turns = make_turns()
    places = [begin(turns) for _ in range(4)]
    for index in order:
        turns.end(places[index], 0.0, limited(225) if index >= 2 else None)
    for _ in range(2):
        assert find_wait(turns, 0.0) is None, "as many as went through"
        begin(turns)
    assert find_wait(turns, 0.0) == Wait(inf)


def test_fewer_in_flight_lasts_for_the_rest_of_the_operation() -> None:
    turns = make_turns()
    for place in [begin(turns) for _ in range(4)]:
        turns.end(place, 0.0, limited(225))
    for now in range(1, 100):
        send(turns, float(now))
    begin(turns, 100.0)
    assert find_wait(turns, 100.0) == Wait(inf), "one at a time"


def test_a_rejected_request_that_was_alone_pauses_for_as_long_each_time() -> None:
    turns = make_turns()
    for now in (0.0, 1.0, 2.0):
        send(turns, now, limited(225))
        assert find_wait(turns, now) == Wait(pytest.approx(0.4), AT_ONCE)


# Pauses ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (limited(226, 30), REQUESTS),
        (limited(225, 30), AT_ONCE),
        (limited(5001, 30), CREATES),
        (limited(0, 30), TOO_MANY),
        (ServerError("down", 503, 9, 30), "ngrok is unavailable (HTTP 503)"),
    ],
)
@pytest.mark.parametrize("others", [0, 2])
def test_a_retry_after_pauses_all_requests_and_gives_the_reason(error: NgrokError, reason: str, others: int) -> None:
    turns = make_turns()
    for _ in range(others):
        begin(turns)
    send(turns, 0.0, error)
    assert find_wait(turns, 10.0) == Wait(20.0, reason)
    after = find_wait(turns, 30.0)
    assert after is None or (others and after == Wait(inf)), "no pause any more"


def test_waits_without_retry_after_differ_between_stacks() -> None:
    waits = set()
    for _ in range(20):
        turns = Turns(SETTINGS)
        send(turns, 0.0, limited(0))
        waits.add(find_wait(turns, 0.0))
    assert len(waits) > 10


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    turns = make_turns()
    others = [begin(turns), begin(turns)]
    turns.end(others[0], 0.0, limited(226, 30))
    turns.end(others[1], 0.0, limited(0, 5))
    assert find_wait(turns, 10.0) == Wait(20.0, REQUESTS)


def test_a_pause_without_retry_after_grows_until_a_request_gets_through() -> None:
    turns = make_turns()
    now, waits = 0.0, []
    for _ in range(8):
        send(turns, now, limited(0))
        wait = find_wait(turns, now)
        assert wait
        waits.append(wait.seconds)
        now += wait.seconds
    assert waits == pytest.approx([0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15])
    send(turns, now, NotFound("gone", 404, 6514))
    send(turns, now, limited(0))
    assert find_wait(turns, now) == Wait(pytest.approx(0.4), TOO_MANY)


@pytest.mark.parametrize("end", [ConnectionFailed("no", arrived=True), None])
def test_what_says_nothing_of_a_limit_ends_no_growth(end: NgrokError | None) -> None:
    """A lost response, and one to a request that was in flight before the limit was met."""
    turns = make_turns()
    before = begin(turns)
    send(turns, 1.0, limited(0))
    turns.end(before, 2.0, end)
    send(turns, 3.0, limited(0))
    assert find_wait(turns, 3.0) == Wait(pytest.approx(0.8), TOO_MANY)


@pytest.mark.parametrize("code", [0, 226, 5001])
def test_a_burst_that_meets_a_limit_counts_once(code: int) -> None:
    turns = make_turns()
    for place in [begin(turns) for _ in range(4)]:
        turns.end(place, 1.0, limited(code))
    wait = find_wait(turns, 1.0)
    assert wait
    assert wait.seconds == pytest.approx(6.0 if code == 226 else 0.4)
