"""What has to be reached, as ratios within one run."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from stacks import Results

from benchmarks.emulator import pace
from pulumi_ngrok_tg.emulator import Emulator


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


def goals(results: Results) -> list[Goal]:
    return [*calls_and_seconds(results), *growth(results), *state(results), pace_of_the_api(results)]


def calls_and_seconds(results: Results) -> Iterator[Goal]:
    """As few calls as can be; and little more time than the engine and the latency take."""
    for (name, latency, count, step), taken in results.items():
        if name != "ours" or step not in ("create", "preview --refresh", "refresh", "update all", "destroy"):
            continue
        ours = [measure for measure, _ in taken]
        where = f"{step} of {count} at {latency * 1000:g} ms"
        calls = max(sum(measure.calls.values()) for measure in ours)
        yield Goal("API calls", where, calls, ceil(count / 100) + 1 if "refresh" in step else count)
        floor = statistics.median(measure.seconds for measure, _ in results["floor", 0.0, count, step])
        least = floor + ceil(calls / max(measure.at_once for measure in ours)) * latency
        seconds = statistics.median(measure.seconds for measure in ours)
        yield Goal("seconds, of the floor and the latency", where, seconds / least, 1.15)


def growth(results: Results) -> Iterator[Goal]:
    """The provider's CPU and memory grow no faster than the number of backends."""
    for latency in sorted({key[1] for key in results if key[0] == "ours"}):
        counts = sorted({key[2] for key in results if key[2] >= 50})
        for few, many in pairwise(counts):
            for step in ("create", "refresh", "update all", "destroy"):
                first, second = (results["ours", latency, count, step] for count in (few, many))
                where = f"{step} of {many} at {latency * 1000:g} ms, of {few}'s"
                for what, of in (
                    ("provider's CPU", lambda measure: measure.cpu["provider"]),
                    ("provider's memory", lambda measure: measure.memory),
                ):
                    low, high = (statistics.median(of(measure) for measure, _ in taken) for taken in (first, second))
                    yield Goal(what, where, high / low, 1.15 * many / few)


def state(results: Results) -> Iterator[Goal]:
    """No more bytes of state per resource than the textbook's."""
    for name, latency, count, step in results:
        if name == "ours" and ("textbook", latency, count, step) in results and step == "destroy":
            ours, theirs = (results[kind, latency, count, step][0][1] for kind in ("ours", "textbook"))
            yield Goal("bytes of state, of the textbook's", f"{count} at {latency * 1000:g} ms", ours / theirs, 1.0)


def pace_of_the_api(results: Results) -> Goal:
    """The local API bears many times what any step has asked of it, so it is not what was measured."""
    with Emulator() as ngrok:
        bears, _ = pace(ngrok, clients=2, connections=4, count=1000, method="POST")
    asked = max(sum(measure.calls.values()) / measure.seconds for taken in results.values() for measure, _ in taken)
    where = f"at most {asked:.0f} calls a second, of {bears:.0f} creates over 8 connections"
    return Goal("calls a second, of what the local API bears", where, asked / bears, 0.1)
