"""What these tests share."""

from collections.abc import Iterator

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.provider.deployment import Deployment
from tests.provider.traffic import WEB


@pytest.fixture
def deployment(emulator: Emulator) -> Deployment:
    return Deployment(emulator)


@pytest.fixture
def stranger() -> Iterator[Emulator]:
    """Another origin, which must never hear of us."""
    with Emulator() as server:
        yield server
        assert server.requests == []


@pytest.fixture
def web(emulator: Emulator) -> EmulatedBackend:
    """A backend with two tunnels online."""
    account = emulator.account(KEY)
    for name in ("a", "b"):
        account.connect_tunnel({**WEB, "host": name}, f"localhost:{name}")
    return account.create({"labels": WEB})
