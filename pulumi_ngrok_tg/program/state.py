"""Reads what the stack's state holds about backends, as it is at the beginning of a run, from the engine."""

import asyncio
import weakref
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import invoke_async
from pulumi.runtime.settings import get_monitor

from pulumi_ngrok_tg.rules.outputs import FINGERPRINT, TYPE, find_managed_id

_PAUSES = (0, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each attempt: a state in a file cannot be read while the engine writes it ("checkpoint: EOF")."""


class StackState:
    """The backends in a stack's state.

    Args:
        resources: type and outputs of each resource, by URN. The outputs hold the backends' URIs, but not their ids.
    """

    def __init__(self, resources: Mapping[str, Mapping[str, Any]]) -> None:
        self.managers: dict[str, str] = {}
        """The URNs of this package's resources, by the ids of their backends."""
        self.others: dict[str, str] = {}
        """The URNs of the resources of other types that manage a backend, by its id."""
        self.recorded: dict[str, dict[str, dict[str, Any]]] = {}
        """Id, account and fingerprint of this package's resources, by their names, then by their URNs."""
        for urn, resource in resources.items():
            outputs = resource["outputs"]
            if (id_ := find_managed_id(resource["type"], outputs)) is None:
                continue
            if resource["type"] != TYPE:
                self.others[id_] = urn
                continue
            self.managers[id_] = urn
            facts = {name: outputs.get(name) for name in ("account", FINGERPRINT) if outputs.get(name) is not None}
            self.recorded.setdefault(urn.rpartition("::")[2], {})[urn] = {"id": id_, **facts}
        self.ids = " ".join(self.managers)
        """The ids of the backends of this package's resources."""

    def find_recorded(self, urns: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
        """Return those of these URNs that have a backend, with its id, account and fingerprint."""
        every = ((urn, self.recorded.get(urn.rpartition("::")[2], {}).get(urn)) for urn in urns)
        return [(urn, backend) for urn, backend in every if backend is not None]


async def read_state() -> StackState | str:
    """Return what the state holds, or why it cannot be read; read it once in a run."""
    monitor = get_monitor()
    if monitor not in _states:
        _states[monitor] = asyncio.ensure_future(_ask())
    return await _states[monitor]


_states: weakref.WeakKeyDictionary[Any, Awaitable[StackState | str]] = weakref.WeakKeyDictionary()


async def _ask() -> StackState | str:
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    why = ""
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        try:
            state = await invoke_async("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack})
            return StackState(state["outputs"])
        except Exception as error:  # of any kind; what depends on the state is then refused
            why = " ".join(str(error).split()) or type(error).__name__
    return why
