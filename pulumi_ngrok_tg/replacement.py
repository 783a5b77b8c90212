"""What the stack's state holds of a resource that is to be created: then it is about to be replaced.

The engine asks no diff for some replacements (``--replace``, ``pulumi state taint``, ``replacement_trigger``) and tells
the provider of none: it sees a create. Where tunnels must not be cut off, the program says what the state holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import get_config

from pulumi_ngrok_tg import config, upstream
from pulumi_ngrok_tg.stack_state import Later, find_managed, read_state
from pulumi_ngrok_tg.state import FINGERPRINT

INPUT = "__held"
"""What the state holds of the resources of this name, by URN; it is for the provider's check alone."""
_UNREAD = "unread"


class Unread(Exception):
    """The stack's state could not be read."""


@dataclass(frozen=True)
class Held:
    """A backend of the stack's state."""

    id: str
    outputs: Mapping[str, Any]
    """Its account, and by which key it was last seen."""


def tell(resource_name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Adds to a resource's props what the state holds, where the stack refuses a loss of traffic."""
    if opts.id is not None or get_config(config.ON_TRAFFIC_LOSS) != "refuse" or upstream.is_mocked():
        return dict(props)
    return {**props, INPUT: Later(lambda: _look_up(resource_name))}


def find_held(news: Mapping[str, Any], urn: str) -> Held | None:
    """Returns what the state holds of a resource, by what the program says of it.

    Args:
        news: the program's inputs.
        urn: the resource's.

    Raises:
        Unread: nobody knows.
    """
    told = news.get(INPUT)
    if not isinstance(told, Mapping):
        return None
    if _UNREAD in told:
        raise Unread(str(told[_UNREAD]))
    held = told.get(urn)
    return Held(str(held["id"]), held) if isinstance(held, Mapping) else None


async def _look_up(resource_name: str) -> dict[str, Any]:
    state = await read_state()
    if isinstance(state, str):
        return {_UNREAD: state}
    return {
        urn: {
            "id": id_,
            **{name: state[urn]["outputs"].get(name) for name in ("account", FINGERPRINT)},
        }
        for urn, id_ in find_managed(state).items()
        if urn.endswith(f"::{resource_name}")
    }
