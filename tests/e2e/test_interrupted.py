"""An up that ends too early, with the real CLI: nothing is lost, and the docs say how to go on."""

import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from pulumi_ngrok_tg.emulator import Emulator, RateLimit
from tests.conftest import KEY, ROOT
from tests.e2e.many import assert_in_step, program
from tests.e2e.stack import Stack

UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")


def interrupted_up(stack: Stack, emulator: Emulator, sent: signal.Signals) -> None:
    """Runs ``pulumi up`` and, once some backends exist, sends the signal; SIGKILL to its plugins, too."""
    with stack.start(*UP) as process:
        end_once_some_exist(process, emulator, sent)


def end_once_some_exist(process: subprocess.Popen[str], emulator: Emulator, sent: signal.Signals) -> None:
    deadline = time.monotonic() + 60
    while len(emulator.account(KEY).backends) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
    plugins = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(sent)
    if sent == signal.SIGKILL:
        for plugin in plugins:
            with suppress(psutil.NoSuchProcess):
                plugin.kill()
    process.wait(60)
    psutil.wait_procs(plugins, 30)


def test_an_interrupted_up_goes_on_where_it_was(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(20))
    emulator.set(latency=0.3)
    interrupted_up(stack, emulator, signal.SIGINT)
    emulator.set(latency=0)
    assert 3 <= len(emulator.account(KEY).backends) < 20
    stack.refresh()
    assert_in_step(stack, emulator, len(emulator.account(KEY).backends))
    stack.up()
    assert_in_step(stack, emulator, 20)


@pytest.mark.parametrize("lost", [False])
def test_ctrl_c_ends_waits_and_sends_nothing_more(
    new_stack: Callable[..., Stack], emulator: Emulator, lost: bool
) -> None:
    """ngrok's limit would let it go on a minute later."""
    stack = new_stack(program(12))
    emulator.set(rate_limit=RateLimit(5, 60))
    if lost:
        emulator.fault(method="POST", skip=2, drop="after")
        emulator.fault(method="GET", times=None, status=429, error_code=226)  # a list would be one of the five
    with stack.start(*UP, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        heard = iter(process.stdout.readline, "")
        assert any("waiting" in line for line in heard)
        process.send_signal(signal.SIGINT)
        said = "".join(heard)
        process.wait(60)
    made = emulator.account(KEY).backends
    assert len(made) == 5, "nothing was sent once the limit had passed"
    assert "The operation was cancelled; nothing was sent." in said
    assert "Traceback" not in said
    if lost:
        assert said.partition("Diagnostics:")[2].count("may have been created") == 1
    emulator.set(rate_limit=None)
    assert len(stack.resources()) == 5 - lost
    assert {resource["id"] for resource in stack.resources()} <= made.keys()


@pytest.mark.parametrize("waits", [True, False])
def test_a_provider_whose_engine_was_killed_sends_nothing_more_and_ends(
    new_stack: Callable[..., Stack], emulator: Emulator, waits: bool
) -> None:
    """Out of memory, a lost SSH session: its parent is a shell that lives on, and nobody records what it would make."""
    stack = new_stack(program(12))
    if waits:
        emulator.fault(method="POST", skip=3, times=None, status=429, error_code=226, headers={"Retry-After": "4"})
    else:
        emulator.fault(method="POST", skip=3, times=None, status=503)
    emulator.fault(method="GET", times=None, status=503)
    with stack.start(*UP) as process:
        deadline = time.monotonic() + 60
        while len(emulator.requests) < 6:
            assert time.monotonic() < deadline
        plugins = psutil.Process(process.pid).children(recursive=True)
        (provider,) = (one for one in plugins if "pulumi.dynamic" in one.cmdline()[-2:])
        process.kill()
        process.wait(60)
    killed = time.monotonic()
    _, alive = psutil.wait_procs([provider], 60)
    later = sum(request.arrived > killed for request in emulator.requests)
    for plugin in plugins:
        with suppress(psutil.NoSuchProcess):
            plugin.kill()
    assert alive == []
    assert later <= 8, "at most what was in flight"
    assert len(emulator.account(KEY).backends) == 3


@pytest.mark.parametrize("way", ["adopt"])
def test_a_killed_up_is_recovered_as_the_docs_say(
    new_stack: Callable[..., Stack], emulator: Emulator, way: str
) -> None:
    """The steps of docs/failures.md, "After a kill", and what ``orphans`` says, word for word."""
    stack = new_stack(program(20))
    emulator.fault(method="POST", times=None, hang=20)  # created, but nobody has heard of it yet
    interrupted_up(stack, emulator, signal.SIGKILL)
    emulator.faults.clear()
    assert "pulumi cancel" in stack.refresh(fails=True).text
    stack.pulumi("cancel", "--yes")
    known = {resource["id"] for resource in stack.resources()}
    strays = emulator.account(KEY).backends.keys() - known
    assert strays, "the kill came between a create and its record"
    # Before the pending creates are forgotten, it knows which backend is whose.
    said = stack.tool("orphans", code=3).text
    for stray in strays:
        name = f"b{emulator.account(KEY).backends[stray].labels['n']}"
        assert f"{name} (stack dev): its create was interrupted; it may have made {stray}.\n" in said
    forget, adopt = dict.fromkeys(
        re.findall(r"^    (?:forget the create|then adopt what it made): +(.*)$", said, re.MULTILINE)
    )
    assert not [line for line in said.splitlines() if line.startswith("  bkdtg_")], "each is listed once"
    assert f"    {forget}\n" in (ROOT / "docs/failures.md").read_text()
    stack.run("sh", "-c", forget)
    said = stack.tool("orphans", code=3).text
    assert "interrupted" not in said
    assert {line.split()[0] for line in said.splitlines() if line.startswith("  bkdtg_")} == strays
    if way == "adopt":
        stack.run("sh", "-c", f"{adopt} --yes")
    else:
        for command in re.findall(r"^    delete: +(pulumi-ngrok-tg .*)$", said, re.MULTILINE):
            stack.tool(*command.split()[1:], given="y\n")
        stack.up()
    assert stack.tool("orphans").text == "No differences found.\n"
    assert_in_step(stack, emulator, 20)
    assert (strays <= emulator.account(KEY).backends.keys()) == (way == "adopt")
    stack.preview("--refresh", "--expect-no-changes")
