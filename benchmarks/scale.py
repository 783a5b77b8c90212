"""What this provider costs over the engine itself, and what a user would get instead, side by side in one run.

python -m benchmarks.scale            10 and 200 backends, some minutes
python -m benchmarks.scale --long     also 1,000; half an hour
python -m benchmarks.scale --write    also writes docs/performance.csv and its picture
"""

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.textbook import PROGRAM as TEXTBOOK
from pulumi_ngrok_tg.emulator import Emulator, RateLimit
from tests.e2e.stack import Stack

DOCS = Path(__file__).parents[1] / "docs"
KEY = "bench-key"
OURS = "import pulumi\nfrom pulumi_ngrok_tg import TunnelGroupBackend as Backend\n"
LATENCY = 0.1  # seconds
KINDS = {"floor": (OURS, 0.0), "ours": (OURS, LATENCY), "textbook": (TEXTBOOK, LATENCY)}
"""By name: how a program gets the provider, and the API's latency. The floor is this package without latency."""
UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
COUNTS, SECONDS = (1, 10, 100, 1000), (1, 2, 5, 10, 20, 50)  # on the picture's axes
COLUMNS = ("backends", "who", "step", "seconds", "fastest", "slowest", "calls")
Results = dict[tuple[int, str, str], list[tuple[float, str]]]
"""By number of backends, kind and step: the seconds and the API calls of each round."""


@contextmanager
def new_stack(ngrok: Emulator) -> Iterator[Stack]:
    engine = subprocess.run([sys.executable, DOCS.parent / "tools/engine"], stdout=-1, text=True, check=True)
    with tempfile.TemporaryDirectory(prefix="ngrok-bench-") as folder:
        settings = {**ngrok.environment, "NGROK_API_KEY": KEY}
        yield Stack(Path(engine.stdout.strip()), Path(folder, "home"), Path(folder), "bench", "", settings)


def write_program(stack: Stack, prelude: str, count: int, changed: int = 0) -> None:
    """Declare so many backends, the first ``changed`` of which have another description."""
    declarations = [
        f'Backend("b{n}", labels={{"app": "web", "n": "{n}"}}, description="Website{changed if n < changed else ""}")\n'
        for n in range(count)
    ]
    (stack.folder / "__main__.py").write_text(prelude + "".join(declarations))


def strand(stack: Stack, ngrok: Emulator, count: int) -> None:
    """Make backends that no stack has, and the program that is to adopt them."""
    for n in range(count):
        ngrok.account(KEY).create({"labels": {"app": "web", "n": str(n)}, "description": "Website"})
    (stack.folder / "__main__.py").write_text("")
    stack.tool("import", "--yes")


def measure(stack: Stack, ngrok: Emulator, *command: str) -> tuple[float, str] | None:
    """Return the seconds and the API calls of a command, or None if it failed."""
    ngrok.requests.clear()
    began = time.perf_counter()
    done = subprocess.run(command, cwd=stack.folder, env=stack.environment, capture_output=True, check=False)
    seconds = time.perf_counter() - began
    calls = Counter(request.method for request in ngrok.requests)
    return None if done.returncode else (seconds, " ".join(f"{n} {name}" for name, n in sorted(calls.items())))


def measure_life(kind: str, count: int) -> Iterator[tuple[str, tuple[float, str] | None]]:
    """Yield each step of a stack's life with what it took; end with the first that fails."""
    prelude, latency = KINDS[kind]
    nothing = ("--yes", "--skip-preview", "--non-interactive")
    with Emulator() as ngrok, new_stack(ngrok) as stack:
        ngrok.set(latency=latency)
        steps: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {
            "create": (lambda: write_program(stack, prelude, count), UP),
            "preview": (lambda: None, ("pulumi", "preview", "--non-interactive")),
            "preview --refresh": (lambda: None, ("pulumi", "preview", "--refresh", "--non-interactive")),
            "refresh": (lambda: None, ("pulumi", "refresh", *nothing)),
            "update one": (lambda: write_program(stack, prelude, count, 1), UP),
            "update all": (lambda: write_program(stack, prelude, count, count), UP),
            "destroy": (lambda: None, ("pulumi", "destroy", *nothing)),
        }
        if kind == "ours":
            steps["adopt"] = (lambda: strand(stack, ngrok, count), UP)
        for step, (prepare, command) in steps.items():
            prepare()
            taken = measure(stack, ngrok, *command)
            yield step, taken
            if taken is None:
                return


