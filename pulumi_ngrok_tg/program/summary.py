"""Says at the end of a preview how many resources adopt a backend: Pulumi counts each adoption as a create."""

import weakref
from typing import Any

import pulumi
from pulumi.runtime import is_dry_run
from pulumi.runtime.settings import get_monitor

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
