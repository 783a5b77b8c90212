"""The policies: the name, level, settings and rule of each. The table in docs/policies.md is generated from this."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from pulumi_ngrok_tg.policy import rules
from pulumi_ngrok_tg.policy.declared import Declared
from pulumi_ngrok_tg.policy.rules import Settings
from pulumi_ngrok_tg.policy.settings import Schema

BackendRule = Callable[[Declared, Settings], Iterator[str]]
StackRule = Callable[[Sequence[Declared], Settings], Iterator[tuple[Declared | None, str]]]
Rule = TypeVar("Rule", BackendRule, StackRule)
_TEXT = {"type": "string"}
_PATTERN = {"type": "string", "format": "regex"}
_LENGTH = {"type": "integer", "minimum": 1}
_ALLOW: Schema = {
    "allow": {
        "type": "array",
        "items": _PATTERN,
        "default": [],
        "description": "Regular expressions; a finding in which one matches is no credential.",
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
    OfBackend("labels-required", "A backend has labels.", "mandatory", rules.labels_required),
    OfBackend(
        "required-label-keys",
        "A backend carries the labels that the organization asks for.",
        "mandatory",
        rules.required_label_keys,
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
        "Labels are written in one way.",
        "advisory",
        rules.label_format,
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
    OfBackend("description-required", "A backend has a description.", "advisory", rules.description_required),
    OfBackend("metadata-json-object", "Metadata is a JSON object.", "advisory", rules.metadata_json_object),
    OfBackend(
        "no-secrets",
        "Description, metadata and labels hold no credentials.",
        "mandatory",
        rules.no_secrets,
        _ALLOW,
    ),
    OfBackend(
        "possible-secrets",
        "Description, metadata and labels hold nothing that may be a credential.",
        "advisory",
        rules.possible_secrets,
        _ALLOW,
    ),
    OfBackend(
        "no-operator-owned",
        "A backend does not belong to ngrok's Kubernetes operator.",
        "mandatory",
        rules.no_operator_owned,
    ),
    OfBackend(
        "protected",
        "Backends that carry given labels are protected.",
        "advisory",
        rules.protected,
        {
            "labels": {
                "type": "object",
                "additionalProperties": _TEXT,
                "description": "Names and values of labels: those that carry all of them have to be protected; {} is "
                "every backend. Off until it is set.",
            }
        },
    ),
    OfStack(
        "unique-selectors",
        "No two backends of an account have the same labels.",
        "mandatory",
        rules.unique_selectors,
    ),
    OfStack(
        "overlapping-selectors",
        "No backend's labels are all among those of another one.",
        "advisory",
        rules.overlapping_selectors,
    ),
    OfStack(
        "max-backends",
        "A stack has no more backends than it may.",
        "mandatory",
        rules.max_backends,
        {
            "max": {
                "type": "integer",
                "minimum": 0,
                "description": "Backends that a stack may have. Off until it is set.",
            }
        },
    ),
)
