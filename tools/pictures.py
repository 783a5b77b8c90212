"""Draws docs/pictures: ``python tools/pictures.py [NAME]...``; ``demo`` runs what ``make demo`` runs."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib
from importlinter.api import read_configuration
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.axes import Axes

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs/pictures"
INK, FILL, OURS = "#5b6470", "#eef1f5", "#dbe9ff"


def box(axes: Axes, x: float, y: float, text: str, *, ours: bool = False, pad: float = 0.7) -> None:
    axes.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=10,
        color="#1d2733",
        bbox={"boxstyle": f"round,pad={pad}", "facecolor": OURS if ours else FILL, "edgecolor": INK},
    )


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], text: str, at: tuple[float, float]) -> None:
    axes.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.3})
    axes.text(*at, text, ha="center", va="center", fontsize=8.5, color=INK)


def calls() -> None:
    """Who calls whom: program, engine, provider, API, and the state."""
    figure, axes = pyplot.subplots(figsize=(9.2, 2.9))
    axes.set_xlim(0, 92)
    axes.set_ylim(0, 29)
    axes.axis("off")
    box(axes, 9, 20, "your program\n__main__.py")
    box(axes, 35, 20, "engine\npulumi up")
    box(axes, 61, 20, "provider\npulumi_ngrok_tg", ours=True)
    box(axes, 85, 20, "ngrok's API")
    box(axes, 35, 4, "state")
    arrow(axes, (16, 20), (28.5, 20), "declares\nresources", (22, 24.5))
    arrow(axes, (41.5, 20), (52, 20), "check, diff, create,\nread, update, delete", (46.8, 27))
    arrow(axes, (70, 20), (78.5, 20), "HTTPS", (74.2, 23))
    arrow(axes, (33.5, 15.5), (33.5, 7.5), "what there is,\nencrypted secrets", (24, 11.5))
    arrow(axes, (36.5, 7.5), (36.5, 15.5), "what there was", (44.5, 11.5))
    figure.savefig(PICTURES / "calls.svg", metadata={"Date": None}, bbox_inches="tight", facecolor="white")


def layout() -> None:
    """The modules in their layers, as the import contracts in pyproject.toml have them: each imports those below it."""
    contracts = read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    packages = {c["containers"][0]: c["layers"] for c in contracts if c["type"] == "layers"}
    figure, columns = pyplot.subplots(1, 3, figsize=(13, 5.4))
    for axes in columns:
        axes.set_xlim(0, 40)
        axes.set_ylim(0, 60)
        axes.axis("off")
    root, *parts = packages
    stacked = ((columns[0], [root]), (columns[1], parts[:2]), (columns[2], parts[2:]))
    for axes, names in stacked:
        y = 58.0
        for name in names:
            axes.text(20, y, name.replace(".", "/") + "/", ha="center", fontsize=10, weight="bold", color="#1d2733")
            for layer in packages[name]:
                y -= 3.9
                box(axes, 20, y, " · ".join(layer.split(" | ")), ours=name == root, pad=0.35)
            y -= 6
    figure.savefig(PICTURES / "layout.svg", metadata={"Date": None}, bbox_inches="tight", facecolor="white")


def demo() -> None:
    """What ``make demo`` shows on a terminal: who uses a backend, a changed label, and what that costs."""
    lines = on_a_terminal([sys.executable, str(ROOT / "tools/demo.py")])
    parts = ("$ pulumi-ngrok-tg list", "$ pulumi-ngrok-tg import"), ("3. Change a label", "4. Somebody changes")
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=108, file=nowhere, force_terminal=True, color_system="truecolor")
        for first, last in parts:
            begin, end = (next(n for n, line in enumerate(lines) if title in line) for title in (first, last))
            progress = False
            for line in map(Text.from_ansi, lines[begin:end]):
                progress = line.plain.startswith("@ ") or (progress and not line.plain.startswith("Diagnostics"))
                if not progress and "Reading " not in line.plain and line.plain.strip():
                    console.print(line)
        drawn = console.export_svg(title="make demo", unique_id="demo", theme=MONOKAI)
    (PICTURES / "demo.svg").write_text(re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL))  # none from elsewhere


def on_a_terminal(command: list[str]) -> list[str]:
    """The lines that a program writes to a terminal, with their colours."""
    ours, its = pty.openpty()
    process = subprocess.Popen(command, stdout=its, stderr=its, env={**os.environ, "TERM": "xterm-256color"})
    os.close(its)
    written = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # how a terminal ends on Linux
            break
        if not chunk:
            break
        written += chunk
    os.close(ours)
    if process.wait():
        raise SystemExit(written.decode())
    return written.decode().replace("\r\n", "\n").splitlines()


DRAWN: dict[str, Callable[[], None]] = {"calls": calls, "demo": demo, "layout": layout}

if __name__ == "__main__":
    matplotlib.rcParams.update({"svg.hashsalt": "pulumi-ngrok-tg", "svg.fonttype": "none", "font.family": "sans-serif"})
    PICTURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or DRAWN:
        DRAWN[name]()
