"""Reads the stack's state, as it is at the beginning of a run, from the engine."""

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
    """Awaits what a function returns. Unlike a coroutine, it may stay unawaited, as when another input fails."""

    def __init__(self, begin: Callable[[], Awaitable[Any]]) -> None:
        self._begin = begin

    def __await__(self) -> Generator[Any, None, Any]:
        return self._begin().__await__()


async def read_state() -> dict[str, dict[str, Any]] | str:
    """Return type and outputs of each resource by URN, or why they cannot be read; read them once in a run.

    The outputs hold the backends' URIs, but not their ids.
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
    """Return URN and type of the resources that hold a backend, except this package's own."""
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
        except Exception as error:  # of any kind; the provider then refuses to adopt
            why = " ".join(str(error).split())
    return why
