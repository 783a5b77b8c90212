"""Checks the body of a create or an update.

ngrok publishes no maximum for labels, so there is none unless the settings name one. For description and metadata, the
documented 255 and 4096 characters hold.
"""

import json
from collections.abc import Mapping
from typing import Any

from pulumi_ngrok_tg.emulator.errors import make_error
from pulumi_ngrok_tg.emulator.messages import HttpRequest
from pulumi_ngrok_tg.emulator.settings_and_faults import Settings

_FIELDS = ("description", "metadata", "labels")
_MAX_DESCRIPTION, _MAX_METADATA = 255, 4096  # characters


def read_contents(request: HttpRequest, settings: Settings, id_: str | None = None) -> Mapping[str, Any]:
    """Return the fields that a create, or an update of ``id_``, writes, or raise ngrok's error."""
    body = _json_object(request)
    supported = (*_FIELDS, "id") if id_ else _FIELDS
    for name in body:
        if name not in supported:
            raise make_error(214, name=name, supported=", ".join(supported))
    if body.get("id", id_) != id_:
        raise make_error(215, name="id")
    check_contents(body, settings)
    return body


def check_contents(contents: Mapping[str, Any], settings: Settings) -> None:
    """Raise ngrok's error for a description, metadata or labels that a backend cannot have."""
    for name in ("description", "metadata"):
        if not isinstance(contents.get(name), str | None):
            raise make_error(215, name=name)
    for code, name, most in ((6503, "description", _MAX_DESCRIPTION), (6504, "metadata", _MAX_METADATA)):
        if (length := len(contents.get(name) or "")) > most:
            raise make_error(code, max=most, value=length)
    _check_labels(contents.get("labels"), settings)


def _json_object(request: HttpRequest) -> dict[str, Any]:
    if not request.content_type:
        raise make_error(216)
    if request.content_type != "application/json":
        raise make_error(210, type=request.content_type)
    try:
        body = json.loads((request.content or b"").decode(), parse_constant=_no_json)
    except (ValueError, RecursionError):
        raise make_error(213) from None
    if not isinstance(body, dict):
        raise make_error(213)
    return body


def _no_json(constant: str) -> None:
    raise ValueError(constant)


def _check_labels(labels: object, settings: Settings) -> None:
    if labels is None:
        return
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise make_error(215, name="labels")
    if settings.max_labels is not None and len(labels) > settings.max_labels:
        raise make_error(6508, max=settings.max_labels, value=len(labels))
    for key, value in labels.items():
        if not key or _too_long(key, settings.max_label_key):
            raise make_error(6509, min=1, max=_number(settings.max_label_key), name=key, value=len(key))
        if _too_long(value, settings.max_label_value):
            raise make_error(6510, min=0, max=_number(settings.max_label_value), name=value, value=len(value))
        if "=" in key or "=" in value:
            raise make_error(6531, id=key if "=" in key else value)


def _too_long(text: str, most: int | None) -> bool:
    return most is not None and len(text) > most


def _number(most: int | None) -> str:
    return "any number" if most is None else str(most)
