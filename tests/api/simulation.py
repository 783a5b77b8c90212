"""Stacks that draw on the limits of one account at the same time, in simulated time."""

import heapq
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from pulumi_ngrok_tg.api.errors import Limited
from pulumi_ngrok_tg.api.limits import Limits, Ticket
from pulumi_ngrok_tg.api.settings import AccountSettings

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
    limits: Limits
    waiting: int
    unfinished: int
    busy: int = 0
    woken: float = -1.0


def run(account: Account, sizes: list[int], starts: list[float] | None = None, seed: int = 0) -> float:
    """Sends so many creates for each stack, each of them with the real rules; returns when the last is done."""
    random = Random(seed)  # noqa: S311
    events: list[tuple[float, int, Any]] = []
    order = count()

    def at(moment: float, *event: Any) -> None:
        heapq.heappush(events, (moment, next(order), event))

    stacks = [_Stack(Limits(AccountSettings("key"), lambda: random.uniform(0.5, 1.5)), size, size) for size in sizes]
    for stack, start in zip(stacks, starts or [0.0] * len(sizes), strict=True):
        at(start, "go", stack)
    now = 0.0
    while any(stack.unfinished for stack in stacks):
        now, _, event = heapq.heappop(events)
        stack: _Stack = event[1]
        if event[0] == "arrive":
            error = account.admit(now)
            at(now + (account.latency if error is None else REFUSAL), "end", stack, event[2], error)
            continue
        if event[0] == "end":
            ticket: Ticket = event[2]
            account.in_flight -= event[3] is None
            stack.unfinished -= event[3] is None
            stack.waiting += event[3] is not None
            stack.busy -= 1
            stack.limits.end(ticket, now, event[3])
        while stack.waiting and stack.busy < WORKERS:
            wait = stack.limits.wait(now, creates=True)
            if wait is not None:
                if wait.seconds is not None and not now < stack.woken <= now + wait.seconds:
                    stack.woken = now + wait.seconds
                    at(stack.woken, "go", stack)
                break
            stack.waiting -= 1
            stack.busy += 1
            at(now + random.uniform(0.001, 0.004), "arrive", stack, stack.limits.begin(creates=True))
        assert now < 10_000
    return now


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
