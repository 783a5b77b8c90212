"""Recognizes the backends of ngrok's Kubernetes operator, which would undo changes to them."""

import json
from collections.abc import Mapping
from typing import Any

_OWNER = "owned-by"  # in the metadata; the value differs by version, such as ngrok-ingress-controller, ngrok-operator
_LABEL_PREFIX = "k8s.ngrok.com/"


def is_operator_owned(backend: Mapping[str, Any]) -> bool:
    """Tell whether ngrok's Kubernetes operator owns a backend, by its labels or its metadata.

    Args:
        backend: ``labels`` and ``metadata``, as the API or a program holds them; either may be absent.
    """
    labels = backend.get("labels")
    if isinstance(labels, Mapping) and any(str(key).startswith(_LABEL_PREFIX) for key in labels):
        return True
    try:
        metadata = json.loads(backend.get("metadata") or "null")
    except (ValueError, TypeError, RecursionError):
        return False
    return isinstance(metadata, Mapping) and _OWNER in metadata
