"""Another account's key, and a rotated one: what is taken for gone, and what is not."""

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
