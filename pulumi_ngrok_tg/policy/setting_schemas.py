"""Checks the settings of a policy against its schema."""

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

Schema = Mapping[str, Mapping[str, Any]]
"""From the name of a setting to its JSON schema."""


NO_EMPTY_MATCH = "regular expression that does not match the empty text"
"""The format of a regular expression that is searched in texts: one that matches an empty part matches them all."""
_SAMPLE = "aA0 _-=:.\n"
_FORMATS = FormatChecker(["regex"])


@_FORMATS.checks(NO_EMPTY_MATCH, raises=re.error)
def _matches_no_empty_text(pattern: object) -> bool:
    return not isinstance(pattern, str) or all(
        found[0] for text in ("", _SAMPLE) for found in re.finditer(pattern, text)
    )


class SettingError(ValueError):
    """A policy or a setting is unknown or not valid. The message names both."""


def check_settings(policy: str, schema: Schema, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings, with defaults for those that are not given.

    Raises:
        SettingError: a setting is unknown, or does not match the schema.
    """
    try:
        text = json.dumps(settings)
    except (TypeError, ValueError) as error:
        raise SettingError(f"policy {policy}: the settings cannot be written as JSON: {error}.") from None
    return deepcopy(_check(policy, json.dumps(schema), text))  # so that no rule changes the cached settings


@lru_cache
def _check(policy: str, schema_text: str, settings_text: str) -> Mapping[str, Any]:
    """Do the same with JSON texts, cached: a policy judges each backend with the same settings."""
    schema, settings = json.loads(schema_text), json.loads(settings_text)
    if unknown := sorted(settings.keys() - schema.keys()):
        known = ", ".join(sorted(schema)) or "none"
        raise SettingError(f"policy {policy}: there is no setting {', '.join(unknown)}. Known settings: {known}.")
    whole = {"type": "object", "properties": schema}
    error = best_match(Draft202012Validator(whole, format_checker=_FORMATS).iter_errors(settings))
    if error is not None:
        path = ".".join(map(str, error.absolute_path))
        raise SettingError(f"policy {policy}: the setting {path}: {error.message}.")
    # The engine passes every number as a float.
    given = {name: int(one) if isinstance(one, float) else one for name, one in settings.items()}
    return {**{name: one["default"] for name, one in schema.items() if "default" in one}, **given}
