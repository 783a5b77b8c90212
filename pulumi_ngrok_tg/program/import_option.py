"""Passes ``ResourceOptions(import_=...)`` to the provider as an input.

The engine cannot import dynamic resources: its Read gets no provider (https://github.com/pulumi/pulumi/issues/16175).
So this takes ``import_`` out of the options, whether given, merged, or set by a transformation.
"""

import os
import weakref
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import settings

from pulumi_ngrok_tg.api.models import is_id
from pulumi_ngrok_tg.engine import upstream
from pulumi_ngrok_tg.program import identical
from pulumi_ngrok_tg.program.stack_state import Later, find_holders, find_managed, read_state
from pulumi_ngrok_tg.rules import adoption

_NAMES = ("description", "metadata", "labels")


def move_import(
    props: Mapping[str, Any], opts: pulumi.ResourceOptions | None, allow_operator_owned: bool
) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """Return a resource's props and options, changed so that an ``import_`` in the options becomes a prop.

    Args:
        props: the resource's props.
        opts: the options of the program.
        allow_operator_owned: whether to allow the adoption of a backend that ngrok's Kubernetes operator owns.
    """
    if allow_operator_owned:
        props = {**props, adoption.ALLOW_OPERATOR_OWNED: True}
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[_append_last]))
    return dict(props), opts


def _append_last(args: pulumi.ResourceTransformationArgs) -> None:
    """Add a transformation that runs after all others, also after those of the parents."""
    resource = args.resource

    def last(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.resource is not resource or upstream.is_mocked():  # children inherit transformations
            return None
        if args.opts.import_ is not None:
            return pulumi.ResourceTransformationResult(*_move(args.props, args.opts))
        if (mode := os.environ.get(identical.VARIABLE)) and args.opts.id is None:
            offered = {"mode": mode, **identical.offer(args.name, args.props)}
            props = {**args.props, adoption.INPUT: {**offered, **_describe(args.props, args.opts)}}
            return pulumi.ResourceTransformationResult(props, args.opts)
        return None

    # If upstream has changed, the engine gets import_ as it is.
    getattr(resource, "_transformations", []).append(last)


def _move(props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """Move ``import_`` from the options into the props, with what else the provider has to know."""
    id_ = pulumi.Output.from_input(opts.import_)
    rest = pulumi.ResourceOptions.merge(opts, None)
    rest.import_ = None
    ids = _ids.setdefault(settings.get_monitor(), set())
    if isinstance(opts.import_, str) and is_id(opts.import_):
        ids.add(opts.import_)
    said = {"id": id_, "state": Later(lambda: _look_up(id_, ids)), **_describe(props, rest)}
    return {**props, adoption.INPUT: said}, rest


_ids: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()
"""The ids of the backends that each run of a program adopts."""


def _describe(props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> dict[str, Any]:
    return {"plain": Later(lambda: _find_plain(props, opts))}


async def _find_plain(props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Return the props that are not secret, with their values: the provider cannot see which are secret."""
    plain = {}
    for name in _NAMES:
        value = pulumi.Output.from_input(props.get(name))
        if (
            name not in (opts.additional_secret_outputs or ())
            and not await value.is_secret()
            and await value.is_known()
        ):
            plain[name] = await value.future()
    return plain


async def _look_up(id_: pulumi.Output[Any], ids: set[str]) -> dict[str, Any]:
    """Return which resources of the stack's state hold a backend, or why that is unknown.

    Also return how many backends the program is about to adopt, which is the number of reads to come.
    """
    known = str(await id_.future())
    state = await read_state()
    if isinstance(state, str):
        return {"unread": state}
    managed = {held: urn for urn, held in find_managed(state).items()}
    return {
        "managed_by": managed.get(known),
        "held_by": find_holders(state, known),
        "count": len(ids - managed.keys()),
    }
