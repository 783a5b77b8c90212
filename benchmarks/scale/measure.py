"""One command of the CLI, measured: seconds, API calls, CPU by process, memory."""

import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import psutil

from pulumi_ngrok_tg.emulator import Emulator
from tests.e2e.stack import Stack

_EVERY = 0.02  # seconds between looks at the processes that are known: what one takes after the last look is lost
_NEW = 5  # looks after which new ones are looked for, which takes longer


@dataclass
class Measure:
    """What one command took."""

    seconds: float
    calls: Counter[str]
    """API calls by what they do: create, read, list, update, delete, tunnels."""
    at_once: int
    """The most API calls in flight."""
    refused: int
    """API calls that a limit has refused."""
    failed: bool
    cpu: dict[str, float] = field(default_factory=dict)
    """Seconds of CPU: of the CLI with its language host, of the program, of the provider."""
    memory: int = 0
    """The most bytes that the provider's process had in memory."""


def measured(stack: Stack, ngrok: Emulator, *command: str) -> Measure:
    """Runs a command of the stack, such as ``pulumi up``; it may fail."""
    ngrok.requests.clear()
    ngrok.peak = 0
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=stack.folder, env=stack.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    watched = _Watch(process.pid)
    failed = process.wait() != 0
    seconds = time.perf_counter() - began
    watched.stop()
    calls = Counter(_kind(request.method, request.path) for request in ngrok.requests)
    refused = sum(request.status == 429 for request in ngrok.requests)
    return Measure(seconds, calls, ngrok.peak, refused, failed, watched.cpu(), watched.memory)


def _kind(method: str, path: str) -> str:
    if path.startswith("/tunnels"):
        return "tunnels"
    one = path.count("/") == 3
    return {"POST": "create", "PATCH": "update", "DELETE": "delete"}.get(method, "read" if one else "list")


class _Watch:
    """Looks at a process and its children while they run."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._seen: dict[int, tuple[str, float]] = {}
        self.memory = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def cpu(self) -> dict[str, float]:
        spent = dict.fromkeys(("cli", "program", "provider"), 0.0)
        for role, seconds in self._seen.values():
            spent[role] += seconds
        return spent

    def _look(self) -> None:
        known: dict[psutil.Process, str] = {}
        for look in count():
            if self._ended.wait(_EVERY):
                return
            try:
                if look % _NEW == 0:  # a process may have become another program since
                    processes = [self._root, *self._root.children(recursive=True)]
                    known = {process: _role(" ".join(process.cmdline())) for process in processes}
            except psutil.Error:
                pass  # one that has ended: the next look finds the others
            for process, role in known.items():
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    self._seen[process.pid] = (role, times.user + times.system)
                    if role == "provider":
                        self.memory = max(self.memory, process.memory_info().rss)


def _role(command: str) -> str:
    """The command `pulumi-ngrok-tg` counts as the CLI."""
    if "pulumi-language-python-exec" in command:
        return "program"
    return "provider" if "pulumi.dynamic" in command else "cli"
