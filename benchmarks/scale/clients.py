"""The API part alone: ngrok's own client in a loop, and this package's as the provider uses it."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ngrok as ngrok_api

from benchmarks.scale.stacks import KEY
from pulumi_ngrok_tg.api.client import Client
from pulumi_ngrok_tg.api.settings import AccountSettings
from pulumi_ngrok_tg.emulator import Emulator
from tests.reporter import Heard

LATENCY = 0.1  # seconds
STEPS = ("create", "read", "update", "delete")
Calls = tuple[Callable[[Any], Any], ...]
"""For each step: what is called with a number, for a create, which returns an id; with the ids after that."""
Taken = dict[tuple[int, str, str], list[float]]
"""By number of backends, client and step: the seconds of each round."""


def measure_all(counts: list[int], rounds_of: Callable[[int], int]) -> Taken:
    taken: Taken = defaultdict(list)
    for count in counts:
        for _ in range(rounds_of(count)):
            for name, run in (("ngrok-api", ngroks), ("ours", ours)):
                with Emulator() as ngrok:
                    ngrok.set(latency=LATENCY)
                    for step, seconds in run(ngrok, count).items():
                        taken[count, name, step].append(seconds)
    return taken


def ngroks_own(ngrok: Emulator) -> Any:
    """The calls on backends of ngrok's own client."""
    return ngrok_api.Client(KEY, ngrok.url).backends.tunnel_group


def ngroks(ngrok: Emulator, count: int) -> dict[str, float]:
    """One call after the other."""
    api = ngroks_own(ngrok)
    calls: Calls = (
        lambda number: api.create(labels={"app": str(number)}, description="Website").id,
        api.get,
        lambda id_: api.update(id_, description="Shop"),
        api.delete,
    )
    return seconds_of(calls, count, map)


def ours(ngrok: Emulator, count: int) -> dict[str, float]:
    """As many calls at once as may be in flight."""
    settings = AccountSettings(KEY, ngrok.url)
    client = Client(settings, Heard())
    calls: Calls = (
        lambda number: client.create({"labels": {"app": str(number)}, "description": "Website"}).id,
        Client(settings, Heard()).read,  # a refresh is another run, which knows nothing of what this one has made
        lambda id_: client.update(id_, {"description": "Shop"}),
        client.delete,
    )
    with ThreadPoolExecutor(settings.max_concurrency) as pool:
        return seconds_of(calls, count, pool.map)


def seconds_of(
    calls: Calls, count: int, each: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
) -> dict[str, float]:
    """What each step takes, where ``each`` makes the calls of one."""
    took, known = {}, [*range(count)]
    for step, call in zip(STEPS, calls, strict=True):
        began = time.perf_counter()
        returned = list(each(call, known))
        took[step] = time.perf_counter() - began
        known = returned if step == "create" else known
    return took
