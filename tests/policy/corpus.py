"""300 texts as teams write them, half of them with a credential, and the random parts that are filled in."""

import json
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

_CLASSES = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "letters": string.ascii_letters,
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "alnum": string.ascii_letters + string.digits,
    "loweralnum": string.ascii_lowercase + string.digits,
    "upperalnum": string.ascii_uppercase + string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
}


@dataclass(frozen=True)
class Sample:
    """One text, and whether it holds a credential."""

    kind: str
    secret: bool
    text: str


def read_corpus(seed: int) -> Iterator[Sample]:
    """Yield the texts, each with new random parts."""
    for line in Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines():
        sample = Sample(**json.loads(line))
        yield Sample(sample.kind, sample.secret, fill(sample.text, seed))


def fill(template: str, seed: int) -> str:
    """Return a text with random characters in place of each ``%{CLASS:LENGTH}``."""
    random = Random(f"{seed} {template}")  # noqa: S311
    return re.sub(
        r"%\{(\w+):(\d+)\}",
        lambda place: "".join(random.choice(_CLASSES[place[1]]) for _ in range(int(place[2]))),
        template,
    )
