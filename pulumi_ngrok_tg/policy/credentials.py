"""Finding credentials in texts: those of a known form, and values that a name calls one.

The forms are those of detect-secrets, of ngrok, and of some vendors that it does not know. Its own way with names
(``KeywordDetector``) is not used: it reads lines of code, takes the rest of a line for the value, and needs seconds for
some lines of 4096 bytes.
"""

import json
import re
from collections.abc import Generator, Iterable, Iterator
from functools import cache
from typing import Any

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.high_entropy_strings import HighEntropyStringsPlugin
from detect_secrets.plugins.ip_public import IPPublicDetector
from detect_secrets.plugins.keyword import KeywordDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

NAMED = "value of a name such as password"
_CALLED_SO = re.compile(
    r"(pass(word|wd|phrase)?|pwd|secret|credentials?|"
    r"(api|access|auth|private|secret|service|client|account|db|database|encryption|signing) ?key|"
    r"(auth|access|api|bearer|refresh|session) ?token)"
    r"( (value|data|old|new|prod|production|staging|dev|test|\d+))*"
)
"""How a name ends that calls its value a credential. What has more words after that is about one, and is none."""
_ASSIGNMENT = re.compile(r"""(?:=>|:=|[:=])\s*("[^"]*"|'[^']*'|[^\s,;&"']+)""")
_HARMLESS = re.compile(
    r".{0,5}"
    r"|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|[a-z]+_[0-9A-Za-z]{27}"  # an id of ngrok's
    r"|\$\{?\w+\}?|<.*>|\{.*\}|ENC\[.*\]"  # a place for one
)
_WORD = re.compile(r"[A-Za-z]{0,20}|v?[0-9]+")
"""Values such as "strong", "prod/db-1" and "2026-12-31" consist of these; a generated password does not."""


class _NgrokDetector(RegexBasedDetector):
    """API keys and authtokens of ngrok, in today's form and in the one that its documentation shows."""

    secret_type = "ngrok API key or authtoken"  # noqa: S105
    denylist = (
        re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{27}_[0-9A-Za-z]{19,22}(?![0-9A-Za-z])"),
        re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{19}_[0-9A-Za-z]{19,21}(?![0-9A-Za-z])"),
    )

    def analyze_string(self, string: str) -> Generator[str, None, None]:
        """Yields what is no pair of long words."""
        for found in super().analyze_string(string):
            if re.search("[0-9]", found) and re.search("[A-Z]", found):
                yield found


class _VendorDetector(RegexBasedDetector):
    """Forms that detect-secrets 1.5 does not know."""

    secret_type = "token of a known vendor"  # noqa: S105
    denylist = (
        re.compile(r"\bpul-[0-9a-f]{40}\b"),
        re.compile(r"\bgithub_pat_\w{40,}"),
        re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
        re.compile(r"\bsk-ant-[0-9A-Za-z_-]{20,}"),
        re.compile(r"\bhv[sb]\.[0-9A-Za-z_-]{20,}"),
        re.compile(r"\bdop_v1_[0-9a-f]{64}\b"),
        re.compile(r"\bnpm_[0-9A-Za-z]{36}\b"),
        re.compile(r"\b[rs]k_test_[0-9A-Za-z]{20,}"),
        re.compile(r"\b[Bb]earer [0-9A-Za-z._~+/-]{20,}"),
        re.compile(r"BEGIN ENCRYPTED PRIVATE KEY"),
    )


def kinds(text: str, allow: Iterable[str]) -> set[str]:
    """Returns which kinds of credentials a text seems to hold.

    Args:
        text: JSON, or any text of one or more lines.
        allow: regular expressions of what is none; each is searched in what was found: a key, or the value of a name.
    """
    allowed = [re.compile(pattern) for pattern in allow]
    return {kind for kind, found in _findings(text) if not any(pattern.search(found) for pattern in allowed)}


def _findings(text: str) -> Iterator[tuple[str, str]]:
    for name, value in _named_values(text):
        lines = value.splitlines()
        for line in lines:
            yield from _of_known_form(line)
            yield from _assigned(line)
        if name and _calls_it_so(name):
            yield from ((NAMED, line) for line in lines if not _is_harmless(line))
            yield from (found for line in lines for found in _of_known_form(f'{name} = "{line}"'))


def _named_values(text: str) -> Iterator[tuple[str, str]]:
    """Yields the values in JSON with the names that lead to them, and the names themselves; else the text."""
    try:
        whole = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        whole = text
    left: list[tuple[str, Any]] = [("", whole)]
    while left:
        name, value = left.pop()
        if isinstance(value, _Pairs):
            left += [("", key) for key, _ in value.pairs]
            left += [(f"{name} {key}", inner) for key, inner in value.pairs]
            # {"name": "DB_PASSWORD", "value": ...}, as environments are written.
            told = dict(value.pairs)
            if isinstance(told.get("name"), str):
                left.append((told["name"], told.get("value")))
        elif isinstance(value, list):
            left += [(name, inner) for inner in value]
        elif isinstance(value, str):
            yield name, value


class _Pairs:
    """A JSON object with all of its names, those that come twice, too."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def _assigned(line: str) -> Iterator[tuple[str, str]]:
    """Yields the values that stand behind such a name and a sign."""
    for match in _ASSIGNMENT.finditer(line):
        value = match[1].strip("\"'")
        if _calls_it_so(line[max(0, match.start() - 60) : match.start()]) and not _is_harmless(value):
            yield NAMED, value


def _calls_it_so(name: str) -> bool:
    """Tells whether a name ends like one of a credential: ``DB_PASSWORD``, ``X-API-Key``, ``clientSecret``."""
    words = re.sub(r"[^0-9a-z]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()).split()
    return any(_CALLED_SO.fullmatch(" ".join(words[start:])) for start in range(max(0, len(words) - 5), len(words)))


def _is_harmless(value: str) -> bool:
    return bool(_HARMLESS.fullmatch(value)) or all(map(_WORD.fullmatch, re.split(r"[-_./:@+,\s]+", value)))


def _of_known_form(line: str) -> Iterator[tuple[str, str]]:
    for detector in _detectors():
        for found in detector.analyze_string(line):
            account_id = isinstance(detector, TwilioKeyDetector) and found.startswith("AC")
            place = isinstance(detector, BasicAuthDetector) and _is_harmless(found)
            if not (account_id or place):
                yield detector.secret_type, found


@cache
def _detectors() -> tuple[BasePlugin, ...]:
    """Those for credentials of a known form; a text of high entropy alone may be an id or a hash."""
    left_out = (HighEntropyStringsPlugin, IPPublicDetector, KeywordDetector)
    classes: Iterable[Any] = get_mapping_from_secret_type_to_class().values()
    known = (kind() for kind in classes if not issubclass(kind, (*left_out, _NgrokDetector, _VendorDetector)))
    return (*known, _NgrokDetector(), _VendorDetector())
