"""The resource that a program declares."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Optional

import pulumi

from pulumi_ngrok_tg.program import hidden_inputs, sdk_internals, warnings
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from pulumi_ngrok_tg.rules import properties


@pulumi.output_type
class TunnelRef(dict[str, Any]):
    """A reference to a tunnel that is online."""

    id: str
    """The tunnel's id, ``tn_...``."""
    uri: str
    """The tunnel's URI in ngrok's API."""


class TunnelGroupBackend(pulumi.dynamic.Resource, module="ngrok", name="TunnelGroupBackend"):
    """An ngrok tunnel group backend, which balances requests over all tunnels that carry all of its labels.

    API reference: https://ngrok.com/docs/api/resources/tunnel-group-backends. Every argument takes plain values,
    outputs and secrets. Absent, None, "" and {} mean the same: the field is empty at ngrok.

    Args:
        resource_name: the unique name of the resource in the stack.
        labels: the labels that a tunnel must carry to receive traffic, str to str, case-sensitive. Neither a key nor a
            value may contain "=". A tunnel may carry more labels, and may serve several backends.
        description: what the backend is for, for humans; at most 255 characters.
        metadata: data for machines, at most 4096 characters: a string, or a mapping, which becomes canonical JSON. JSON
            objects and arrays that differ only in spacing or in the order of keys are equal.
        account: the name of the ngrok account: ``"eu"`` uses the configuration ``ngrok-eu:apiKey``. None is the default
            account, which uses ``ngrok:apiKey`` or NGROK_API_KEY. If the account changes, Pulumi replaces the backend.
        opts: Pulumi's options for the resource. With ``import_``, the resource adopts the backend with that id without
            a write. Labels, description and metadata must be what ngrok holds; the preview names differences. After
            the adoption, you may keep the option as long as the backend exists.
        allow_operator_owned: adopt a backend even if ngrok's Kubernetes operator owns it and may undo changes.

    Raises:
        pulumi.RunError: the engine cannot carry a value in labels or metadata, such as a number as a label key.
    """

    account: pulumi.Output[Optional[str]]
    """The name of the ngrok account; None is the default account."""
    description: pulumi.Output[str]
    """What the backend is for, for humans; "" if it has none."""
    metadata: pulumi.Output[str]
    """Data for machines, as the API holds it; "" if it has none."""
    labels: pulumi.Output[Mapping[str, str]]
    """The labels that a tunnel must carry to receive traffic."""
    uri: pulumi.Output[str]
    """The URI of the backend in ngrok's API."""
    created_at: pulumi.Output[str]
    """When the backend was created, RFC 3339."""
    tunnels: pulumi.Output[Sequence[TunnelRef]]
    """The tunnels that were online in it when it was last read. Changes here are never drift."""

    def __init__(
        self,
        resource_name: str,
        labels: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        description: pulumi.Input[str] | None = None,
        metadata: pulumi.Input[str | Mapping[str, Any]] | None = None,
        account: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        allow_operator_owned: bool = False,
    ) -> None:
        warnings.warn_of_settings(account)
        encoded = _encode_inputs(
            resource_name, {"labels": labels, "metadata": metadata, "description": description, "account": account}
        )
        props: dict[str, Any] = {
            **encoded,
            # Pulumi resolves only outputs that are named here.
            "uri": None,
            "created_at": None,
            "tunnels": None,
        }

        def encode_transformed(given: Mapping[str, Any]) -> dict[str, Any]:
            changed = {name: value for name, value in given.items() if value is not encoded.get(name, value)}
            return {**given, **_encode_inputs(resource_name, changed)}

        opts = hidden_inputs.finish(self, opts, encode_transformed, allow_operator_owned)
        with sdk_internals.keep_pickler():
            super().__init__(TunnelGroupBackendProvider(), resource_name, props, opts)

    def __init_subclass__(cls) -> None:
        # So policies, adoption and the command treat a subclass as a backend.
        super().__init_subclass__(module="ngrok", name="TunnelGroupBackend")

    @staticmethod
    def get(
        resource_name: str,
        id: pulumi.Input[str],
        account: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> "TunnelGroupBackend":
        """Read a backend that something else manages. This stack never changes or deletes it.

        Args:
            resource_name: the unique name of the resource in the stack.
            id: the backend's id, ``bkdtg_...``.
            account: the name of the ngrok account, as in the constructor.
            opts: Pulumi's options for the resource.
        """
        return TunnelGroupBackend(
            resource_name, account=account, opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        )


def _encode_inputs(resource_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of labels, metadata, description and account that are given, checked and encoded."""
    if _holds_outputs(metadata := inputs.get("metadata")):
        # A mapping becomes one string: a secret in it makes the whole string secret, an unknown makes it unknown.
        inputs = {**inputs, "metadata": pulumi.Output.from_input(metadata)}
    rules: dict[str, Callable[[Any], Any]] = {
        "labels": partial(_encode_labels, resource_name, isinstance(inputs.get("labels"), Mapping)),
        "metadata": properties.encode_metadata,
        "description": partial(properties.require_text, "description"),
        "account": partial(properties.require_text, "account"),
    }
    return {name: _encode(resource_name, rule, inputs[name]) for name, rule in rules.items() if name in inputs}


def _encode(resource_name: str, rule: Callable[[Any], Any], value: Any) -> Any:
    """Apply a rule of :mod:`properties` to an input, now or once it is known."""

    def encode(known: Any) -> Any:
        try:
            return rule(known)
        except ValueError as error:
            raise pulumi.RunError(f"TunnelGroupBackend {resource_name!r}: {error}") from error

    if isinstance(value, Awaitable):
        value = pulumi.Output.from_input(value)
    return value.apply(encode) if isinstance(value, pulumi.Output) else encode(value)


def _encode_labels(resource_name: str, plain: bool, labels: Any) -> Any:
    """Check labels that the wire format cannot carry; each value on its own, so that only secret ones become secret."""
    if labels is None:
        return None
    if not isinstance(labels, Mapping):
        return properties.require_text("labels", labels)
    for key in labels:
        properties.require_label_key(key, plain)
    return {
        key: _encode(resource_name, partial(properties.require_label_value, key, plain=plain), value)
        for key, value in labels.items()
    }


def _holds_outputs(value: Any) -> bool:
    """Tell whether a value is an output or holds one, at any depth; it may contain itself."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, pulumi.Output | Awaitable):
            return True
        if isinstance(inner, Mapping | list | tuple) and id(inner) not in seen:
            seen.add(id(inner))
            waiting += inner.values() if isinstance(inner, Mapping) else inner
    return False
