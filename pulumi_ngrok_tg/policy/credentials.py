"""Finds credentials in texts: those of a known form, and values whose names call them a credential.

betterleaks knows the forms of many vendors. This module adds ngrok's own forms, and English names in the two forms that
metadata has: names in JSON, and ``NAME=value`` or ``name: value`` on a line.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

os.environ.pop("BETTERLEAKS_LIB_PATH", None)  # it could load another library
from betterleaks import scan_string

NAMED = "value of a name such as password"
_GENERIC = {"generic-api-key", "generic-password", "generic-credential-uri"}
"""Rules of betterleaks about names, which this module replaces."""
_DISABLING = re.compile("(?i)(?:betterleaks|gitleaks):allow|\0")
"""Texts that would keep betterleaks from reporting what stands beside them."""
_FORMS = {
    "ngrok API key or authtoken": re.compile(
        r"(?<![0-9A-Za-z])(?=[a-z0-9_]{0,60}[A-Z])"
        r"(?:[0-9A-Za-z]{27}_[0-9A-Za-z]{19,22}|[0-9A-Za-z]{19}_[0-9A-Za-z]{19,21}|cr_[0-9A-Za-z]{27})(?![0-9A-Za-z])"
    ),
    "private-key": re.compile(
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[^-]{16,}"
        r"|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1[0-9A-Z]{50,}"
    ),
    # Vendors whose tokens betterleaks does not report without a word beside them.
    "token of a known vendor": re.compile(
        r"\b(?:whsec_|GOCSPX-|tskey-[a-z]{3,9}-|sk-(?:proj|svcacct|admin)-|\d{8,10}:AA)[\w-]{20,}"
        r"|https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]{40,}"
    ),
    "password in a URL": re.compile(r"""://[^\s/:@"']{0,80}:(?!\d{1,5}@|\w{0,40}pass)[^\s/@"',$(\[{<*]{4,200}@"""),
}

_SEAM = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=\d)")
_PASSWORD = re.compile(r".*(?:password|passwd|passphrase|passcode|pwd)s?|(?:db|root|admin)?pass|pw|pin")
_OTHER = re.compile(r".*(?:secret|token|apikey|accesskey)s?|credentials?|creds|auth|authorization|sig")
_OF_A_KEY = re.compile(r"api|access|auth|private|secret|encryption|signing|master|storage|license|shared|account")
"""Words before "key" that make it the name of a credential."""
_QUALIFIER = re.compile(
    r"value|old|new|prod|production|staging|dev|test|live|main|default|primary|secondary|admin|eu|us|uk|ap|\d+"
)
"""Words that may follow the name of a credential and do not change its meaning."""
_DERIVED = {"checksum", "hash", "digest", "sha", "sha256", "md5", "fingerprint", "public"}
"""Words of names whose values are made from a credential, but are none."""
_MOST_LABELS = 3
"""Names that one value is tried with."""
_LABEL = re.compile(r"(?i)(?:parameter)?(?:name|key|variable)")
_LINE = re.compile(
    r"""(?P<name>[A-Za-z][\w./-]{0,80}(?: [A-Za-z][\w-]{0,40})?)["'`*]{0,3}(?:=|:[ \t]+|[ \t]=[ \t])[ \t]*"""
    r"""(?=["']?(?P<value>(?:(?!&\w{1,40}=)[^\s"',;]){1,200}(?: (?:(?!&\w{1,40}=)[^\s"',;]){1,200})?))"""
)
_SCHEME = re.compile("(?i)(?:basic|bearer|token|digest) ")

_REFERENCE = re.compile(  # first templates and masks
    r"\$(?:[A-Za-z_]+|[A-Z_][A-Z0-9_]*|\w*[({].*)|%\w+%|%[({].*|.*(?:\$\{|\{\{).*|\{.*\}|\[.*\]|\(.*\)"
    r"|[!*&][A-Za-z_.:]*|@(?:[\w.]+\(.*|[./~].*)"  # YAML's tags and aliases, Azure's references, files
    r"|(?:arn|op|vault|ssm|kms|env|file|awssm|ref\+\w+|sha\d+|md5)[:-].*|[A-Za-z_.]+\(.*|ENC\[AES.*"
    r"|\w[\w+.-]*://.*|[A-Za-z]:\\.*|(?:var|local|data|module|secrets|process|os|config|settings)\.\w.*"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # UUIDs
    r"|[a-z]{2,6}_[0-9A-Za-z]{27}"  # ids of ngrok
)
"""Values that stand for a credential, or that identify something."""
_PLAIN = re.compile(r"[A-Z]?[a-z]*|[A-Z]*|[A-Za-z]{1,6}\d{1,4}[a-z]?|v?\d+[a-z]{0,5}\d*|[A-Z][a-z]+[A-Z][a-z]+")
"""The parts of names, numbers, dates, versions and durations."""


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
    pairs = list(_read_pairs(text))
    found = {finding for name, value in pairs for finding in _find_named(name, value)}
    found |= set(_find_forms("\n".join(f"{name}: {value}" if name else value for name, value in pairs)))
    return {
        finding
        for finding in found
        if not any(pattern.search(part) for pattern in allowed for part in (finding.value, finding.text))
        and (finding.sure or not any(other.sure and finding.value in other.text for other in found))
    }


