"""Another account's key, and a rotated one: what is taken for gone, and what is not."""

import re
from collections.abc import Callable, Iterator

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.e2e.stack import Stack

MAIN, OTHER, ROTATED = "main_0123456789abcdef", "other_0123456789abcdef", "rotated_0123456789abcdef"
COUNT = 12
PROGRAM = "".join(f'TunnelGroupBackend("b{n}", labels={{"n": "{n}"}})\n' for n in range(COUNT))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(api_keys=(MAIN, OTHER)) as server:
        yield server


@pytest.fixture
def stack(new_stack: Callable[..., Stack], emulator: Emulator) -> Stack:
    made = new_stack(PROGRAM, environment={"NGROK_API_KEY": MAIN, "NGROK_API_BASE_URL": emulator.url})
    made.up()
    made.age()
    return made


@pytest.mark.nightly
def test_another_accounts_key_drops_and_forgets_nothing(stack: Stack, emulator: Emulator) -> None:
    before = stack.resources()
    stack.environment["NGROK_API_KEY"] = OTHER
    for outcome in (
        stack.preview("--refresh", fails=True),
        stack.refresh(fails=True),
        stack.up("--refresh", fails=True),
        stack.destroy(fails=True),
        stack.destroy("--continue-on-error", fails=True),
    ):
        assert outcome.errors
        assert all('To a key of another account every backend is "not found"' in error for error in outcome.errors)
        assert "Traceback" not in outcome.text
        assert OTHER not in outcome.text
    assert stack.resources() == before
    assert len(emulator.account(MAIN).backends) == COUNT
    assert emulator.account(OTHER).backends == {}

    stack.environment["NGROK_API_KEY"] = MAIN
    stack.preview("--refresh", "--expect-no-changes")
    stack.destroy()
    assert emulator.account(MAIN).backends == {}


@pytest.mark.nightly
def test_a_rotated_key_takes_over(stack: Stack, emulator: Emulator) -> None:
    emulator.rotate_key(MAIN, ROTATED)
    stack.environment["NGROK_API_KEY"] = ROTATED
    said = stack.up("--refresh", "--expect-no-changes", "--diff").text
    assert "fingerprint" not in said
    account = emulator.account(ROTATED)
    stack.age()
    del account.backends[stack.resource("b3")["id"]]
    stack.up("--refresh")
    assert len(account.backends) == COUNT
    stack.preview("--refresh", "--expect-no-changes")


@pytest.mark.nightly
def test_a_backend_lost_during_a_rotation_is_removed_as_the_error_says(stack: Stack, emulator: Emulator) -> None:
    emulator.rotate_key(MAIN, ROTATED)
    stack.environment["NGROK_API_KEY"] = ROTATED
    del emulator.account(ROTATED).backends[stack.resource("b3")["id"]]
    (error,) = stack.refresh(fails=True).errors
    assert len(stack.resources()) == COUNT
    command = re.search(r"remove it from the state with `pulumi (state delete \S+)`", error)
    assert command
    stack.pulumi(*command[1].split(), "--yes")
    stack.up("--refresh")
    assert len(emulator.account(ROTATED).backends) == len(stack.resources()) == COUNT
    stack.preview("--refresh", "--expect-no-changes")


@pytest.mark.nightly
def test_the_state_holds_nothing_that_reveals_the_key(stack: Stack) -> None:
    state = stack.pulumi("stack", "export").text
    assert MAIN not in state
    assert MAIN.partition("_")[2] not in state
    fingerprints = {resource["outputs"]["__key_fingerprint"] for resource in stack.resources()}
    assert len(fingerprints) == 1
    assert re.fullmatch("[0-9a-f]{8}", fingerprints.pop())
    assert "__key_fingerprint" not in stack.resource("b1")["inputs"]
