"""What the program tells the user once: misplaced settings, and at the end how many backends the run adopts."""

import os
import weakref
from typing import Any

import pulumi
from pulumi.runtime import get_config, is_dry_run
from pulumi.runtime.config import is_config_secret
from pulumi.runtime.settings import get_monitor

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.program.state import read_state
from pulumi_ngrok_tg.rules import adoption

_declared: weakref.WeakKeyDictionary[Any, list[pulumi.CustomResource]] = weakref.WeakKeyDictionary()
"""The resources of each run of a program."""


def count(resource: pulumi.CustomResource) -> None:
    """Count a resource that is about to register."""
    resources = _declared.setdefault(get_monitor(), [])
    resources.append(resource)
    if len(resources) == 1:
        report: Any = _report(resources)
        pulumi.Output.from_input(report)  # Pulumi awaits every output before the program ends


async def _report(resources: list[pulumi.CustomResource]) -> bool:
    state = await read_state()
    if isinstance(state, str):
        return False
    before = {*state.ids.split()}
    adopted = created = seen = 0
    while seen < len(resources):  # an apply may declare more
        resource, seen = resources[seen], seen + 1
        if not await resource.id.is_known() or await resource.id.future() not in before:
            adopts = await getattr(resource, adoption.INPUT).future() is not None
            adopted, created = adopted + adopts, created + (not adopts)
    if adopted:
        done = f"{adopted} to adopt, {created} to create" if is_dry_run() else f"{adopted} adopted, {created} created"
        pulumi.log.info(f"{done} at ngrok. Pulumi counts both as created.")
    return bool(adopted)


_warned: set[tuple[str, str, str]] = set()


def warn_of_settings(account: Any) -> None:
    """Warn once, for each stack and account, about an API key in plain text and about variables with a typo."""
    _warn_of_plain_key(account)
    for line in stack_config.find_misspelled_variables(os.environ):
        _warn(line, line)


def _warn_of_plain_key(account: Any) -> None:
    if account is not None and not isinstance(account, str):
        return
    key = f"{stack_config.find_namespace(account)}:apiKey"
    if get_config(key) is not None and not is_config_secret(key):
        _warn(key, f"{key} is in plain text in the stack's config. Run `pulumi config set --secret {key}` instead.")


def _warn(what: str, line: str) -> None:
    place = (pulumi.get_project(), pulumi.get_stack(), what)
    if place not in _warned:
        _warned.add(place)
        pulumi.log.warn(line)
