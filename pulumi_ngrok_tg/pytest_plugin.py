"""The pytest plugin: a local ngrok API as fixtures. It imports the emulator only if a test uses it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_ngrok_tg.installation import explain_extra

if TYPE_CHECKING:
    from pulumi_ngrok_tg.emulator import Emulator

_SERVER: "pytest.StashKey[Emulator]" = pytest.StashKey()


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
def ngrok_emulator(
    ngrok_emulator_settings: dict[str, Any],
    ngrok_emulator_factory: "Callable[..., Emulator]",
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> "Emulator":
    """Return a local ngrok API (:class:`pulumi_ngrok_tg.emulator.Emulator`) that holds nothing yet.

    One server runs for the whole session, or until a test stops it; each test begins with an empty one. What a test
    leaves running may still send to it during the next one: end it, or take a server of your own from
    :func:`ngrok_emulator_factory`. NGROK_API_BASE_URL and NGROK_API_KEY point to the server while the test runs. A
    stack's config takes precedence over them, such as ``ngrok:apiKey``, ``ngrok:apiBaseUrl`` and the keys of named
    accounts.
    """
    server = request.config.stash.get(_SERVER, None)
    if server is None or not server.is_running:
        request.config.stash[_SERVER] = server = ngrok_emulator_factory()
    server.clear()
    server.set(**ngrok_emulator_settings)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


def _make(**arguments: Any) -> "Emulator":
    try:
        from pulumi_ngrok_tg.emulator import Emulator
    except ModuleNotFoundError as error:
        if error.name != "msgspec":
            raise
        pytest.fail(f"ngrok_emulator needs an extra of its package. Run: {explain_extra('emulator')}", pytrace=False)
    return Emulator(**{"api_keys": ("test-key",), **arguments})
