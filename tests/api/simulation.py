"""Stacks that draw on the limits of one account at the same time, in simulated time."""

import heapq
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from math import inf
from random import Random
from typing import Any

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.errors import Limited
from pulumi_ngrok_tg.api.rate_limits import Place, Turns

WINDOW = 60.0
WORKERS = 8
REFUSAL = 0.005  # seconds that an error takes


@dataclass
class Account:
    """ngrok's side: what it admits at a moment."""

    a_minute: int | None = None
    at_once: int | None = None
    latency: float = 0.1
    in_flight: int = 0
    admitted: deque[float] = field(default_factory=deque)
    limited: int = 0

    def admit(self, now: float) -> Limited | None:
        if self.at_once is not None and self.in_flight >= self.at_once:
            return self._limit(225)
        while self.admitted and self.admitted[0] <= now - WINDOW:
            self.admitted.popleft()
        if self.a_minute is not None and len(self.admitted) >= self.a_minute:
            return self._limit(226)
        self.admitted.append(now)
        self.in_flight += 1
        return None

    def _limit(self, code: int) -> Limited:
        self.limited += 1
        return Limited("limited", 429, code)


@dataclass
class _Stack:
    turns: Turns
    size: int
    workers: int
    begun: int = 0
    done: int = 0
    queue: dict[int, tuple[Place, float]] = field(default_factory=dict)
    """The places that wait, and since when, by the numbers of their calls."""
    waits: dict[int, float] = field(default_factory=dict)
    woken: float = -1.0

    def join(self, number: int, now: float) -> None:
        place = Place(number)
        self.turns.join(place)
        self.queue[number] = place, now


@dataclass(frozen=True)
class Run:
    """What came of it."""

    seconds: float
    longest: float
    """Seconds that the unluckiest call waited for its turns, in all."""


def run(
    account: Account, sizes: list[int], starts: list[float] | None = None, seed: int = 0, workers: int = WORKERS
) -> Run:
    """Send so many creates for each stack, each of them with the real rules, until the last is done."""
    random = Random(seed)  # noqa: S311
    events: list[tuple[float, int, Any]] = []
    order = count()

    def at(moment: float, *event: Any) -> None:
        heapq.heappush(events, (moment, next(order), event))

    def make_turns() -> Turns:
        return Turns(AccountSettings("key"), lambda: random.uniform(0.5, 1.5))

    stacks = [_Stack(make_turns(), size, workers) for size in sizes]
    for stack, start in zip(stacks, starts or [0.0] * len(sizes), strict=True):
        at(start, "go", stack)
    now = 0.0
    while any(stack.done < stack.size for stack in stacks):
        now, _, event = heapq.heappop(events)
        stack: _Stack = event[1]
        if event[0] == "arrive":
            error = account.admit(now)
            at(now + (account.latency if error is None else REFUSAL), "end", stack, event[2], error)
            continue
        if event[0] == "end":
            place: Place = event[2]
            account.in_flight -= event[3] is None
            stack.turns.end(place, now, event[3])
            if event[3] is None:
                stack.done += 1
            else:
                stack.join(place.number, now)
        while stack.begun < stack.size and stack.begun - stack.done < stack.workers:
            stack.join(stack.begun, now)
            stack.begun += 1
        while stack.queue:
            number = min(stack.queue)
            place, since = stack.queue[number]
            wait = stack.turns.begin(place, now)
            if wait is not None:
                if wait.seconds < inf and not now < stack.woken <= now + wait.seconds:
                    stack.woken = now + wait.seconds
                    at(stack.woken, "go", stack)
                break
            del stack.queue[number]
            stack.waits[number] = stack.waits.get(number, 0.0) + now - since
            at(now + random.uniform(0.001, 0.004), "arrive", stack, place)
        assert now < 10_000
    return Run(now, max(max(stack.waits.values()) for stack in stacks))


def dictated(account: Account, sizes: list[int]) -> float:
    """When the last create could be done at the earliest, by somebody who knows the limits and all stacks."""
    lanes = [0.0] * min(account.at_once or WORKERS * len(sizes), WORKERS * len(sizes))
    admitted: list[float] = []
    for _ in range(sum(sizes)):
        start = heapq.heappop(lanes)
        if account.a_minute is not None and len(admitted) >= account.a_minute:
            start = max(start, admitted[-account.a_minute] + WINDOW)
        admitted.append(start)
        heapq.heappush(lanes, start + account.latency)
    return max(lanes)
