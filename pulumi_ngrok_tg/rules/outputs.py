"""What a stack's state holds about a backend."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.models import Backend

_MARK = "1b47061264138c4ac30d75fd1eb44270"
"""What marks a secret in Pulumi's JSON (sdk/go/common/resource/sig)."""
TYPE = "pulumi-python:dynamic/ngrok:TunnelGroupBackend"
"""The resource's type token."""
_PREFIX = "bkdtg_"
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


def find_managed_id(type_: str, outputs: Mapping[str, Any], id_: str | None = None) -> str | None:
    """Return the id of the backend that a resource of a state manages, or None.

    A resource manages a backend if its own id is the backend's. An id anywhere else in it is a reference: outputs are
    made to be consumed.

    Args:
        type_: the resource's type token.
        outputs: its outputs.
        id_: its own id; None if it cannot be read, as in a program. There, the ``id`` or ``uri`` among the outputs of a
            dynamic resource, or of one of ngrok's bridged provider, stands for it.
    """
    if type_ == TYPE and outputs.get(READ_ONLY):
        return None
    if id_ is None:
        named = (outputs.get("uri"),) if type_ == TYPE else (outputs.get("id"), outputs.get("uri"))
        owns = type_.startswith("ngrok:") or type_.partition(":")[2].startswith("dynamic")
        ends = [str(value).rpartition("/")[2] for value in named if owns]
    else:
        ends = [id_]
    return next((end for end in ends if end.startswith(_PREFIX)), None)


def holds_secret(value: Any) -> bool:
    """Tell whether a value in Pulumi's JSON is, or contains, a secret."""
    return _MARK in json.dumps(value)


def parse_name(urn: str) -> str:
    """Return the name of the resource with that URN."""
    return urn.split("::", 3)[3]
