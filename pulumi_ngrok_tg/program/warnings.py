"""What the program tells the user once: a plain API key, and at the end of a preview how many backends it adopts."""

import weakref
from typing import Any

import pulumi
from pulumi.runtime import get_config, is_dry_run
from pulumi.runtime.config import is_config_secret
from pulumi.runtime.settings import get_monitor

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.rules import adoption

_declared: weakref.WeakKeyDictionary[Any, list[pulumi.CustomResource]] = weakref.WeakKeyDictionary()
"""The resources of each run of a program."""


def count(resource: pulumi.CustomResource) -> None:
    """Count a resource that is about to register."""
    resources = _declared.setdefault(get_monitor(), [])
    resources.append(resource)
    if len(resources) == 1 and is_dry_run():
        report: Any = _report(resources)
        pulumi.Output.from_input(report)  # Pulumi awaits every output before the program ends


async def _report(resources: list[pulumi.CustomResource]) -> bool:
    adopted = created = seen = 0
    while seen < len(resources):  # an apply may declare more
        resource, seen = resources[seen], seen + 1
        if not await resource.id.is_known():
            adopts = await getattr(resource, adoption.INPUT).future() is not None
            adopted, created = adopted + adopts, created + (not adopts)
    if adopted:
        pulumi.log.info(f"Of what Pulumi counts as created: {adopted} adopted as they are, {created} created at ngrok.")
    return bool(adopted)


_warned: set[tuple[str, str, str]] = set()


def warn_of_plain_key(account: Any) -> None:
    """Warn once, for each stack and account, about an API key in plain text in the stack's config."""
    if account is not None and not isinstance(account, str):
        return
    key = f"{stack_config.find_namespace(account)}:apiKey"
    place = (pulumi.get_project(), pulumi.get_stack(), key)
    if place not in _warned and get_config(key) is not None and not is_config_secret(key):
        _warned.add(place)
        pulumi.log.warn(
            f"{key} is in plain text in the stack's config. Run `pulumi config set --secret {key}` instead."
        )
