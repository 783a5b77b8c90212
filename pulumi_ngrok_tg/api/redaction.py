"""Makes texts of servers, agents and other teams fit for a terminal: without credentials, and on one line."""

import re

_LONGEST = 500  # characters


def escape(text: str) -> str:
    """Return any text as one line: escape what a terminal would not print as it is, such as marks of direction."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def to_line(text: str) -> str:
    """Return any text as one printable line of at most 500 characters, with single spaces."""
    return escape(" ".join(text[: 4 * _LONGEST].split()))[:_LONGEST]


def redact(text: str, secret: str) -> str:
    """Return a text without the API key and without credentials that ngrok quotes."""
    text = text.replace(secret, "[redacted]")
    text = re.sub(r"(?i)\b(authorization header): .*?(?=\. |$)", r"\1: [redacted]", text, flags=re.DOTALL)
    return re.sub(r"(?i)\byour (credential|authentication|key): \S+", r"Your \1: [redacted].", text)
