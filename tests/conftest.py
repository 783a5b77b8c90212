"""What tests of every kind share: the local ngrok API, and the real Pulumi CLI."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pulumi_ngrok_tg.emulator import Emulator
from tests.e2e.stack import Stack

ROOT = Path(__file__).parent.parent
KEY = "test_0123456789abcdefghijklmnop"

settings.register_profile("default", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", parent=settings.get_profile("default"), max_examples=2000)
settings.register_profile("mutants", parent=settings.get_profile("default"), max_examples=15, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# A shell starts background jobs with Ctrl-C ignored, and what the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """More than there are cores: many a test waits, for a limit or for a latency."""
    return ceil(1.5 * (os.cpu_count() or 1))


@pytest.fixture(scope="session")
def emulator_of_the_session() -> Iterator[Emulator]:
    with Emulator(api_keys=(KEY,)) as server:
        yield server


@pytest.fixture
def emulator(emulator_of_the_session: Emulator) -> Emulator:
    """A local ngrok API that knows one key and holds nothing yet."""
    emulator_of_the_session.clear()
    return emulator_of_the_session


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder of the Pulumi CLI."""
    made = subprocess.run([sys.executable, ROOT / "tools/engine"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(made.stdout.strip())


@pytest.fixture(scope="session")
def pulumi_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pulumi-home")


@pytest.fixture
def new_stack(engine: Path, pulumi_home: Path, tmp_path: Path, emulator: Emulator) -> Callable[..., Stack]:
    """Makes stacks that share a state folder and use the emulator."""

    def make(program: str | Path, project: str = "shop", environment: dict[str, str] | None = None) -> Stack:
        settings = {"NGROK_API_KEY": KEY, "NGROK_API_BASE_URL": emulator.url}
        return Stack(engine, pulumi_home, tmp_path, project, program, settings if environment is None else environment)

    return make
