"""The results as text, as tables in docs/performance.md and as plots in docs/pictures."""

import platform
import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import clients
import psutil
from goals import Goal
from limits import Told
from measure import Measure
from stacks import STEPS, Results

DOCS = Path(__file__).parents[2] / "docs"
COLOURS = {
    "ours": "#2f6fde",
    "ours, no checkpoints": "#8fb4f2",
    "floor": "#9aa4b2",
    "engine": "#3f9a6d",
    "textbook": "#d9822b",
}
CALLING = ("ours", "textbook")
"""Kinds whose calls are compared."""


def text(results: Results, taken: clients.Taken, told: Sequence[Told], goals: Sequence[Goal]) -> str:
    """All of it, for a terminal."""
    return "\n\n".join(tables(results, taken, told, goals).values())


def write(results: Results, taken: clients.Taken, told: Sequence[Told], goals: Sequence[Goal]) -> None:
    """Puts the tables into the page, and draws the plots."""
    page = (DOCS / "performance.md").read_text()
    for name, body in tables(results, taken, told, goals).items():
        begin, end = f"<!-- made by benchmarks/scale: {name} -->\n", "<!-- end -->\n"
        page, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}{body}\n{end}", page, flags=re.DOTALL)  # noqa: B023
        assert count == 1, name
    (DOCS / "performance.md").write_text(page)
    draw(results)


def tables(results: Results, taken: clients.Taken, told: Sequence[Told], goals: Sequence[Goal]) -> dict[str, str]:
    """The parts of the report, by their names in the page."""
    return {
        "machine": machine(),
        "seconds": seconds_table(results),
        "calls": calls_table(results),
        "clients": clients_table(taken),
        "cpu": cpu_table(results),
        "state": state_table(results),
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
    """Medians, and the spread where there is more than one round."""

    def cell(measures: list[Measure]) -> str:
        if any(measure.failed for measure in measures):
            return "fails"
        return middle_and_spread([measure.seconds for measure in measures])

    return table(results, "seconds", cell)


def middle_and_spread(seconds: list[float]) -> str:
    spread = f" ({min(seconds):.1f}-{max(seconds):.1f})" if len(seconds) > 1 else ""
    return f"{statistics.median(seconds):.1f}{spread}"


def clients_table(taken: clients.Taken) -> str:
    rows = [f"| backends | client | {' | '.join(clients.STEPS)} |", "|---|---|" + "---|" * len(clients.STEPS)]
    for count, name in dict.fromkeys((count, name) for count, name, _ in taken):
        cells = [middle_and_spread(taken[count, name, step]) for step in clients.STEPS]
        rows.append(f"| {count} | {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def calls_table(results: Results) -> str:
    def cell(measures: list[Measure]) -> str:
        most = max(measures, key=lambda measure: (sum(measure.calls.values()), measure.at_once))
        kinds = " ".join(f"{count} {kind}" for kind, count in sorted(most.calls.items()))
        return f"{kinds}, {max(measure.at_once for measure in measures)} at once" if kinds else "none"

    return table({key: value for key, value in results.items() if key[0] in CALLING}, "API calls", cell)


def cpu_table(results: Results) -> str:
    def cell(measures: list[Measure]) -> str:
        shares = [statistics.median(m.cpu[role] for m in measures) for role in ("cli", "program", "provider")]
        return (
            f"{' / '.join(f'{seconds:.1f}' for seconds in shares)}, {max(m.memory for m in measures) / 2**20:.0f} MiB"
        )

    return table(results, "CPU of CLI / program / provider in seconds, provider's memory", cell)


def state_table(results: Results) -> str:
    """Bytes for each resource; those of the stack itself are left out."""
    rows = ["| backends | ours | textbook |", "|---|---|---|"]
    for count in sorted({count for _, _, count, _ in results}):
        ends = {name: taken for (name, _, n, step), taken in results.items() if (n, step) == (count, "destroy")}
        held = [f"{ends[name][0][1]:.0f}" if name in ends else "" for name in ("ours", "textbook")]
        rows.append(f"| {count} | {' | '.join(held)} |")
    return "\n".join(rows)


def table(results: Results, what: str, cell: Callable[[list[Measure]], str]) -> str:
    rows = [f"| backends, latency | {what} | {' | '.join(STEPS)} |", "|---|---|" + "---|" * len(STEPS)]
    groups = dict.fromkeys((latency, count, name) for name, latency, count, _ in results)
    for latency, count, name in sorted(groups, key=lambda group: (group[1], group[0])):
        cells = [results.get((name, latency, count, step), []) for step in STEPS]
        shown = " | ".join(cell([measure for measure, _ in found]) if found else "" for found in cells)
        rows.append(f"| {count}, {latency * 1000:g} ms | {name} | {shown} |")
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
    """Seconds and API calls, as the number of backends grows."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams.update({"svg.hashsalt": "pulumi-ngrok-tg", "svg.fonttype": "none"})
    slowest = {name: latency for name, latency, *_ in sorted(results)}
    counts = sorted({key[2] for key in results})
    for name, what in (("seconds", "seconds"), ("calls", "API calls")):
        figure, panels = pyplot.subplots(1, 4, figsize=(12, 3.2), sharey=True)
        for axes, step in zip(panels, ("create", "refresh", "update all", "destroy"), strict=True):
            for kind, colour in COLOURS.items():
                if name == "calls" and kind not in CALLING:
                    continue
                found = {count: [m for m, _ in results.get((kind, slowest[kind], count, step), [])] for count in counts}
                values = {
                    count: statistics.median(
                        m.seconds if name == "seconds" else sum(m.calls.values()) for m in measures
                    )
                    for count, measures in found.items()
                    if measures and not any(measure.failed for measure in measures)
                }
                axes.plot([*values], [*values.values()], marker="o", markersize=4, color=colour, label=kind)
            axes.set_title(step, fontsize=10)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("backends")
            axes.grid(alpha=0.3)
        panels[0].set_ylabel(f"{what}, at {max(slowest.values()) * 1000:g} ms latency")
        panels[0].legend(fontsize=8)
        target = DOCS / f"pictures/performance-{name}.svg"
        figure.savefig(target, metadata={"Date": None}, bbox_inches="tight", facecolor="white")
