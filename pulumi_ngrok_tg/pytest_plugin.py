"""The pytest plugin: a local ngrok API as a fixture. Imports nothing that a test does not ask for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pulumi_ngrok_tg.emulator import Emulator


@pytest.fixture
def ngrok_emulator() -> Iterator["Emulator"]:
    """A local ngrok API of the test's own (:class:`pulumi_ngrok_tg.emulator.Emulator`).

    NGROK_API_BASE_URL and NGROK_API_KEY point at it for as long as the test runs. A stack's own config comes before
    them: where it holds ``ngrok:apiKey`` or ``ngrok:apiBaseUrl``, or those of a named account, that is what is used.
    """
    try:
        from pulumi_ngrok_tg.emulator import Emulator
    except ModuleNotFoundError as error:
        if error.name != "msgspec":
            raise
        pytest.fail("ngrok_emulator needs an extra. Run: pip install 'pulumi-ngrok-tg[emulator]'", pytrace=False)
    # A patch of its own: the test may undo what is its own.
    with Emulator(api_keys=("test-key",)) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server
