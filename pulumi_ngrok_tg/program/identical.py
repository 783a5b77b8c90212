"""``PULUMI_NGROK_TG_ADOPT=identical``: a create adopts the one backend that has exactly its contents.

It is for one run, after a state or a response was lost. The program finds the candidates, because it can read the
stack's state; the provider decides whether one is adopted, as for ``import_``.
"""

import asyncio
import json
import weakref
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import get_config, settings

from pulumi_ngrok_tg.accounts import config
from pulumi_ngrok_tg.api.errors import NgrokError
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.program import account_listing
from pulumi_ngrok_tg.program.stack_state import Later, find_holders, find_managed, read_state
from pulumi_ngrok_tg.rules import advice, properties

VARIABLE = "PULUMI_NGROK_TG_ADOPT"
"""The environment variable. It is not a config value, because that would hold for later runs, too."""


class _Run:
    """Identical backends, as far as one run of a program knows."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        """The names of the resources without outputs in their contents, by these contents."""
        self.indexes: dict[str | None, asyncio.Task[dict[str, list[Backend]]]] = {}
        """The backends of each account, by their contents."""


_runs: weakref.WeakKeyDictionary[Any, _Run] = weakref.WeakKeyDictionary()


def offer(name: str, props: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the provider has to know about a resource that may adopt an identical backend.

    Args:
        name: the resource's name.
        props: its inputs.
    """
    run = _runs.setdefault(settings.get_monitor(), _Run())
    key = _identify(props, props.get("account")) if _is_plain(props) else None
    if key is not None:
        run.names.setdefault(key, []).append(name)
    return {
        "twins": Later(lambda: _find_twins(run, key)),
        "identical": Later(lambda: _find(run, props)),
    }


async def _find_twins(run: _Run, key: str | None) -> list[str]:
    """Return the names of all new resources with the same contents, if there are several; else nothing."""
    state = await read_state()
    there = set() if isinstance(state, str) else {urn.rpartition("::")[2] for urn in state}
    names = [name for name in run.names.get(key or "", []) if name not in there]
    return names if len(names) > 1 else []


async def _find(run: _Run, props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ids of the account's backends with these contents that the state does not hold, or what failed."""
    names = ("account", "description", "metadata", "labels")
    inputs = pulumi.Output.all(**{name: props.get(name) for name in names})
    if not await inputs.is_known():
        return {"unknown": True}
    known: dict[str, Any] = await inputs.future() or {}
    normal, problems = properties.check(known)
    if problems:
        return {"ids": []}  # the provider reports the problems
    state = await read_state()
    if isinstance(state, str):
        return {"unread": f"the stack's state could not be read ({state})"}
    account = normal.get("account")
    if account not in run.indexes:
        run.indexes[account] = asyncio.ensure_future(asyncio.to_thread(_index, account))
    try:
        index = await run.indexes[account]
    except NgrokError as error:
        return {"unread": advice.explain(error, config.locate(get_config, account))}
    except config.ConfigError as error:
        return {"unread": str(error)}
    managed = set(find_managed(state).values())
    same = [b.id for b in index.get(_identify(normal, account), []) if not properties.find_changes(b.contents, normal)]
    free = [id_ for id_ in same if id_ not in managed]
    return {"ids": free, "held_by": [holder for id_ in free for holder in find_holders(state, id_)]}


def _index(account: str | None) -> dict[str, list[Backend]]:
    index: dict[str, list[Backend]] = {}
    for backend in account_listing.find_account(account).find_carrying({}, account_listing.EVER):
        index.setdefault(_identify(backend.contents, account), []).append(backend)
    return index


def _identify(contents: Mapping[str, Any], account: Any) -> str:
    """Return a text that is equal for contents of equal meaning, and rarely equal for others."""
    whole = properties.take_contents(contents)
    # JSON in another order has the same characters.
    metadata = sorted(character for character in whole["metadata"] if not character.isspace())
    return json.dumps([account, whole["description"], "".join(metadata), sorted(whole["labels"].items())])


def _is_plain(props: Mapping[str, Any]) -> bool:
    """Tell whether a resource's contents hold no outputs."""
    labels = props.get("labels") or {}
    values = [props.get(name) for name in ("account", "description", "metadata")]
    return isinstance(labels, Mapping) and all(
        value is None or isinstance(value, str) for value in (*values, *labels.values())
    )