def _find_forms(text: str) -> Iterator[Finding]:
    text = _DISABLING.sub("", text.encode("utf-8", "replace").decode())  # JSON can escape both
    for found in scan_string(text):
        if found.rule_id not in _GENERIC:
            sure = found.confidence != "low" and "jwt" not in found.rule_id
            yield Finding(found.rule_id, found.secret, found.match.full, sure)
    for kind, pattern in _FORMS.items():
        yield from (Finding(kind, match[0], match[0], True) for match in pattern.finditer(text))


def _find_named(name: str, value: str) -> Iterator[Finding]:
    """Yield a value if its name in JSON calls it a credential, and those of the names on its lines."""
    named = [(name, value)] if name else []
    named += [(line["name"], line["value"]) for line in _LINE.finditer(value)]
    for title, given in named:
        word = _SCHEME.sub("", given.strip())
        sure = _judge(title, word)
        if sure is not None:
            yield Finding(NAMED, word, f"{title}: {word}", sure)


def _judge(name: str, value: str) -> bool | None:
    """Tell whether a value is a credential by its name: True if certainly, False if perhaps, None if not."""
    words = [word.lower() for word in _SEAM.split(name) if word]
    while words and _QUALIFIER.fullmatch(words[-1]):
        words.pop()
    last = words[-1] if words else ""
    password = bool(_PASSWORD.fullmatch(last))
    key = last in ("key", "keys") and len(words) > 1 and _OF_A_KEY.fullmatch(words[-2])
    if not (password or key or _OTHER.fullmatch(last)) or _DERIVED.intersection(words):
        return None
    word = value.split(" ")[0].lstrip("<").rstrip(".,;)>")
    if len(word) < 6 or _REFERENCE.fullmatch(word):
        return None
    letters, digits = re.search("[A-Za-z]", word), re.search(r"\d", word)
    pieces = re.split(r"[-_./:@+,~#]+", word)
    random = max((len(piece) for piece in pieces if not _PLAIN.fullmatch(piece)), default=0)
    if letters and digits and random:
        if re.match(r"(?:~|\.{0,2})/", word):  # a path, or Base64 that begins like one
            return random >= 16 or None
        if len(re.findall(r"(?<![^/])[a-z]{3,}(?![^/])", word)) > 1:  # a path within a bucket
            return None
        return len(word) >= 8 if password else random >= 16
    return False if password and (digits or len(word) >= 12) and not re.search("[/.<]", value) else None


def _read_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each text in JSON with the last part of its name; if the text is no JSON, yield it without a name."""
    try:
        whole = _load(text)
    except (ValueError, RecursionError):
        whole = text
    left: list[tuple[str, Any]] = [("", whole)]
    while left:
        name, value = left.pop()
        if isinstance(value, _Pairs):
            # {"name": "DB_PASSWORD", "value": ...}, a form of environment variables.
            labels = [inner for key, inner in value if _LABEL.fullmatch(key) and isinstance(inner, str)][:_MOST_LABELS]
            for key, inner in value:
                yield "", key
                left += [(f"{name.rpartition('.')[2]}.{key}"[-80:], inner)]
                left += [(label, inner) for label in labels if key.lower().endswith("value") and isinstance(inner, str)]
        elif isinstance(value, list):
            left += [(name, inner) for inner in value]
        elif isinstance(value, str):
            if value.lstrip().startswith(("{", "[")):
                try:
                    left.append((name, _load(value)))
                    continue
                except (ValueError, RecursionError):
                    pass
            yield name, value


def _load(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as pairs, which keeps names that occur twice."""
