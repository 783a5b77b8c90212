"""ngrok's rolling limit: met once, kept from then on, and no slower than it has to be."""

import threading
from collections import deque
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api import pacing
from pulumi_ngrok_tg.api.errors import GaveUp, Limited
from pulumi_ngrok_tg.api.settings import Settings

WINDOW = 60.0


class World:
    """A clock that moves when somebody waits, and a server with a rolling limit."""

    def __init__(self, limit: int) -> None:
        self.now = 1000.0
        self.limit = limit
        self.accepted: deque[float] = deque()
        self.refused = 0
        self.said: list[str] = []

    def request(self) -> None:
        while self.accepted and self.accepted[0] <= self.now - WINDOW:
            self.accepted.popleft()
        if len(self.accepted) >= self.limit:
            self.refused += 1
            raise Limited("limited", 429, 226)
        self.accepted.append(self.now)

    def pacer(self, patch: pytest.MonkeyPatch) -> pacing.Pacer:
        world = self

        class Condition(threading.Condition):
            def wait(self, timeout: float | None = None) -> bool:
                assert timeout is not None, "alone, there is nobody to wait for"
                world.now += timeout
                return True

        patch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: world.now))
        patch.setattr(pacing, "threading", SimpleNamespace(Condition=Condition))
        return pacing.Pacer(Settings("key", rate_limit=self.limit, rate_window=WINDOW), self.said.append)


def send(world: World, pacer: pacing.Pacer) -> None:
    """Sends one request, as the transport does."""
    while True:
        try:
            with pacer.slot("GET /x", world.now + 1000):
                world.request()
            return
        except Limited:
            pacer.meet_limit(0.001)


@given(st.integers(1, 6), st.lists(st.sampled_from([0.0, 0.1, 5.0, 25.0, 61.0]), min_size=1, max_size=40))
def test_the_limit_is_met_once_and_cost_is_no_more_than_it_dictates(limit: int, pauses: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        world, ideal = World(limit), World(limit)
        pacer = world.pacer(patch)
        start = world.now
        for pause in pauses:
            world.now += pause
            send(world, pacer)
            # The ideal: the same program, going on in the very moment at which the server would accept.
            ideal.now += pause
            if len(ideal.accepted) >= limit:
                ideal.now = max(ideal.now, ideal.accepted[-limit] + WINDOW)
            ideal.accepted.append(ideal.now)
        assert world.refused <= 1
        assert world.now - start <= ideal.now - start + 0.01 * len(pauses)


def test_a_wait_is_told_once_and_a_cool_down_holds_everybody() -> None:
    with pytest.MonkeyPatch.context() as patch:
        world = World(100)
        pacer = world.pacer(patch)
        pacer.cool_down(30)
        pacer.cool_down(5)
        start = world.now
        send(world, pacer)
        send(world, pacer)
        assert world.now - start == 30
        assert world.said == ["ngrok's request limit is reached: waiting 30 s, then going on"]


def test_a_wait_past_the_deadline_is_not_begun() -> None:
    with pytest.MonkeyPatch.context() as patch:
        world = World(1)
        pacer = world.pacer(patch)
        pacer.cool_down(30)
        start = world.now
        with (
            pytest.raises(GaveUp, match="GET /x: ngrok asks to wait 30 s more"),
            pacer.slot("GET /x", start + 29),
        ):
            pass
        assert world.now == start
