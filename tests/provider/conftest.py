"""What these tests share."""

from collections.abc import Iterator

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.provider.deployment import Deployment


@pytest.fixture
def deployment(emulator: Emulator) -> Deployment:
    return Deployment(emulator)


@pytest.fixture
def stranger() -> Iterator[Emulator]:
    """Another origin, which must never hear of us."""
    with Emulator() as server:
        yield server
        assert server.requests == []
