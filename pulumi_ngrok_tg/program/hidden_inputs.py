"""Passes to the provider what only the program knows of a resource, and the option ``import_``, as inputs.

The engine cannot import dynamic resources: its Read gets no provider (https://github.com/pulumi/pulumi/issues/16175).
So ``import_`` leaves the options, whether given, merged, or set by a transformation.
"""

import weakref
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi
from pulumi.runtime import get_config, is_dry_run
from pulumi.runtime.settings import get_monitor

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.program import sdk_internals, warnings
from pulumi_ngrok_tg.program.state import read_state
from pulumi_ngrok_tg.rules import adoption, facts, properties
from pulumi_ngrok_tg.rules.facts import Facts


def finish(
    resource: pulumi.CustomResource,
    opts: pulumi.ResourceOptions | None,
    encode: Callable[[Mapping[str, Any]], dict[str, Any]],
    allow_operator_owned: bool,
) -> pulumi.ResourceOptions:
    """Return options with which a resource's inputs get their last form, after all transformations.

    Args:
        resource: the resource, which is about to register. Its children inherit the transformation, so it acts on
            this resource alone.
        opts: the options of the program.
        encode: checks and encodes inputs.
        allow_operator_owned: whether to allow the adoption of a backend that ngrok's Kubernetes operator owns.
    """

    def append(args: pulumi.ResourceTransformationArgs) -> None:
        if args.resource is resource:
            # If upstream has changed, the engine gets import_ as it is, and the provider no facts.
            getattr(resource, "_transformations", []).append(last)

    def last(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.resource is not resource:
            return None
        props, options = encode(args.props), args.opts
        if not sdk_internals.is_mocked() and options.id is None:
            props[adoption.INPUT] = import_ = options.import_
            if import_ is not None:
                options = pulumi.ResourceOptions.merge(options, None)
                options.import_ = None
            warnings.count(resource, import_)
            props[facts.INPUT] = _Later(
                _Declaration(args.name, resource, props, options, allow_operator_owned).describe
            )
        return pulumi.ResourceTransformationResult(props, options)

    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[append]))


class _Later:
    """Awaits what a function returns. Unlike a coroutine, it may stay unawaited, as when another input fails."""

    def __init__(self, begin: Callable[[], Awaitable[Any]]) -> None:
        self._begin = begin

    def __await__(self) -> Generator[Any, None, Any]:
        return self._begin().__await__()


_importers: weakref.WeakKeyDictionary[Any, dict[str, pulumi.Resource]] = weakref.WeakKeyDictionary()
"""The first resource of each run of a program whose ``import_`` names a backend, by the backend's id."""


@dataclass
class _Declaration:
    """One resource of the program."""

    name: str
    resource: pulumi.Resource
    props: Mapping[str, Any]
    opts: pulumi.ResourceOptions
    allow_operator_owned: bool

    def __post_init__(self) -> None:
        self._importers = _importers.setdefault(get_monitor(), {})
        self._note_import(self.props.get(adoption.INPUT))

    async def describe(self) -> str:
        """Return the facts as an input."""
        looked_up = await self._look_up()
        return Facts(
            **looked_up,
            **await self._reveal(is_new=not looked_up.get("recorded")),
            previews=is_dry_run(),
            refuses=get_config(stack_config.ON_TRAFFIC_LOSS) == "refuse",
            retains=bool(self.opts.retain_on_delete),
            explicit=getattr(self.resource, "_provider", None) is not None,
            allow_operator_owned=self.allow_operator_owned,
        ).to_input()

    def _note_import(self, id_: object) -> pulumi.Resource:
        """Return the first resource of the program whose ``import_`` names this backend; this one if id is none."""
        if not isinstance(id_, str):
            return self.resource
        return self._importers.setdefault(id_, self.resource)

    async def _look_up(self) -> dict[str, Any]:
        """Return what the state and the rest of the program hold about this resource and what it adopts."""
        found: dict[str, Any] = {}
        id_ = await pulumi.Output.from_input(self.props.get(adoption.INPUT)).future()
        if id_ is not None:
            first = self._note_import(id_)
            found["adoptions"] = len(self._importers)
            found["twin"] = None if first is self.resource else first.pulumi_resource_name
        state = await read_state()
        if isinstance(state, str):
            return {**found, "unread": state}
        recorded = state.recorded.get(self.name, {})
        aliases = [str(await pulumi.Output.from_input(one).future()) for one in getattr(self.resource, "_aliases", ())]
        others = {str(id_): state.others[str(id_)]} if str(id_) in state.others else {}
        if not recorded:  # a new resource, so that all others cost nothing
            found |= {"managed": state.ids, "imported": " ".join(self._importers)}
            others = state.others
        before = dict(state.find_recorded(aliases))
        return {
            **found,
            "unread": None,
            "recorded": {**before, **recorded},
            "aliases": tuple(before),
            "others": others,
            "manager": state.managers.get(str(id_)),
        }

    async def _reveal(self, is_new: bool) -> dict[str, Any]:
        """Return what is given, plain and unknown among the inputs."""
        names = ("account", "description", "metadata", adoption.INPUT)
        resolved = {name: await _Resolved.read(self.props.get(name)) for name in names}
        labels = self.props.get("labels")
        whole = _Resolved(labels) if isinstance(labels, Mapping) else await _Resolved.read(labels)
        given = whole.value if isinstance(whole.value, Mapping) else {}
        each = {key: await _Resolved.read(value) for key, value in given.items()}
        plain = {name: resolved[name].value for name in ("description", "metadata") if resolved[name].is_plain}
        if whole.is_plain:
            plain["labels"] = {key: one.value for key, one in each.items() if one.is_plain}
        for name in self.opts.additional_secret_outputs or ():
            plain.pop(name, None)
        may_change = self.opts.transforms or sdk_internals.has_transforms()  # and make secret what is plain here
        # What the engine ignores is the old value, known and whole; for a new resource, it ignores nothing.
        ignored = set(() if is_new else self.opts.ignore_changes or ())
        paths = {key: {"*", "labels", properties.format_label_path(key)} for key in each}
        kept = [key for key in each if not paths[key] & ignored]
        every = {
            **{name: one for name, one in {**resolved, "labels": whole}.items() if not {"*", name} & ignored},
            **{properties.format_label_path(key): each[key] for key in kept},
        }
        return {
            "plain": {} if may_change else plain,
            "keys": tuple(given) if whole.is_plain and not may_change else (),
            "given": tuple(name for name in ("description", "metadata") if every.get(name, _NONE).value),
            "labels": tuple(map(facts.digest, kept)),
            "unknown": tuple(
                "import_" if name == adoption.INPUT else name for name, one in every.items() if not one.is_known
            ),
        }


class _Resolved(NamedTuple):
    """An input once it is resolved."""

    value: Any
    """None if it is not known."""
    is_known: bool = True
    is_plain: bool = True
    """Whether it is known and no secret."""

    @classmethod
    async def read(cls, given: Any) -> "_Resolved":
        if given is None or isinstance(given, str):
            return cls(given)
        output = pulumi.Output.from_input(given)
        known, secret = await output.is_known(), await output.is_secret()
        return cls(await output.future() if known else None, known, known and not secret)


_NONE = _Resolved(None)
