"""``ResourceOptions(import_=...)`` of a dynamic resource, handed over to the provider as an input.

The engine would serve the option with a Read that lacks the provider (https://github.com/pulumi/pulumi/issues/16175),
so it is taken out of the options: given, merged, or set by a transformation.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_ngrok_tg import adoption, upstream
from pulumi_ngrok_tg.stack_state import Later, read_state
from pulumi_ngrok_tg.state import is_managed

_NAMES = ("description", "metadata", "labels")


def catch(
    props: Mapping[str, Any], opts: pulumi.ResourceOptions | None, allow_operator_owned: bool
) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """Returns a resource's props and options such that an ``import_`` in the options becomes a prop.

    Args:
        props: the resource's props.
        opts: the options as the program gives them.
        allow_operator_owned: whether a backend of ngrok's Kubernetes operator may be adopted.
    """
    if allow_operator_owned:
        props = {**props, adoption.ALLOW_OPERATOR_OWNED: True}
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[_append_last]))
    return dict(props), opts


def _append_last(args: pulumi.ResourceTransformationArgs) -> None:
    """Adds a transformation after all others, those of the parents, too: their list may grow while they run."""
    resource = args.resource

    def last(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.resource is not resource or args.opts.import_ is None:  # children inherit transformations
            return None
        if upstream.is_mocked():  # it adopts whatever the test's mocks say
            return None
        return pulumi.ResourceTransformationResult(*_move(args.props, args.opts))

    # Where upstream has changed, the engine gets import_ as it is.
    getattr(resource, "_transformations", []).append(last)


def _move(props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """Takes ``import_`` out of the options, and puts it into the props with all else that the provider has to know."""
    id_ = pulumi.Output.from_input(opts.import_)
    rest = pulumi.ResourceOptions.merge(opts, None)
    rest.import_ = None
    said = {"id": id_, "secret": Later(lambda: _secret(props, rest)), "state": Later(lambda: _look_up(id_))}
    return {**props, adoption.INPUT: said}, rest


async def _secret(props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> list[str]:
    """Names the props that hold a secret; the provider gets their values without that mark."""
    names = set(opts.additional_secret_outputs or ())
    return sorted(names | {name for name in _NAMES if await _is_secret(props.get(name))})


async def _is_secret(value: Any) -> bool:
    if isinstance(value, pulumi.Output):
        return await value.is_secret()
    return isinstance(value, Mapping) and any([await _is_secret(item) for item in value.values()])


async def _look_up(id_: pulumi.Output[Any]) -> dict[str, str | None]:
    """Returns under which URN the stack's state already manages a backend, or why that is not known."""
    known = await id_.future()
    state = await read_state()
    if isinstance(state, str):
        return {"unread": state}
    managers = (
        urn
        for urn, resource in state.items()
        if is_managed(resource["type"], resource["outputs"]) and resource["outputs"]["uri"].rpartition("/")[2] == known
    )
    return {"managed_by": next(managers, None)}
