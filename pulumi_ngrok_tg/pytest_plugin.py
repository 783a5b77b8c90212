"""The pytest plugin: a local ngrok API as fixtures. It imports the emulator only if a test uses it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulumi_ngrok_tg.emulator import Emulator

_CHANGED = pytest.StashKey[dict[str, tuple[str, str | None]]]()
"""By each environment variable that the fixture sets: the value that it sets, and the one before."""


@pytest.fixture(scope="session")
def ngrok_emulator_factory() -> Iterator["Callable[..., Emulator]"]:
    """Return a function that starts a local ngrok API, which runs until the session ends.

    Use it in fixtures of module or session scope. The function takes the arguments of
    :class:`pulumi_ngrok_tg.emulator.Emulator`; the default of ``api_keys`` is ``("test-key",)``. It sets no environment
    variables: pass ``emulator.environment`` to the code under test.
    """
    with ExitStack() as running:
        yield lambda **arguments: running.enter_context(_make(**arguments))


@pytest.fixture
def ngrok_emulator_settings() -> dict[str, Any]:
    """Return the settings with which :func:`ngrok_emulator` begins; override this fixture to change them.

    They are fields of :class:`pulumi_ngrok_tg.emulator.Settings`, such as ``{"latency": 0.1}``.
    """
    return {}


@pytest.fixture
def ngrok_emulator(ngrok_emulator_settings: dict[str, Any], request: pytest.FixtureRequest) -> Iterator["Emulator"]:
    """Start a local ngrok API for this test (:class:`pulumi_ngrok_tg.emulator.Emulator`).

    NGROK_API_BASE_URL and NGROK_API_KEY point to it while the test runs. A stack's config takes precedence over them,
    such as ``ngrok:apiKey``, ``ngrok:apiBaseUrl`` and the keys of named accounts.
    """
    server = _make()
    server.set(**ngrok_emulator_settings)
    with server, pytest.MonkeyPatch.context() as patch:  # the test may undo its own one
        changed = request.node.stash[_CHANGED] = {}
        for name, value in server.environment.items():
            changed[name] = value, os.environ.get(name)
            patch.setenv(name, value)
        yield server


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Restore the variables once all fixtures have ended.

    A monkeypatch that began before the fixture ends after it, and may put the emulator's values back.
    """
    yield
    for name, (value, before) in item.stash.get(_CHANGED, {}).items():
        if os.environ.get(name) == value:
            del os.environ[name]
            if before is not None:
                os.environ[name] = before


def _make(**arguments: Any) -> "Emulator":
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
    return Emulator(**{"api_keys": ("test-key",), **arguments})
