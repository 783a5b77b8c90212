"""Finds credentials in texts: texts of a known form, and values whose names call them a credential.

betterleaks knows the forms of many vendors. This module adds ngrok's own forms, those of some other vendors, and the
meaning of names (:mod:`names`).
"""

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

os.environ.pop("BETTERLEAKS_LIB_PATH", None)  # it could load another library
from betterleaks import scan_string

from pulumi_ngrok_tg.policy import names

NAMED = "value of a name such as password"
_NAMES = {"generic-api-key", "generic-password", "generic-credential-uri"}
"""Rules of betterleaks about names, which :mod:`names` replaces."""
_LONG_RUN = re.compile(r"(\S{512})(?=\S)")
"""The time of betterleaks grows with the square of a word's length; no token that it knows is as long."""
_NAME = 60
"""The number of characters of a name that count, from its end."""
_IGNORED = re.compile("(?i)(?:betterleaks|gitleaks):allow|[\0\xad\u200b-\u200f\u2060\ufeff]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True)
class Finding:
    """A text that looks like a credential."""

    kind: str
    """A name for its form; never a part of the text."""
    value: str
    """The credential."""
    text: str
    """The credential with its name or context."""
    sure: bool
    """Whether texts of this form are hardly ever anything else."""


def find_credentials(text: str, allow: Iterable[str] = ()) -> set[Finding]:
    """Return the texts that look like credentials.

    Args:
        text: JSON, or any text of one or more lines.
        allow: regular expressions of texts that are no credentials; searched in the credential and in it with its name.
    """
    allowed = [re.compile(pattern) for pattern in allow]
    found = set(_find(_normalize(text)))
    return {
        finding
        for finding in found
        if not any(pattern.search(text) for pattern in allowed for text in (finding.value, finding.text))
        and (finding.sure or not any(other.sure and finding.value in other.text for other in found))
    }


def _normalize(text: str) -> str:
    """Return a text in one form of Unicode, without invisible characters and without words that stop betterleaks."""
    text = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH)
    return _IGNORED.sub("", text).encode("utf-8", "replace").decode()


def _find(text: str) -> Iterator[Finding]:
    pairs = list(_read_pairs(text))
    for name, value in pairs:
        for found, sure in names.find_named(name[-_NAME:], value) if name else ():
            yield Finding(NAMED, found, f"{name[-_NAME:]}: {found}", sure)
        for found, sure in names.find_in_text(value):
            yield Finding(NAMED, found, found, sure)
    lines = []
    last = ""
    for name, value in pairs:
        lines.append(f"{name[-_NAME:]}: {value}" if name != last else value)
        last = name
    yield from _find_forms("\n".join(lines))


def _find_forms(text: str) -> Iterator[Finding]:
    for found in scan_string(_LONG_RUN.sub(r"\1\n", text)):
        if found.rule_id not in _NAMES:
            yield Finding(
                found.rule_id, found.secret, found.match.full, found.confidence != "low" and "jwt" not in found.rule_id
            )
    for kind, pattern in _FORMS.items():
        yield from (Finding(kind, match[0], match[0], True) for match in pattern.finditer(text) if _is_token(match))


def _is_token(match: re.Match[str]) -> bool:
    """Tell whether the variable part of a form is a token, not a series of words or AWS's documented example."""
    words = re.split("[-_.]", match[match.lastindex or 0])
    return not all(re.fullmatch("[A-Z]?[a-z]*[0-9]{0,4}", word) for word in words) and not match[0].endswith("EXAMPLE")


_LABEL = re.compile("(?i)(parameter)?(name|key|variable)")
_LABELED = re.compile("(?i)(parameter)?value")
_FORMS = {
    "ngrok API key or authtoken": re.compile(
        r"(?<![0-9A-Za-z])(?=[a-z0-9_]{0,60}[A-Z])"
        r"(?:[0-9A-Za-z]{27}_[0-9A-Za-z]{19,22}|[0-9A-Za-z]{19}_[0-9A-Za-z]{19,21}|cr_[0-9A-Za-z]{27})(?![0-9A-Za-z])"
    ),
    "private-key": re.compile(
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[^-]{16,}"
        r"|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1[0-9A-Z]{50,}"
    ),
    "token of a known vendor": re.compile(
        r"(?<![0-9A-Za-z])(?:"
        r"(?:hf_|whsec_|npm_|glsa_|dckr_[po]at_|secret_|vercel_blob_rw_|pscale_(?:tkn|pw)_|fo1_|GOCSPX-|NRAK-|HRKU-"
        r"|tskey-[a-z]{3,9}-|[sr]k_(?:live|test)_|hv[bs]\.|xox[a-z](?:\.xox[a-z])?-|xapp-|AKCp)([\w-]{20,})"
        r"|(?<!-)sk-(?:(?:proj|svcacct|admin|ant)-)?([\w-]{20,})|(?:glc_|sntrys_)([\w=+/-]{20,})"
        r"|pat(\w{14}\.[0-9a-f]{64})|(?:AKIA|ASIA)([A-Z2-7]{16})|(?<![-_])key-([0-9a-f]{32})|[0-9a-f]{36}FFFFNRAL"
        r"|\d{8,10}:(AA[\w-]{33})|\w{3}[78]Q~([\w~.-]{31,34})|SK([0-9a-f]{32}))(?![0-9A-Za-z])"
    ),
    "webhook": re.compile(
        r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/([\w-]{40,})"
        r"|https://[\w.-]{1,80}\.webhook\.office\.com/webhookb2/([\w@/-]{40,})"
    ),
}


def _read_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each text in JSON with its name; if the text is no JSON, yield it without a name."""
    try:
        whole = json.loads(text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        whole = text
    left: list[tuple[str, Any]] = [("", whole)]
    while left:
        name, value = left.pop()
        if isinstance(value, _Pairs):
            # {"name": "DB_PASSWORD", "value": ...}, a form of environment variables.
            labels = [text for key, text in value if _LABEL.fullmatch(key) and isinstance(text, str)]
            for key, inner in value:
                yield "", key
                left.append((f"{name.rpartition('.')[2]}.{key}", inner))
                if _LABELED.fullmatch(key) and isinstance(inner, str):
                    left += [(label, inner) for label in labels]
        elif isinstance(value, list):
            left += [(name, inner) for inner in value]
        elif isinstance(value, str):
            yield name, value


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as pairs, which keeps names that occur twice."""
