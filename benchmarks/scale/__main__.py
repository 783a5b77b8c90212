"""What this provider costs over the engine itself, how that grows, and what a user would get instead.

python -m benchmarks.scale            the short form, some minutes
python -m benchmarks.scale --long     1 to 1000 backends at 50 and 100 ms; some more than an hour
python -m benchmarks.scale ... --write  writes docs/performance.md, docs/performance.csv and docs/pictures
"""

import argparse
import sys
from collections import defaultdict

from benchmarks.scale import clients, limits, report
from benchmarks.scale.goals import goals
from benchmarks.scale.stacks import ENGINE, FLOOR, OURS, STEPS, TEXTBOOK, UNSAVED, Results, life


def rounds_of(count: int, long: bool) -> int:
    return 3 if count <= (200 if long else 50) else 1


def measure_all(counts: list[int], latencies: list[float], long: bool) -> Results:
    """Alternates between the kinds, so that what the machine does besides meets all of them."""
    results: Results = defaultdict(list)
    kinds = (OURS, UNSAVED, TEXTBOOK)
    runs = [(ENGINE, 0.0), (FLOOR, 0.0), *((kind, latency) for latency in latencies for kind in kinds)]
    for count in sorted(counts, reverse=True):  # what could fail, fails early
        rounds = rounds_of(count, long)
        for number in range(rounds):
            first = number % len(runs)
            for kind, latency in runs[first:] + runs[:first]:
                taken, state = life(kind, count, latency, looks=1 if rounds > 1 else 3)
                for step, measures in taken.items():
                    results[kind.name, latency, count, step] += [(measure, state) for measure in measures]
                told = ", ".join(f"{step} {taken[step][0].seconds:.1f} s" for step in STEPS if step in taken)
                print(f"{count} at {latency * 1000:g} ms, {kind.name}: {told}", flush=True)
    return results


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--long", action="store_true")
    options.add_argument("--write", action="store_true")
    options.add_argument("--counts", type=lambda text: [int(n) for n in text.split(",")])
    chosen = options.parse_args()
    counts = chosen.counts or ([1, 10, 50, 200, 1000] if chosen.long else [1, 50, 200])
    results = measure_all(counts, [0.05, 0.1] if chosen.long else [0.1], chosen.long)
    taken = clients.measure_all(counts, lambda count: rounds_of(count, chosen.long))
    told = limits.measure_all()
    measured = goals(results, told)
    print()
    print(report.text(results, taken, told, measured))
    if chosen.write:
        report.write(results, told, measured)
    return 0 if all(goal.reached for goal in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
