"""Passes to the provider what the stack's state holds for a resource, in case its create is a replacement.

For some replacements (``--replace``, ``pulumi state taint``, ``replacement_trigger``) the engine calls no diff, and the
provider sees only a create. If onTrafficLoss is ``refuse``, the provider has to know which backend is replaced.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import get_config

from pulumi_ngrok_tg.accounts import config
from pulumi_ngrok_tg.engine import upstream
from pulumi_ngrok_tg.program.stack_state import Later, find_managed, read_state
from pulumi_ngrok_tg.rules.outputs import FINGERPRINT
from pulumi_ngrok_tg.rules.replaced import INPUT, UNREAD


def add_held(resource_name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Add to a resource's props what the state holds for it, if onTrafficLoss is ``refuse``."""
    if opts.id is not None or get_config(config.ON_TRAFFIC_LOSS) != "refuse" or upstream.is_mocked():
        return dict(props)
    return {**props, INPUT: Later(lambda: _look_up(resource_name))}


async def _look_up(resource_name: str) -> dict[str, Any]:
    state = await read_state()
    if isinstance(state, str):
        return {UNREAD: state}
    return {
        urn: {
            "id": id_,
            **{name: state[urn]["outputs"].get(name) for name in ("account", FINGERPRINT)},
        }
        for urn, id_ in find_managed(state).items()
        if urn.endswith(f"::{resource_name}")
    }
