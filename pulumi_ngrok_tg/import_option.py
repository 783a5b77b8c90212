"""``ResourceOptions(import_=...)`` of a dynamic resource, handed over to the provider as an input.

The engine would serve the option with a Read that lacks the provider (https://github.com/pulumi/pulumi/issues/16175),
so it is taken out of the options, however it got there: given, merged, or set by a transformation or a transform.
"""

import asyncio
import sys
import weakref
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import rpc, settings
from pulumi.runtime.invoke import invoke_async
from pulumi.runtime.mocks import MockMonitor

from pulumi_ngrok_tg import adoption
from pulumi_ngrok_tg.state import TYPE, is_managed

_TRANSFORMS = "__transforms"
"""A prop without a value; what awaits it adds our transform before the resource is registered."""
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
    return {**props, _TRANSFORMS: _Later(lambda: _catch_transforms(opts))}, opts


def _append_last(args: pulumi.ResourceTransformationArgs) -> None:
    """Adds a transformation after all others, those of the parents, too: their list may grow while they run."""
    resource = args.resource

    def last(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.resource is not resource or args.opts.import_ is None:  # children inherit transformations
            return None
        if isinstance(settings.get_monitor(), MockMonitor):  # it adopts whatever the test's mocks say
            return None
        return pulumi.ResourceTransformationResult(*_move(args.props, args.opts))

    # Where upstream has changed, the engine gets import_ as it is.
    getattr(resource, "_transformations", []).append(last)


async def _catch_transforms(opts: pulumi.ResourceOptions) -> None:
    """Adds a transform after those of the program, where it has any: from then on the engine asks for each resource."""
    if opts.parent is not None:
        await opts.parent.urn.future()  # from here on its transforms are registered
    monitor, count = settings.get_monitor(), _transforms()
    if opts.transforms or count > 0:
        known, _ = _added.get(monitor, (-1, None))
        if count > known:  # also where the program has added one since, which would come after ours
            _added[monitor] = (count + 1, asyncio.ensure_future(_add_transform()))
        await _added[monitor][1]


_added: weakref.WeakKeyDictionary[Any, tuple[int, Awaitable[None]]] = weakref.WeakKeyDictionary()
"""For each run of a program how many transforms there were when ours was added, with it, and when it is."""


def _transforms() -> int:
    """Counts the transforms of the program, and what else the engine calls it back for."""
    callbacks = getattr(sys.modules.get("pulumi.runtime._callbacks"), "_CallbackServicer", None)
    servicers = getattr(callbacks, "_servicers", ())
    return sum(len(getattr(servicer, "_callbacks", ())) for servicer in servicers)


async def _add_transform() -> None:
    get_callbacks = getattr(settings, "_get_callbacks", None)
    callbacks = await get_callbacks() if get_callbacks else None
    if register := getattr(callbacks, "register_stack_transform", None):  # else this is a test with mocks
        register(_transform)


def _transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.type_ != TYPE:
        return None
    if args.opts.import_ is not None:
        return pulumi.ResourceTransformResult(*_move(args.props, args.opts))
    said = args.props.get(adoption.INPUT)
    if isinstance(said, Mapping):  # a transform may have set secrets since
        secret = _Later(lambda: _secret(args.props, args.opts, said.get("secret") or ()))
        return pulumi.ResourceTransformResult({**args.props, adoption.INPUT: {**said, "secret": secret}}, args.opts)
    return None


def _move(props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """Takes ``import_`` out of the options, and puts it into the props with all else that the provider has to know."""
    id_ = pulumi.Output.from_input(opts.import_)
    rest = pulumi.ResourceOptions.merge(opts, None)
    rest.import_ = None
    state = _Later(lambda: _look_up(id_))
    said = {"id": id_, "secret": _Later(lambda: _secret(props, rest)), "state": state}
    return {**props, adoption.INPUT: said}, rest


class _Later:
    """Awaits what a function returns; unlike a coroutine, it may be left alone where another input fails."""

    def __init__(self, begin: Callable[[], Awaitable[Any]]) -> None:
        self._begin = begin

    def __await__(self) -> Generator[Any, None, Any]:
        return self._begin().__await__()


async def _secret(props: Mapping[str, Any], opts: pulumi.ResourceOptions, known: Iterable[str] = ()) -> list[str]:
    """Names the props that hold a secret; the provider gets their values without that mark."""
    names = {*known, *(opts.additional_secret_outputs or ())}
    return sorted(names | {name for name in _NAMES if await _is_secret(props.get(name))})


async def _is_secret(value: Any) -> bool:
    if isinstance(value, pulumi.Output):
        return await value.is_secret()
    if not isinstance(value, Mapping):
        return False
    # A transform gets secrets in the form they have on the wire.
    return rpc.is_rpc_secret(value) or any([await _is_secret(item) for item in value.values()])


async def _look_up(id_: pulumi.Output[Any]) -> dict[str, str | None]:
    """Returns under which URN the stack's state already manages a backend, or why that is not known."""
    known = await id_.future()
    monitor = settings.get_monitor()
    if monitor not in _managed:
        _managed[monitor] = asyncio.ensure_future(_read_state())
    managed = await _managed[monitor]
    return {"unread": managed} if isinstance(managed, str) else {"managed_by": managed.get(known)}


_managed: weakref.WeakKeyDictionary[Any, Awaitable[dict[Any, str] | str]] = weakref.WeakKeyDictionary()
"""For each run of a program the backends that the state has at its beginning, id to URN; or why they are not known."""


async def _read_state() -> dict[Any, str] | str:
    """Asks the engine for the outputs in this stack's state, which hold the backends' URIs but not the ids."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        state = await invoke_async("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack})
        return {
            str(resource["outputs"]["uri"]).rpartition("/")[2]: urn
            for urn, resource in state["outputs"].items()
            if is_managed(resource["type"], resource["outputs"])
        }
    except Exception as error:  # whatever the engine says; the provider refuses to adopt then
        return " ".join(str(error).split())
