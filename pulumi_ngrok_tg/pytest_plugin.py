"""The pytest plugin: a local ngrok API as a fixture. Imports nothing that a test does not ask for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulumi_ngrok_tg.emulator import Emulator


@pytest.fixture(scope="session")
def ngrok_emulator_factory() -> Iterator["Callable[..., Emulator]"]:
    """Make local ngrok APIs that serve until the session ends, for fixtures of a module or the session.

    It takes the arguments of :class:`pulumi_ngrok_tg.emulator.Emulator`; without ``api_keys``, it accepts ``test-key``.
    It changes no environment variable: hand ``emulator.environment`` to what uses it.
    """
    try:
        from pulumi_ngrok_tg.emulator import Emulator
    except ModuleNotFoundError as error:
        if error.name != "msgspec":
            raise
        pytest.fail(
            "ngrok_emulator needs an extra. Run, beside the clone: pip install './pulumi-ngrok-tg[emulator]'",
            pytrace=False,
        )
    with ExitStack() as running:

        def make(**arguments: Any) -> Emulator:
            return running.enter_context(Emulator(**{"api_keys": ("test-key",), **arguments}))

        yield make


@pytest.fixture
def ngrok_emulator(
    ngrok_emulator_factory: "Callable[..., Emulator]", monkeypatch: pytest.MonkeyPatch
) -> Iterator["Emulator"]:
    """A local ngrok API of the test's own (:class:`pulumi_ngrok_tg.emulator.Emulator`).

    NGROK_API_BASE_URL and NGROK_API_KEY point at it for as long as the test runs. A stack's own config comes before
    them: where it holds ``ngrok:apiKey`` or ``ngrok:apiBaseUrl``, or those of a named account, that is what is used.
    """
    server = ngrok_emulator_factory()
    with pytest.MonkeyPatch.context() as patch:  # not the test's own, which it may undo
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server
        monkeypatch.undo()  # before ours, or it would put back what ours has set
    server.stop()
