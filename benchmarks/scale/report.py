"""The results as text, as tables in docs/performance.md, as docs/performance.csv and as a plot in docs/pictures."""

import csv
import io
import platform
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.scale import clients
from benchmarks.scale.goals import Goal
from benchmarks.scale.limits import Told
from benchmarks.scale.measure import Measure
from benchmarks.scale.stacks import STEPS, Results

DOCS = Path(__file__).parents[2] / "docs"
COLOURS = {
    "ours": "#2f6fde",
    "ours, no checkpoints": "#8fb4f2",
    "floor": "#9aa4b2",
    "engine": "#3f9a6d",
    "textbook": "#d9822b",
}
COLUMNS = (
    "backends",
    "latency_ms",
    "who",
    "step",
    "seconds",
    "fastest",
    "slowest",
    "calls",
    "in_flight",
    "cpu_cli",
    "cpu_program",
    "cpu_provider",
    "provider_mib",
    "state_bytes_per_backend",
)
"""Of the CSV; seconds are medians."""


def text(results: Results, taken: clients.Taken, told: Sequence[Told], goals: Sequence[Goal]) -> str:
    """All of it, for a terminal."""
    return "\n\n".join([*tables(results, told, goals).values(), clients_table(taken), table_of_all(results)])


def write(results: Results, told: Sequence[Told], goals: Sequence[Goal]) -> None:
    """Puts the short tables into the page, all results into the CSV, and draws the plot."""
    page = (DOCS / "performance.md").read_text()
    for name, body in tables(results, told, goals).items():
        begin, end = f"<!-- made by benchmarks/scale: {name} -->\n", "<!-- end -->\n"
        page, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}{body}\n{end}", page, flags=re.DOTALL)  # noqa: B023
        assert count == 1, name
    (DOCS / "performance.md").write_text(page)
    (DOCS / "performance.csv").write_text(table_of_all(results))
    draw(results)


def tables(results: Results, told: Sequence[Told], goals: Sequence[Goal]) -> dict[str, str]:
    """The tables of the page, by their names there."""
    return {
        "machine": machine(),
        "seconds": seconds_table(results),
        "limits": told_table(told),
        "goals": goals_table(goals),
    }


def machine() -> str:
    """The machine's shape."""
    models = re.findall(r"^model name\s*: (.*)$", cpuinfo(), re.MULTILINE)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores ({models[0] if models else platform.machine()}), {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, state in a local folder."
    )


def cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def seconds_table(results: Results) -> str:
    """Medians of some numbers of backends, at the longest latency that each kind was measured with."""
    slowest = {name: latency for name, latency, *_ in sorted(results)}
    shown = [name for name in ("engine", "floor", "ours", "textbook") if name in slowest]
    rows = [f"| backends | who | {' | '.join(STEPS)} |", "|---|---|" + "---|" * len(STEPS)]
    for count in sorted({key[2] for key in results} & {10, 50, 200, 1000}):
        for name in shown:
            found = [results.get((name, slowest[name], count, step), []) for step in STEPS]
            cells = [_middle([measure for measure, _ in measures]) for measures in found]
            rows.append(f"| {count} | {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _middle(measures: list[Measure]) -> str:
    if any(measure.failed for measure in measures):
        return "fails"
    return f"{statistics.median(measure.seconds for measure in measures):.1f}" if measures else ""


def table_of_all(results: Results) -> str:
    """Each step of each kind, as CSV."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for (name, latency, count, step), taken in sorted(results.items(), key=lambda one: (one[0][2], one[0][1])):
        measures = [measure for measure, _ in taken]
        seconds = [measure.seconds for measure in measures]
        most = max(measures, key=lambda measure: (sum(measure.calls.values()), measure.at_once))
        shares = [statistics.median(m.cpu[role] for m in measures) for role in ("cli", "program", "provider")]
        rows.writerow(
            [
                count,
                f"{latency * 1000:g}",
                name,
                step,
                _middle(measures),
                *(f"{value:.1f}" for value in (min(seconds), max(seconds))),
                " ".join(f"{number} {kind}" for kind, number in sorted(most.calls.items())) or "none",
                max(measure.at_once for measure in measures),
                *(f"{share:.1f}" for share in shares),
                f"{max(measure.memory for measure in measures) / 2**20:.0f}",
                f"{taken[0][1]:.0f}" if step == "destroy" else "",
            ]
        )
    return text.getvalue()


def middle_and_spread(seconds: list[float]) -> str:
    spread = f" ({min(seconds):.1f}-{max(seconds):.1f})" if len(seconds) > 1 else ""
    return f"{statistics.median(seconds):.1f}{spread}"


def clients_table(taken: clients.Taken) -> str:
    rows = [f"| backends | client | {' | '.join(clients.STEPS)} |", "|---|---|" + "---|" * len(clients.STEPS)]
    for count, name in dict.fromkeys((count, name) for count, name, _ in taken):
        cells = [middle_and_spread(taken[count, name, step]) for step in clients.STEPS]
        rows.append(f"| {count} | {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def told_table(told: Sequence[Told]) -> str:
    rows = [f"| {what} | {who} | {outcome} |" for what, who, outcome, *_ in told]
    return "\n".join(["| what | who | |", "|---|---|---|", *rows])


def goals_table(goals: Sequence[Goal]) -> str:
    """Of each kind of goal, how many were reached, which came closest to its limit, and each that was missed."""
    rows = ["| what | reached | closest to its limit, and missed ones |", "|---|---|---|"]
    for what in dict.fromkeys(goal.what for goal in goals):
        found = sorted((goal for goal in goals if goal.what == what), key=lambda goal: goal.measured / goal.most)
        missed = [goal for goal in found if not goal.reached]
        shown = "; ".join(
            f"{'missed: ' if missed else ''}{goal.where}: {goal.measured:.4g} of {goal.most:.4g}"
            for goal in missed or found[-1:]
        )
        rows.append(f"| {what} | {len(found) - len(missed)} of {len(found)} | {shown} |")
    return "\n".join(rows)


def draw(results: Results) -> None:
    """Seconds, as the number of backends grows."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams.update({"svg.hashsalt": "pulumi-ngrok-tg", "svg.fonttype": "none"})
    slowest = {name: latency for name, latency, *_ in sorted(results)}
    counts = sorted({key[2] for key in results})
    figure, panels = pyplot.subplots(1, 4, figsize=(12, 3.2), sharey=True)
    for axes, step in zip(panels, ("create", "refresh", "update all", "destroy"), strict=True):
        for kind, colour in COLOURS.items():
            found = {count: [m for m, _ in results.get((kind, slowest[kind], count, step), [])] for count in counts}
            values = {
                count: statistics.median(measure.seconds for measure in measures)
                for count, measures in found.items()
                if measures and not any(measure.failed for measure in measures)
            }
            axes.plot([*values], [*values.values()], marker="o", markersize=4, color=colour, label=kind)
        axes.set_title(step, fontsize=10)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("backends")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel(f"seconds, at {max(slowest.values()) * 1000:g} ms latency")
    panels[0].legend(fontsize=8)
    target = DOCS / "pictures/performance-seconds.svg"
    figure.savefig(target, metadata={"Date": None}, bbox_inches="tight", facecolor="white")
    lines = (line.rstrip() for line in target.read_text().splitlines())
    target.write_text("".join(f"{line}\n" for line in lines))
