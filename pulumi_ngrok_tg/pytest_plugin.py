"""The pytest plugin: a local ngrok API as a fixture. It imports the emulator only if a test uses it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulumi_ngrok_tg.emulator import Emulator


@pytest.fixture(scope="session")
def ngrok_emulator_factory() -> Iterator["Callable[..., Emulator]"]:
    """Return a function that starts a local ngrok API, which runs until the session ends.

    Use it in fixtures of module or session scope. The function takes the arguments of
    :class:`pulumi_ngrok_tg.emulator.Emulator`; the default of ``api_keys`` is ``("test-key",)``. It sets no environment
    variables: pass ``emulator.environment`` to the code under test.
    """
    try:
        from pulumi_ngrok_tg.emulator import Emulator
    except ModuleNotFoundError as error:
        if error.name != "msgspec":
            raise
        pytest.fail(
            "ngrok_emulator needs an extra of its package. In the folder that holds the clone, run: "
            "pip install './pulumi-ngrok-tg[emulator]'",
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
    """Start a local ngrok API for this test (:class:`pulumi_ngrok_tg.emulator.Emulator`).

    NGROK_API_BASE_URL and NGROK_API_KEY point to it while the test runs. A stack's config takes precedence over them,
    such as ``ngrok:apiKey``, ``ngrok:apiBaseUrl`` and the keys of named accounts.
    """
    server = ngrok_emulator_factory()
    with pytest.MonkeyPatch.context() as patch:  # the test may undo its own one
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server
        monkeypatch.undo()  # before our own one, or it would restore what ours has set
    server.stop()