def measure_limit(kind: str) -> str:
    """Return how a create of 150 ends at ngrok's limit of 120 requests in any minute."""
    with Emulator() as ngrok, new_stack(ngrok) as stack:
        ngrok.set(rate_limit=RateLimit())
        write_program(stack, KINDS[kind][0], 150)
        taken = measure(stack, ngrok, *UP)
        made = len(ngrok.account(KEY).backends)
        return f"150 at ngrok's limit, {kind}: " + (f"{taken[0]:.0f} s" if taken else f"fails after {made}")


def describe(results: Results) -> Iterator[tuple[object, ...]]:
    """Yield the rows of the CSV; seconds are medians."""
    for (count, kind, step), taken in results.items():
        seconds = [one for one, _ in taken]
        row = (f"{value:.1f}" for value in (statistics.median(seconds), min(seconds), max(seconds)))
        yield count, kind, step, *row, taken[-1][1]


def compare(results: Results) -> Iterator[str]:
    """Yield the ratio of each step's seconds to the floor's."""
    for (count, kind, step), taken in results.items():
        if kind != "floor" and (floor := results.get((count, "floor", step))):
            ratio = statistics.median(one for one, _ in taken) / statistics.median(one for one, _ in floor)
            yield f"{step} of {count}, {kind}: x{ratio:.2f} of the floor"


def draw(rows: list[tuple[str, ...]]) -> None:
    """Draw seconds as the number of backends grows, each line with its name at its end."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams.update({"svg.hashsalt": "pulumi-ngrok-tg", "svg.fonttype": "none"})
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 3.4))
    for axes, step in zip(panels, ("create", "refresh"), strict=True):
        for kind, colour in {"floor": "#6b7280", "textbook": "#b45309", "ours": "#1d4ed8"}.items():
            points = [(int(row[0]), float(row[3])) for row in rows if row[1:3] == (kind, step)]
            counts, seconds = zip(*sorted(points), strict=True)
            axes.plot(counts, seconds, marker="o", markersize=4, color=colour, linewidth=2.5 if kind == "ours" else 1.2)
            offset = (6, {"floor": -6, "textbook": 0, "ours": 6}[kind])
            axes.annotate(
                kind, (counts[-1], seconds[-1]), offset, textcoords="offset points", color=colour, va="center"
            )
        axes.set(title=f"{step}, seconds", xlabel="backends", xscale="log", yscale="log")
        axes.set_xticks(COUNTS, map(str, COUNTS))
        axes.set_yticks(SECONDS, map(str, SECONDS))
        axes.minorticks_off()
        axes.margins(x=0.25, y=0.15)
        axes.grid(alpha=0.3)
    target = DOCS / "pictures/performance-seconds.svg"
    figure.savefig(target, metadata={"Date": None}, bbox_inches="tight", facecolor="white")
    target.write_text("".join(f"{line.rstrip()}\n" for line in target.read_text().splitlines()))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--long", action="store_true")
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    results: Results = defaultdict(list)
    for count, rounds in ((10, 3), (200, 3), *([(1000, 1)] if chosen.long else [])):
        for _ in range(rounds):
            for kind in KINDS:  # in turn, so that what else the machine does meets all of them
                for step, taken in measure_life(kind, count):
                    if taken is not None:
                        results[count, kind, step].append(taken)
    rows = [tuple(map(str, row)) for row in describe(results)]
    csv.writer(sys.stdout, lineterminator="\n").writerows([COLUMNS, *rows])
    print("\n".join([*compare(results), *map(measure_limit, ("ours", "textbook"))]))
    if chosen.write:
        with (DOCS / "performance.csv").open("w") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
        draw(rows)


if __name__ == "__main__":
    main()
