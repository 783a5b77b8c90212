"""Stacks of several backends, and whether state and API are in step."""

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack


def program(count: int, **more: str) -> str:
    return "".join(f'TunnelGroupBackend("b{n}", labels={{"n": "{n}"}}, **{more!r})\n' for n in range(count))


def assert_in_step(stack: Stack, emulator: Emulator, count: int) -> None:
    """The state holds exactly the backends of the API."""
    backends = emulator.account(KEY).backends
    held = {resource["id"]: resource["outputs"]["labels"] for resource in stack.resources()}
    assert held == {id_: backend.labels for id_, backend in backends.items()}
    assert len(held) == count
