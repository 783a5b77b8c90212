"""Finding credentials in texts, with the detectors of detect-secrets and one for ngrok's own."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.filters import heuristic
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.high_entropy_strings import HighEntropyStringsPlugin
from detect_secrets.plugins.ip_public import IPPublicDetector
from detect_secrets.plugins.keyword import (
    CONFIG_DENYLIST_REGEX_TO_GROUP,
    QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP,
    KeywordDetector,
)

_ABOUT_SECRETS = (
    r"(?i)(secret|token|password|passwd|pwd|key)[_-]?"
    r"(name|ref|reference|owner|policy|path|arn|url|uri|id|ttl|type|version|store|provider|rotation|"
    r"commit|sha|hash|digest|checksum|revision)"
)
"""Names of what is about a credential, and is none."""
_HARMLESS = re.compile(
    r".{0,5}|.*\s.*|[0-9.]+|[A-Za-z]?[a-z]+([-_./][a-z]+)*|[a-z]+:.*|[a-z]+_[0-9A-Za-z]{27}", re.DOTALL
)
"""Words, numbers, ids of ngrok's, references such as vault:path: no credentials, whatever they are called."""


class _NgrokDetector(RegexBasedDetector):
    """API keys and authtokens of ngrok, today's form and the one before it."""

    secret_type = "ngrok API key or authtoken"  # noqa: S105
    denylist = (
        re.compile(r"\b[1-9][0-9A-Za-z]{26}_[0-9A-Za-z]{21}\b"),
        re.compile(r"\b[0-9A-Za-z]{19}_[0-9A-Za-z]{21}\b"),
    )


def kinds(text: str, allow: Iterable[str]) -> set[str]:
    """Returns which kinds of credentials a text seems to hold.

    Args:
        text: JSON, or any text of one or more lines.
        allow: regular expressions of what is none; each is searched in what was found.
    """
    allowed = [re.compile(pattern) for pattern in allow]
    return {
        detector.secret_type
        for piece in _pieces(text)
        for detector in _detectors()
        for found in _found(detector, piece)
        if not any(pattern.search(found) for pattern in allowed)
    }


def _pieces(text: str) -> Iterator[str]:
    """Yields what is judged apart: names and values of JSON, else lines."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    if isinstance(value, dict | list):
        yield from _named_values("", value)
    else:
        yield from text.splitlines()


def _named_values(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named_values(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_values(name, inner)
    else:
        # As the detectors expect them, which know lines of code.
        yield from (f'"{name}": "{line}"' for line in str(value).splitlines())


def _found(detector: BasePlugin, piece: str) -> Iterator[str]:
    if not isinstance(detector, KeywordDetector):
        yield from detector.analyze_string(piece)
        return
    # What stands behind a word such as "password" is a credential only if it looks like one.
    for rules in (QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP, CONFIG_DENYLIST_REGEX_TO_GROUP):
        found = detector.analyze_string(piece, rules)
        yield from (value for value in found if value and not _is_harmless(value, piece))


def _is_harmless(value: str, piece: str) -> bool:
    return (
        _HARMLESS.fullmatch(value) is not None
        or heuristic.is_potential_uuid(value)
        or heuristic.is_sequential_string(value)
        or heuristic.is_templated_secret(value)
        or heuristic.is_prefixed_with_dollar_sign(value)
        or heuristic.is_indirect_reference(piece)
    )


@cache
def _detectors() -> tuple[BasePlugin, ...]:
    """Those for credentials of a known form; a text of high entropy alone may be an id or a hash."""
    left_out = (HighEntropyStringsPlugin, IPPublicDetector, KeywordDetector)
    classes: Iterable[Any] = get_mapping_from_secret_type_to_class().values()
    known = (kind() for kind in classes if not issubclass(kind, left_out))
    return (*known, KeywordDetector(keyword_exclude=_ABOUT_SECRETS), _NgrokDetector())
