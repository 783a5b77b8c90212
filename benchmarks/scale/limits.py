"""The same under ngrok's real limit of 120 requests in 60 seconds."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import ngrok as ngrok_api

from benchmarks.scale.clients import LATENCY, ngroks_own
from benchmarks.scale.measure import measured
from benchmarks.scale.stacks import KEY, OURS, TEXTBOOK, UP, Kind, stack_of, write
from pulumi_ngrok_tg.emulator import Emulator, RateLimit

PREVIEW = ("pulumi", "preview", "--refresh", "--non-interactive")


class Told(NamedTuple):
    """What was done, by whom, and what came of it."""

    what: str
    who: str
    outcome: str
    failed: bool = False
    seconds: float = 0.0
    within: float | None = None
    """The seconds within which ours has to be done, where it has to."""


def measure_all() -> list[Told]:
    return [
        *(fifty_in_a_minute(kind) for kind in (OURS, TEXTBOOK)),
        *(a_hundred_and_fifty(kind) for kind in (OURS, TEXTBOOK)),
        ngroks_client(),
        *(three_stacks(kind) for kind in (OURS, TEXTBOOK)),
    ]


def fifty_in_a_minute(kind: Kind) -> Told:
    with Emulator() as ngrok, stack_of(kind, ngrok) as stack:
        ngrok.set(latency=LATENCY, rate_limit=RateLimit())
        began, outcomes, failed = time.perf_counter(), [], False
        for step, command in (("create", UP), ("preview --refresh", PREVIEW), ("update", UP)):
            write(stack, kind, 50, 50 if step == "update" else 0, " all")
            taken = measured(stack, ngrok, *command)
            outcomes.append(f"{step} {'failed' if taken.failed else 'done'}")
            failed |= taken.failed
        seconds = time.perf_counter() - began
    outcome = f"{', '.join(outcomes)}, in {seconds:.0f} s"
    return Told("create, preview --refresh and update of 50", kind.name, outcome, failed, seconds, within=60)


def a_hundred_and_fifty(kind: Kind) -> Told:
    with Emulator() as ngrok, stack_of(kind, ngrok) as stack:
        ngrok.set(latency=LATENCY, rate_limit=RateLimit())
        write(stack, kind, 150)
        taken = measured(stack, ngrok, *UP)
        made = len(ngrok.account(KEY).backends)
    how = "failed" if taken.failed else "done"
    outcome = f"{how}: {made} made in {taken.seconds:.0f} s, {taken.refused} refusals"
    return Told("create 150", kind.name, outcome, taken.failed, taken.seconds, within=75)


def three_stacks(kind: Kind) -> Told:
    with Emulator() as ngrok:
        ngrok.set(latency=LATENCY, rate_limit=RateLimit())
        began = time.perf_counter()

        def go_up(name: str) -> bool:
            with stack_of(kind, ngrok, name) as stack:
                write(stack, kind, 50)
                return subprocess.run(UP, cwd=stack.folder, env=stack.environment, capture_output=True).returncode == 0

        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(go_up, ("one", "two", "three")))
        seconds = time.perf_counter() - began
        made = len(ngrok.account(KEY).backends)
    outcome = f"{sum(done)} of 3 done: {made} made in {seconds:.0f} s"
    return Told("three stacks of 50 at once", kind.name, outcome, not all(done), seconds, within=75)


def ngroks_client() -> Told:
    with Emulator() as ngrok:
        ngrok.set(latency=LATENCY, rate_limit=RateLimit())
        backends = ngroks_own(ngrok)
        began, how = time.perf_counter(), "done"
        try:
            for number in range(150):
                backends.create(labels={"app": str(number)})
        except ngrok_api.Error as error:
            how = f"failed ({error.error_code})"
        seconds = time.perf_counter() - began
        made = len(ngrok.account(KEY).backends)
    return Told("create 150", "ngrok-api, in a loop", f"{how}: {made} made in {seconds:.0f} s", how != "done", seconds)
