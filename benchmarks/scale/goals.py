"""What has to be reached, as ratios within one run."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf

from benchmarks.emulator import pace
from benchmarks.scale.limits import Told
from benchmarks.scale.stacks import OURS, UNSAVED, Results
from pulumi_ngrok_tg.emulator import Emulator

IN_FLIGHT = 8
"""Calls that may be in flight at once (`pulumi-ngrok-tg:maxConcurrency`)."""
BYTES_OF_STATE = 4000
"""What a backend of this benchmark takes in the state, where there are many (3893 of 200), and a little more."""


@dataclass(frozen=True)
class Goal:
    """One thing that was measured, and the most it may be."""

    what: str
    where: str
    measured: float
    most: float

    @property
    def reached(self) -> bool:
        return self.measured <= self.most


def goals(results: Results, told: Sequence[Told]) -> list[Goal]:
    return [
        *calls_and_seconds(results),
        *growth(results),
        *state(results),
        *under_the_limit(told),
        pace_of_the_api(results),
    ]


def calls_and_seconds(results: Results) -> Iterator[Goal]:
    """As few calls as can be, many at once; and little more time than without latency, and what it has to take."""
    for (name, latency, count, step), taken in results.items():
        if name != "ours" or step not in ("create", "preview --refresh", "refresh", "update all", "destroy"):
            continue
        ours = [measure for measure, _ in taken]
        where = f"{step} of {count} at {latency * 1000:g} ms"
        calls = max(sum(measure.calls.values()) for measure in ours)
        pages = ceil(count / 100) if "refresh" in step else 0
        looks = 6 if step == "destroy" else 0  # at what uses the backends
        yield Goal("API calls", where, calls, pages + 1 if pages else count + looks)
        at_once = 1 if pages else min(count, IN_FLIGHT)  # each page of a list names the next
        if step == "create":
            were = max(measure.at_once for measure in ours)
            yield Goal("calls at once: how many could be, to how many were", where, at_once / were, 1)
        floor = statistics.median(measure.seconds for measure, _ in results["floor", 0.0, count, step])
        least = floor + ceil((pages or count) / at_once) * latency
        seconds = statistics.median(measure.seconds for measure in ours)
        yield Goal("seconds, of the floor and the latency", where, seconds / least, 1.15)


def growth(results: Results) -> Iterator[Goal]:
    """The provider's CPU and memory grow no faster than the number of backends, beyond what one of them takes.

    The CPU is taken where the CLI writes no checkpoints: with them, a provider that does nothing takes more for each
    call, too, the larger the state is (some 2.5 s for 1000 creates, 0.4 s for 200).
    """
    for latency in sorted({key[1] for key in results if key[0] == "ours"}):
        one, *counts = sorted({key[2] for key in results if key[2] == 1 or key[2] >= 50})
        for few, many in pairwise(counts):
            for step in ("create", "refresh", "update all", "destroy"):
                where = f"{step} of {many} at {latency * 1000:g} ms, of {few}'s"
                for what, name, least, of in (
                    (
                        "growth of the provider's CPU from one backend on",
                        UNSAVED.name,
                        0.1,
                        lambda measure: measure.cpu["provider"],
                    ),
                    (
                        "growth of the provider's memory from one backend on",
                        OURS.name,
                        2**20,
                        lambda measure: measure.memory,
                    ),
                ):
                    base, low, high = (
                        statistics.median(of(measure) for measure, _ in results[name, latency, count, step])
                        for count in (one, few, many)
                    )
                    yield Goal(what, where, (high - base) / max(low - base, least), 1.15 * many / few)


def state(results: Results) -> Iterator[Goal]:
    """No more bytes of state per resource than there were."""
    for (name, latency, count, step), taken in results.items():
        if name == "ours" and step == "destroy" and count >= 50:
            yield Goal("bytes of state per resource", f"{count} at {latency * 1000:g} ms", taken[0][1], BYTES_OF_STATE)


def under_the_limit(told: Sequence[Told]) -> Iterator[Goal]:
    """What ours has to complete under ngrok's limit, and within which seconds."""
    for one in told:
        if one.who == "ours" and one.within is not None:
            yield Goal("seconds under ngrok's limit", one.what, inf if one.failed else one.seconds, one.within)


def pace_of_the_api(results: Results) -> Goal:
    """The local API bears many times what any step has asked of it, so it is not what was measured."""
    with Emulator() as ngrok:
        bears, _ = pace(ngrok, clients=2, connections=4, count=1000, method="POST")
    asked = max(sum(measure.calls.values()) / measure.seconds for taken in results.values() for measure, _ in taken)
    where = f"at most {asked:.0f} calls a second, of {bears:.0f} creates over 8 connections"
    return Goal("calls a second, of what the local API bears", where, asked / bears, 0.1)
