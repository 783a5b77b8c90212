"""Comparing ngrok's times with now, by two clocks."""

import pytest

from pulumi_ngrok_tg.api.clock import Clock


@pytest.mark.parametrize(
    ("moment", "seconds", "count"),
    [(1000, 0, 2), (1010, 0, 2), (1010.1, 0, 0), (990, 0, 2), (989.9, 0, 0), (960, 30, 2), (959.9, 30, 0)],
)
def test_a_moment_is_within_some_seconds_give_or_take_ten(moment: float, seconds: float, count: int) -> None:
    assert Clock(lambda: 1000.0).count_within(moment, seconds) == count


@pytest.mark.parametrize(("ahead", "count"), [(0, 2), (10, 2), (-10, 2), (11, 1), (-11, 1), (3600, 1)])
def test_each_clock_counts(ahead: float, count: int) -> None:
    clock = Clock(lambda: 1000.0)
    clock.ahead = ahead
    assert clock.count_within(1000.0, 0) == count
    assert clock.count_within(1000.0 + ahead, 0) == count


def test_the_slack_may_be_another() -> None:
    assert [Clock(lambda: 1000.0).count_within(moment, 0, 300) for moment in (699, 700, 1300, 1301)] == [0, 2, 2, 0]
