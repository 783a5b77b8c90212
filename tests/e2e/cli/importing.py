"""What the tests of imports share."""

from typing import Any

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack


def make(emulator: Emulator, count: int) -> list[Any]:
    account = emulator.account(KEY)
    return [
        account.create({"labels": {"app": "web", "n": str(n)}, "description": f"Web {n}", "metadata": f'{{"n": {n}}}'})
        for n in range(count)
    ]


def module(stack: Stack) -> str:
    return (stack.folder / "tunnel_group_backends.py").read_text()


def held(stack: Stack) -> set[str]:
    return {resource["id"] for resource in stack.resources()}
