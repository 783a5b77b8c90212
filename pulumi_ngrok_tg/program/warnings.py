"""What the program tells the user once: misplaced settings, and at the end how many backends the run adopts."""

import os
import weakref
from functools import cache
from typing import Any

import pulumi
from pulumi.runtime import get_config, is_dry_run
from pulumi.runtime.config import is_config_secret
from pulumi.runtime.settings import get_monitor

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.program.state import read_state
from pulumi_ngrok_tg.rules import adoption

_declared: weakref.WeakKeyDictionary[Any, list[tuple[pulumi.CustomResource, Any]]] = weakref.WeakKeyDictionary()
"""The resources of each run of a program, each with its option ``import_``."""


def count(resource: pulumi.CustomResource, import_: Any) -> None:
    """Count a resource that is about to register, with its option ``import_``."""
    resources = _declared.setdefault(get_monitor(), [])
    resources.append((resource, import_))
    if len(resources) == 1:
        report: Any = _report(resources)
        pulumi.Output.from_input(report)  # Pulumi awaits every output before the program ends


async def _report(resources: list[tuple[pulumi.CustomResource, Any]]) -> bool:
    state = await read_state()
    if isinstance(state, str):
        return False
    before = {*state.ids.split()}
    counts = {"adopted": 0, "created": 0, "unknown": 0}
    seen = 0
    while seen < len(resources):  # an apply may declare more
        (resource, import_), seen = resources[seen], seen + 1
        # What a run skips, or fails to create, has no id after it.
        if await resource.id.is_known() != is_dry_run() and await resource.id.future() not in before:
            is_known = await pulumi.Output.from_input(import_).is_known()
            adopts = await getattr(resource, adoption.INPUT).future() is not None
            counts["unknown" if not is_known else "adopted" if adopts else "created"] += 1
    if counts["adopted"] or counts["unknown"]:
        pulumi.log.info(adoption.describe_adoptions(**counts, previews=is_dry_run()))
    return True


_warned: set[tuple[str, str, str]] = set()


def warn_of_settings(account: Any) -> None:
    """Warn once, for each stack and account, about an API key in plain text and about variables with a typo."""
    _warn_of_variables(pulumi.get_project(), pulumi.get_stack())
    _warn_of_plain_key(account)


@cache  # it reads the whole environment, and a program may declare thousands of resources
def _warn_of_variables(_project: str, _stack: str) -> None:
    for line in stack_config.find_misspelled_variables(os.environ, get_config):
        pulumi.log.warn(line)


def _warn_of_plain_key(account: Any) -> None:
    if account is not None and not isinstance(account, str):
        return
    key = f"{stack_config.find_namespace(account)}:apiKey"
    place = (pulumi.get_project(), pulumi.get_stack(), key)
    if place not in _warned and get_config(key) is not None and not is_config_secret(key):
        _warned.add(place)
        pulumi.log.warn(
            f"{key} is in plain text in the stack's config. Run `pulumi config set --secret {key}` instead."
        )
