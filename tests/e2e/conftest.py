"""What the end-to-end tests share."""

from collections.abc import Callable, Iterator

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.adopting import WEB
from tests.e2e.stack import Stack


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A local ngrok API of this test alone: processes that a test has killed may still send requests for a moment."""
    with Emulator(api_keys=(KEY,)) as server:
        yield server


@pytest.fixture
def stack(request: pytest.FixtureRequest, new_stack: Callable[..., Stack], emulator: Emulator) -> Stack:
    """A stack of the module's PROGRAM, deployed, with no request logged; an empty one where it has none."""
    program = getattr(request.module, "PROGRAM", "")
    made = new_stack(program)
    if program:
        made.up()
        emulator.requests.clear()
    return made


@pytest.fixture
def web(emulator: Emulator) -> EmulatedBackend:
    """A backend that somebody has made by hand."""
    return emulator.account(KEY).create(WEB)
