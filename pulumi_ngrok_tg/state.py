"""What a stack's state holds of a backend."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_ngrok_tg.api.models import is_id

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.models import Backend

TYPE = "pulumi-python:dynamic/ngrok:TunnelGroupBackend"
"""The resource's type token."""
FINGERPRINT = "__key_fingerprint"
"""The output that holds by which key the backend was last seen; the engine displays nothing that begins so."""
READ_ONLY = "__read_only"
"""The output that marks what ``TunnelGroupBackend.get`` has read and the stack does not manage."""


def outputs(backend: "Backend", account: str | None, fingerprint: str) -> dict[str, Any]:
    """Returns the resource's outputs: the backend as the API gave it, its account, and which key has seen it."""
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


def is_managed(type_: str, outputs: Mapping[str, Any]) -> bool:
    """Tells whether a resource of a state is a backend that its stack manages, not only reads."""
    return type_ == TYPE and isinstance(outputs.get("uri"), str) and not outputs.get(READ_ONLY)


def holds(type_: str, outputs: Mapping[str, Any], id_: str) -> bool:
    """Tells whether a resource's outputs hold a backend's id, alone or at the end of a URI; not if it only reads it."""
    return not (type_ == TYPE and outputs.get(READ_ONLY)) and id_ in _find_in(outputs)


def find_ids(resources: Iterable[Mapping[str, Any]]) -> set[str]:
    """Returns the ids of all backends that a state's resources hold.

    Args:
        resources: their ``type`` and ``outputs``.
    """
    return {
        id_
        for resource in resources
        if not (resource["type"] == TYPE and resource["outputs"].get(READ_ONLY))
        for id_ in _find_in(resource["outputs"])
    }


def _find_in(outputs: Mapping[str, Any]) -> set[str]:
    ends = (value.rpartition("/")[2] for value in outputs.values() if isinstance(value, str))
    return {end for end in ends if is_id(end)}
