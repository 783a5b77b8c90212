"""The policies: the name, level, settings and rule of each. The table in docs/policies.md is generated from this."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from pulumi_ngrok_tg.policy import checks
from pulumi_ngrok_tg.policy.checks import Configured
from pulumi_ngrok_tg.policy.declared import Declared
from pulumi_ngrok_tg.policy.setting_schemas import NO_EMPTY_MATCH, Schema

BackendRule = Callable[[Declared, Configured], Iterator[str]]
StackRule = Callable[[Sequence[Declared], Configured], Iterator[tuple[Declared | None, str]]]
Rule = TypeVar("Rule", BackendRule, StackRule)
_TEXT = {"type": "string"}
_PATTERN = {"type": "string", "format": "regex"}
_LENGTH = {"type": "integer", "minimum": 1}
_ALLOW: Schema = {
    "allow": {
        "type": "array",
        "items": {**_PATTERN, "format": NO_EMPTY_MATCH},
        "default": [],
        "description": "Regular expressions that do not match the empty text. If one of them matches in a finding, the "
        "finding is not reported.",
    }
}


@dataclass(frozen=True)
class _Policy(Generic[Rule]):
    name: str
    description: str
    level: Literal["advisory", "mandatory"]
    rule: Rule
    settings: Schema = field(default_factory=dict)


class OfBackend(_Policy[BackendRule]):
    """A policy that judges one backend at a time."""


class OfStack(_Policy[StackRule]):
    """A policy that judges all backends of a stack together."""


POLICIES: tuple[OfBackend | OfStack, ...] = (
    OfBackend("labels-required", "A backend must have labels.", "mandatory", checks.labels_required),
    OfBackend(
        "required-label-keys",
        "A backend must carry the labels that the organization asks for.",
        "mandatory",
        checks.required_label_keys,
        {
            "keys": {
                "type": ["array", "object"],
                "items": _TEXT,
                "additionalProperties": {"type": ["array", "string"], "items": _TEXT, "minItems": 1, "format": "regex"},
                "description": "Names of labels; or names and what is allowed for each: a list of values, or a regular "
                "expression for the whole value. Off until it is set.",
            }
        },
    ),
    OfBackend(
        "label-format",
        "Labels must be written in one way.",
        "advisory",
        checks.label_format,
        {
            "keyPattern": {
                **_PATTERN,
                "default": "[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?",
                "description": "A regular expression for the whole key.",
            },
            "valuePattern": {
                **_PATTERN,
                "default": "([A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?)?",
                "description": "A regular expression for the whole value.",
            },
            "maxKeyLength": {**_LENGTH, "default": 128, "description": "Characters."},
            "maxValueLength": {**_LENGTH, "default": 128, "description": "Characters."},
        },
    ),
    OfBackend("description-required", "A backend must have a description.", "advisory", checks.description_required),
    OfBackend("metadata-json-object", "Metadata must be a JSON object.", "advisory", checks.metadata_json_object),
    OfBackend(
        "no-secrets",
        "Description, metadata and labels must not hold credentials.",
        "mandatory",
        checks.no_secrets,
        _ALLOW,
    ),
    OfBackend(
        "possible-secrets",
        "Description, metadata and labels should not hold anything that may be a credential.",
        "advisory",
        checks.possible_secrets,
        _ALLOW,
    ),
    OfBackend(
        "no-operator-owned",
        "A backend must not belong to ngrok's Kubernetes operator.",
        "mandatory",
        checks.no_operator_owned,
    ),
    OfBackend(
        "protected",
        "Backends that carry given labels must be protected.",
        "advisory",
        checks.protected,
        {
            "labels": {
                "type": "object",
                "additionalProperties": _TEXT,
                "description": "Names and values of labels. Every backend that carries all of them has to be "
                "protected; {} means every backend. Off until it is set.",
            }
        },
    ),
    OfStack(
        "unique-selectors",
        "No two backends of an account may have the same labels.",
        "mandatory",
        checks.unique_selectors,
    ),
    OfStack(
        "overlapping-selectors",
        "The labels of a backend should not be a subset of another backend's labels.",
        "advisory",
        checks.overlapping_selectors,
    ),
    OfStack(
        "max-backends",
        "A stack must not exceed a maximum number of backends.",
        "mandatory",
        checks.max_backends,
        {
            "max": {
                "type": "integer",
                "minimum": 0,
                "description": "Backends that a stack may have. Off until it is set.",
            }
        },
    ),
)
