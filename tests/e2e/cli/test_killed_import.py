"""An import that is killed or interrupted at random moments: the same commands again end in step."""

import random
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

pytestmark = pytest.mark.nightly

COMMANDS = "pulumi-ngrok-tg import --yes && pulumi up --yes --skip-preview --non-interactive"
MOMENTS = 10


def run_until(stack: Stack, seconds: float, sent: signal.Signals) -> None:
    """Runs the commands, and ends them at some moment: all of their processes, or as Ctrl-C does."""
    with stack.start("sh", "-c", COMMANDS) as process:
        threading.Event().wait(seconds)
        if process.poll() is None:
            everything = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
            for one in everything:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(sent)
            psutil.wait_procs(everything, 60)


def test_a_killed_import_doubles_and_loses_nothing(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack("")
    account = emulator.account(KEY)
    for number in range(MOMENTS):
        for n in range(3):
            account.create({"labels": {"round": str(number), "n": str(n)}})
        run_until(stack, random.uniform(0.1, 6), random.choice([signal.SIGINT, signal.SIGKILL]))  # noqa: S311
        for attributes in (stack.folder.parent / "state").rglob("*.attrs"):
            if not attributes.stat().st_size:  # as docs/failures.md says of "failed to load checkpoint: EOF"
                attributes.unlink()
        with suppress(AssertionError):  # there may be no lock
            stack.pulumi("cancel", "--yes")
        stack.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview")
    stack.tool("import", "--yes")
    stack.up()
    assert sorted(resource["id"] for resource in stack.resources()) == sorted(account.backends)
    assert len(account.backends) == 3 * MOMENTS
    stack.preview("--expect-no-changes", "--refresh")
    assert emulator.requests.writes == []
