"""Several ngrok accounts in one stack."""

from collections.abc import Callable, Iterator

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.e2e.stack import Stack

MAIN, EU = "main_0123456789abcdef", "eu_0123456789abcdef"
PROGRAM = """
    TunnelGroupBackend("web", labels={{"app": "web"}}, account={account})
    TunnelGroupBackend("api", labels={{"app": "api"}})
"""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(api_keys=(MAIN, EU)) as server:
        yield server


@pytest.fixture
def stack(new_stack: Callable[..., Stack], emulator: Emulator) -> Stack:
    made = new_stack("", environment={"NGROK_API_KEY": MAIN, "NGROK_API_BASE_URL": emulator.url})
    made.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", EU)
    made.pulumi("config", "set", "ngrok-eu:apiBaseUrl", emulator.url)
    return made


def labels(emulator: Emulator, key: str) -> list[dict[str, str]]:
    return [backend.labels for backend in emulator.account(key).backends.values()]


@pytest.mark.nightly
def test_each_backend_lives_in_its_account_and_moves_by_replacement(stack: Stack, emulator: Emulator) -> None:
    stack.program(PROGRAM.format(account='"eu"'))
    stack.up()
    assert labels(emulator, MAIN) == [{"app": "api"}]
    assert labels(emulator, EU) == [{"app": "web"}]

    (old,) = emulator.account(EU).backends
    stack.program(PROGRAM.format(account="None"))
    assert "replace" in stack.preview().text
    emulator.requests.clear()
    stack.up()
    assert {"app": "web"} in labels(emulator, MAIN)
    assert labels(emulator, EU) == []
    # The new one stands before the old one goes: traffic always has a backend.
    sent = [(request.method, request.path.endswith(old)) for request in emulator.requests if request.method != "GET"]
    assert sent == [("POST", False), ("DELETE", True)]

    stack.preview("--refresh", "--expect-no-changes")
    stack.destroy()
    assert labels(emulator, MAIN) == labels(emulator, EU) == []


@pytest.mark.nightly
def test_a_named_account_takes_nothing_from_the_environment(stack: Stack, emulator: Emulator) -> None:
    stack.program('TunnelGroupBackend("web", account="us")')
    (error,) = stack.preview(fails=True).errors
    assert "No ngrok API key is configured for the account 'us'" in error
    assert "pulumi config set --secret ngrok-us:apiKey" in error
