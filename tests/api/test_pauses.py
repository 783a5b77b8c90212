"""Pauses: after a response that asks for one, and after one that meets a limit."""

import pytest

from pulumi_ngrok_tg.api.errors import NgrokError, NotFound, ServerError
from pulumi_ngrok_tg.api.limits import (
    AT_ONCE,
    CREATES,
    REQUESTS,
    TOO_MANY,
    Limits,
    Wait,
)
from pulumi_ngrok_tg.api.pacing import Pacer
from pulumi_ngrok_tg.api.patience import Patience
from tests.api.limited import SETTINGS, limited, limits, send
from tests.reporter import Heard


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (limited(226, 30), REQUESTS),
        (limited(225, 30), AT_ONCE),
        (limited(0, 30), TOO_MANY),
        (ServerError("down", 503, 9, 30), "ngrok is unavailable (HTTP 503)"),
    ],
)
def test_a_retry_after_pauses_all_requests_and_gives_the_reason(error: NgrokError, reason: str) -> None:
    known = limits()
    send(known, 0.0, error)
    for creates in (True, False):
        assert known.wait(10.0, creates) == Wait(20.0, reason)
        assert known.wait(30.0, creates) is None


def test_a_limit_of_creates_delays_only_creates() -> None:
    known = limits()
    send(known, 0.0, limited(5001, 30), creates=True)
    assert known.wait(10.0, creates=True) == Wait(20.0, CREATES)
    assert known.wait(10.0, creates=False) is None


def test_creates_go_one_by_one_after_their_pause() -> None:
    known = limits()
    send(known, 0.0, limited(5001, 1), creates=True)
    first = known.begin(creates=True)
    assert known.wait(1.0, creates=True) == Wait(None)
    assert known.wait(1.0, creates=False) is None
    known.end(first, 1.1, None)
    assert known.wait(1.1, creates=True) is None


def test_after_a_pause_of_creates_there_is_one_more_at_a_time() -> None:
    known = limits()
    send(known, 0.0, limited(5001, 1), creates=True)
    known.end(known.begin(creates=True), 1.1, None)
    known.begin(creates=True)
    assert known.wait(1.1, creates=True) is None, "two, after one went through"
    known.begin(creates=True)
    assert known.wait(1.1, creates=True) == Wait(None)


def test_a_create_under_way_counts_as_one() -> None:
    known = limits()
    send(known, 0.0, limited(5001, 0.001), creates=True)
    with Pacer(known, Heard()).hold_slot("POST /x", True, Patience(1)):
        assert known.wait(1.0, creates=True) == Wait(None)
    assert known.wait(1.0, creates=True) is None


def test_a_retry_after_with_other_requests_in_flight_holds() -> None:
    known = limits()
    tickets = [known.begin(creates=False) for _ in range(3)]
    known.end(tickets[0], 0.0, limited(225, 30))
    assert known.wait(10.0, creates=False) == Wait(20.0, AT_ONCE)


def test_waits_without_retry_after_differ_between_stacks() -> None:
    waits = set()
    for _ in range(20):
        known = Limits(SETTINGS)
        send(known, 0.0, limited(0))
        waits.add(known.wait(0.0, creates=False))
    assert len(waits) > 10


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    known = limits()
    send(known, 0.0, limited(226, 30))
    send(known, 0.0, limited(0, 5))
    assert known.wait(10.0, creates=False) == Wait(20.0, REQUESTS)


def test_a_pause_without_retry_after_grows_until_a_request_succeeds() -> None:
    known = Limits(SETTINGS, jitter=lambda: 1.5)
    now, waits = 0.0, []
    for _ in range(8):
        send(known, now, limited(0))
        wait = known.wait(now, creates=False)
        assert wait
        assert wait.seconds
        waits.append(wait.seconds)
        now += wait.seconds
    assert waits == pytest.approx([0.15, 0.3, 0.6, 1.2, 2.4, 4.8, 9.6, 9.6])
    send(known, now, NotFound("gone", 404, 6514))
    send(known, now, limited(0))
    assert known.wait(now, creates=False) == Wait(pytest.approx(0.15), TOO_MANY)


def test_a_burst_of_rejections_lengthens_the_pause_once() -> None:
    known = limits()
    for ticket in [known.begin(creates=False) for _ in range(4)]:
        known.end(ticket, 0.0, limited(0))
    assert known.wait(0.0, creates=False) == Wait(pytest.approx(0.1), TOO_MANY)


def test_after_a_pause_one_request_goes_first() -> None:
    known = limits()
    send(known, 0.0, limited(0, 1))
    first = known.begin(creates=False)
    assert known.wait(1.0, creates=False) == Wait(None)
    known.end(first, 1.1, None)
    assert known.wait(1.1, creates=False) is None
    known.begin(creates=False)
    assert known.wait(1.1, creates=False) is None
