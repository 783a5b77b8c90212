"""The stacks that are measured: whose provider, of so many backends, at so long a latency."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scale.measure import Measure, measured
from benchmarks.scale.textbook import PROGRAM
from pulumi_ngrok_tg.emulator import Emulator
from tests.e2e.stack import Stack

ROOT = Path(__file__).parents[2]
KEY = "bench-key"
_IMPORTS = "import pulumi\nfrom pulumi_ngrok_tg import TunnelGroupBackend as Backend\n"
UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
STEPS = ("create", "preview", "preview --refresh", "refresh", "update one", "update all", "destroy", "import")
Results = dict[tuple[str, float, int, str], list[tuple[Measure, float]]]
"""By kind, latency, number of backends and step: what each round took, and the bytes of state per resource."""


@dataclass(frozen=True)
class Kind:
    """Whose provider, how a program gets it, and the CLI's settings."""

    name: str
    prelude: str
    environment: dict[str, str] = field(default_factory=dict)


OURS = Kind("ours", _IMPORTS)
FLOOR = Kind("floor", _IMPORTS)
"""Ours, on an API without latency."""
ENGINE = Kind("engine", "from stub import Backend\n")
"""The engine, with a provider that does nothing."""
UNSAVED = Kind("ours, no checkpoints", _IMPORTS, {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"})
"""Ours, where the CLI does not write the whole state after every step."""
TEXTBOOK = Kind("textbook", PROGRAM)


@contextmanager
def stack_of(kind: Kind, ngrok: Emulator, name: str = "bench") -> Iterator[Stack]:
    """A stack without resources yet, in a folder of its own."""
    engine = subprocess.run([sys.executable, ROOT / "tools/engine"], stdout=subprocess.PIPE, text=True, check=True)
    with tempfile.TemporaryDirectory(prefix="ngrok-bench-") as folder:
        settings = {**ngrok.environment, "NGROK_API_KEY": KEY, **kind.environment}
        stack = Stack(Path(engine.stdout.strip()), Path(folder, "home"), Path(folder), name, "", settings)
        shutil.copy(Path(__file__).parent / "stub.py", stack.folder)
        yield stack


def write(stack: Stack, kind: Kind, count: int, changed: int = 0, mark: str = "") -> None:
    """The program of so many backends, the first ``changed`` of which have another description."""
    declarations = [
        f'Backend("b{n}", labels={{"app": "web", "n": "{n}"}}, description="Website{mark if n < changed else ""}")\n'
        for n in range(count)
    ]
    stack.program("")  # forgets the compiled one
    (stack.folder / "__main__.py").write_text(kind.prelude + "".join(declarations))


def life(kind: Kind, count: int, latency: float, looks: int) -> tuple[dict[str, list[Measure]], float]:
    """Goes through a stack's life; returns what each step took, and the bytes of state per resource.

    Only ours has an import. The textbook's ends where a step fails.

    Args:
        kind: whose.
        count: of how many backends.
        latency: of the API, in seconds.
        looks: how often the steps are taken that change nothing.
    """
    with Emulator() as ngrok, stack_of(kind, ngrok) as stack:
        ngrok.set(latency=latency)
        empty = len(stack.pulumi("stack", "export").text)
        steps: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {
            "create": (lambda: write(stack, kind, count), UP),
            "preview": (lambda: None, ("pulumi", "preview", "--non-interactive")),
            "preview --refresh": (lambda: None, ("pulumi", "preview", "--refresh", "--non-interactive")),
            "refresh": (lambda: None, ("pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive")),
            "update one": (lambda: write(stack, kind, count, 1, " one"), UP),
            "update all": (lambda: write(stack, kind, count, count, " all"), UP),
            "destroy": (lambda: None, ("pulumi", "destroy", "--yes", "--skip-preview", "--non-interactive")),
            "import": (lambda: strand(stack, ngrok, count), UP),
        }
        taken: dict[str, list[Measure]] = {}
        state = 0.0
        for step, (prepare, command) in steps.items():
            if kind is not OURS and step == "import":
                break
            prepare()
            if step == "destroy":
                state = (len(stack.pulumi("stack", "export").text) - empty) / count
            times = looks if step in ("preview", "preview --refresh", "refresh") else 1
            taken[step] = [measured(stack, ngrok, *command) for _ in range(times)]
            if taken[step][-1].failed:
                assert kind is TEXTBOOK, f"{kind.name}: {step} of {count} failed"
                break
        return taken, state


def strand(stack: Stack, ngrok: Emulator, count: int) -> None:
    """Makes backends that no stack has, and the program that is to adopt them."""
    for n in range(count):
        ngrok.account(KEY).create({"labels": {"app": "web", "n": str(n)}, "description": "Website"})
    (stack.folder / "__main__.py").write_text("")
    stack.tool("import", "--yes")
