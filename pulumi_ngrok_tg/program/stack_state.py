"""What the stack's state holds at the beginning of a run, as the program can ask the engine for it."""

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any

import pulumi
from pulumi.runtime import invoke_async
from pulumi.runtime.settings import get_monitor

from pulumi_ngrok_tg.rules.outputs import TYPE, find_held

_PAUSES = (0, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each attempt: a state in a file cannot be read while the engine writes it ("checkpoint: EOF")."""


class Later:
    """Awaits what a function returns; unlike a coroutine, it may be left alone where another input fails."""

    def __init__(self, begin: Callable[[], Awaitable[Any]]) -> None:
        self._begin = begin

    def __await__(self) -> Generator[Any, None, Any]:
        return self._begin().__await__()


async def read_state() -> dict[str, dict[str, Any]] | str:
    """Return type and outputs of each resource by URN, asked for once in each run; or why they cannot be had.

    The outputs hold the backends' URIs, but not the ids.
    """
    monitor = get_monitor()
    if monitor not in _states:
        _states[monitor] = asyncio.ensure_future(_ask())
    return await _states[monitor]


def find_managed(state: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the ids of the backends that the stack manages as this package's resources, by URN."""
    return {
        urn: id_
        for urn, resource in state.items()
        if resource["type"] == TYPE
        for id_ in find_held(TYPE, resource["outputs"])
    }


def find_holders(state: Mapping[str, Mapping[str, Any]], id_: str) -> list[dict[str, str]]:
    """Return URN and type of the resources that hold a backend, but for those of this package, which manage it."""
    return [
        {"urn": urn, "type": resource["type"]}
        for urn, resource in state.items()
        if resource["type"] != TYPE and id_ in find_held(resource["type"], resource["outputs"])
    ]


_states: weakref.WeakKeyDictionary[Any, Awaitable[dict[str, dict[str, Any]] | str]] = weakref.WeakKeyDictionary()


async def _ask() -> dict[str, dict[str, Any]] | str:
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    why = ""
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        try:
            state = await invoke_async("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack})
            return {urn: dict(resource) for urn, resource in state["outputs"].items()}
        except Exception as error:  # whatever the engine says; the provider fails closed then
            why = " ".join(str(error).split())
    return why
