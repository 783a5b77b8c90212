"""What a stack's state holds about a backend."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_ngrok_tg.api.models import is_id

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.models import Backend

TYPE = "pulumi-python:dynamic/ngrok:TunnelGroupBackend"
"""The resource's type token."""
DYNAMIC = "pulumi-python:dynamic"
"""The beginning of the types of all dynamic resources in Python."""
_NO_HOLDERS = ("pulumi:pulumi:Stack", "pulumi:pulumi:StackReference")
FINGERPRINT = "__key_fingerprint"
"""The output with the fingerprint of the key that saw the backend last. The engine displays no name with "__"."""
READ_ONLY = "__read_only"
"""The output that marks a backend that ``TunnelGroupBackend.get`` has read and the stack does not manage."""


def build_outputs(backend: "Backend", account: str | None, fingerprint: str) -> dict[str, Any]:
    """Return the resource's outputs: the backend as the API holds it, its account, and the key's fingerprint."""
    return {
        "account": account,
        "description": backend.description,
        "metadata": backend.metadata,
        "labels": dict(backend.labels),
        "uri": backend.uri,
        "created_at": backend.created_at,
        "tunnels": [{"id": tunnel.id, "uri": tunnel.uri} for tunnel in backend.tunnels or ()],
        FINGERPRINT: fingerprint,
    }


def find_held(type_: str, outputs: Mapping[str, Any], id_: object = None) -> set[str]:
    """Return the ids of the backends that a resource of a state holds; its stack may manage them.

    A resource that only reads a backend holds none, nor do a stack's own outputs.

    Args:
        type_: the resource's type token.
        outputs: its outputs. A backend's id may be one of them, or the end of a URI; in dynamic resources of other
            types, at any depth.
        id_: the resource's own id, if known (a program cannot read ids).
    """
    if type_ in _NO_HOLDERS or (type_ == TYPE and outputs.get(READ_ONLY)):
        return set()
    if is_id(id_):
        return {str(id_)}
    if type_ == TYPE:
        values: Iterable[Any] = [outputs.get("uri")]
    else:
        values = _find_texts(outputs) if type_.startswith(DYNAMIC) else outputs.values()
    ends = (value.rpartition("/")[2] for value in values if isinstance(value, str))
    return {end for end in ends if is_id(end)}


def _find_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _find_texts(inner)
