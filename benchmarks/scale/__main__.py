"""What this provider costs over the engine itself, how that grows, and what a user would get instead.

python benchmarks/scale            the short form, some minutes
python benchmarks/scale --long     1 to 1000 backends at 50 and 100 ms; an hour or two
python benchmarks/scale ... --write  writes the results into docs/performance.md and docs/pictures
"""

import argparse
import statistics
import sys
from collections import defaultdict
from itertools import pairwise
from math import ceil
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

import limits  # noqa: E402
import report  # noqa: E402
from stacks import KINDS, STEPS, life  # noqa: E402

Results = report.Results


def rounds_of(count: int, long: bool) -> int:
    return (1 if count >= 1000 else 3) if long else (3 if count <= 50 else 1)


def measure_all(counts: list[int], latencies: list[float], long: bool) -> Results:
    """Alternates between the kinds, so that what the machine does besides meets all of them."""
    results: Results = defaultdict(list)
    for latency in latencies:
        for count in counts:
            for number in range(rounds_of(count, long)):
                order = KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]
                for kind in order:
                    taken, state = life(kind, count, latency)
                    for step, measure in taken.items():
                        results[kind.name, latency, count, step].append((measure, state))
                    told = ", ".join(f"{step} {taken[step].seconds:.1f} s" for step in STEPS if step in taken)
                    print(f"{count} at {latency * 1000:g} ms, {kind.name}: {told}", flush=True)
    return results


def goals(results: Results) -> list[tuple[str, bool]]:
    """What has to be reached, as ratios within this run."""
    reached = []
    for name, latency, count, step in results:
        if name != "ours" or step not in ("create", "preview --refresh", "refresh", "update all", "destroy"):
            continue
        ours = [measure for measure, _ in results[name, latency, count, step]]
        floor = [measure for measure, _ in results["floor", latency, count, step]]
        calls = max(sum(measure.calls.values()) for measure in ours)
        allowed = ceil(count / 100) + 1 if "refresh" in step else count
        where = f"{step} of {count} at {latency * 1000:g} ms"
        reached.append((f"{where}: {calls} calls of {allowed} at most", calls <= allowed))
        waits = ceil(calls / max(measure.at_once for measure in ours)) * latency
        least = statistics.median(measure.seconds for measure in floor) + waits
        seconds = statistics.median(measure.seconds for measure in ours)
        told = f"{where}: x{seconds / least:.2f} of floor + latency, x1.15 at most"
        reached.append((told, seconds <= 1.15 * least))
    reached += growth(results)
    for latency, count in sorted({(latency, count) for _, latency, count, _ in results}):
        ours, theirs = (results[name, latency, count, "destroy"][0][1] for name in ("ours", "textbook"))
        told = (
            f"state of {count} at {latency * 1000:g} ms: {ours:.0f} bytes a resource, x{ours / theirs:.2f} of textbook"
        )
        reached.append((told, ours <= theirs))
    return reached


def growth(results: Results) -> list[tuple[str, bool]]:
    """Whether the provider's CPU and memory grow no faster than the number of backends."""
    reached = []
    for latency in sorted({key[1] for key in results}):
        counts = sorted({key[2] for key in results if key[1] == latency and key[2] >= 50})
        for few, many in pairwise(counts):
            for step in ("create", "refresh", "update all", "destroy"):
                first, second = (results["ours", latency, count, step][0][0] for count in (few, many))
                for what, low, high in (
                    ("CPU", first.cpu["provider"], second.cpu["provider"]),
                    ("memory", first.memory, second.memory),
                ):
                    times = high / low if low else 0.0
                    most = 1.15 * many / few
                    told = f"provider's {what}, {step} of {many}: x{times:.1f} of {few}'s, x{most:.1f} at most"
                    reached.append((told, times <= most))
    return reached


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--long", action="store_true")
    options.add_argument("--write", action="store_true")
    options.add_argument("--counts", type=lambda text: [int(n) for n in text.split(",")])
    chosen = options.parse_args()
    counts = chosen.counts or ([1, 10, 50, 200, 1000] if chosen.long else [1, 50, 200])
    results = measure_all(counts, [0.05, 0.1] if chosen.long else [0.1], chosen.long)
    told = limits.measure_all()
    reached = goals(results)
    print()
    print(report.text(results, told, reached))
    if chosen.write:
        report.write(results, told, reached)
    return 0 if all(met for _, met in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
