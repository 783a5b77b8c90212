"""A stack of one backend, beside it a backend of nobody's, and another stack that cannot be read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

WEB = 'TunnelGroupBackend("web", labels={"app": "web", "dc": "fra"}, description="Website")'


@pytest.fixture
def stack(request: pytest.FixtureRequest, new_stack: Callable[..., Stack]) -> Stack:
    """A stack of the module's PROGRAM, deployed; of one backend where it has none."""
    program = getattr(request.module, "PROGRAM", WEB)
    made = new_stack(program)
    if program:
        made.up()
    return made


@pytest.fixture
def other(request: pytest.FixtureRequest, new_stack: Callable[..., Stack]) -> Stack:
    """A deployed stack of another project, with the module's program OTHER, in the same state backend and account."""
    made = new_stack(request.module.OTHER, "other")
    made.up()
    return made


@pytest.fixture
def stray(stack: Stack, emulator: Emulator) -> EmulatedBackend:
    """A backend that nobody manages."""
    return emulator.account(KEY).create({"labels": {"app": "web"}, "description": "Stray [bold]\x1b[31m\nx"})


@pytest.fixture
def unreadable(stack: Stack, new_stack: Callable[..., Stack], tmp_path: Path, engine: Path) -> None:
    """Another stack, which the CLI cannot export."""
    new_stack('TunnelGroupBackend("other", description="Other")', "other").up()
    cli = tmp_path / "cli" / "pulumi"
    cli.parent.mkdir()
    refusal = "*export*other*) echo 'error: no permission' >&2; exit 1"
    cli.write_text(f'#!/bin/sh\ncase "$*" in {refusal};; esac\nexec {engine}/pulumi "$@"\n')
    cli.chmod(0o755)
    stack.environment["PATH"] = f"{cli.parent}:{stack.environment['PATH']}"
