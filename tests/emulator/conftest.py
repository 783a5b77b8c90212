from collections.abc import Iterator

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.emulator.api import Api


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    with Api(emulator.url) as session:
        yield session
