"""Finds values whose names call them credentials: ``DB_PASSWORD=``, ``"clientSecret":``, ``--token``, "Passwort ist".

No pattern nests repetitions, and each reads a bounded part of the text, so the time is linear in the text's length.
"""

import re
from collections.abc import Iterator
from enum import Enum, IntEnum
from functools import lru_cache

_PASSWORD = re.compile(
    r".*(?:password|passwort|passwd|pwd|passphrase|passcode|kennwort|(?:密码|密碼|パスワード)[是为は]?|비밀번호)s?"
    r"|pass|pw|psw|pin|passwörter|kennwörter|zugangsdaten|contrase[ñn]as?|clave|senhas?|mdp|passe|has[lł][oa]|hesl[oa]"
    r"|wachtwoord(?:en)?|l[öo]senord|adgangskode|passord|salasana|jelsz[óo]|[şs]ifre|parol[ae]|lozinka|geslo"
    r"|парол[ьи]|口令|暗証番号|암호"
)
"""The last word of a password's name, in some languages."""
_OTHER = re.compile(r".*(?:secret|token|apikey|accesskey)s?|credentials?|creds|auth|authorization|sig|pat|psk")
_OF_A_KEY = re.compile(
    r"api|app|application|access|auth|private|secret|service|client|account|db|database|encryption|signing|master"
    r"|storage|license|shared|webhook|deploy|preshared|hmac"
)
"""Words before "key" that make it the name of a credential."""
_QUALIFIER = re.compile(
    r"value|data|code|old|new|current|prod|production|staging|stage|dev|test|live|raw|main|primary|secondary|ro|rw|root"
    r"|admin|user|eu|us|uk|de|fr|apac|emea|\d+"
)
"""Words that may follow the name of a credential and do not change its meaning."""
_SEAM = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=\d)")
_TOKEN = re.compile(r"[^\W_]\w{0,80}(?:[.-]\w{1,40}){0,4}")
_SIGN = re.compile(
    r"""["'`]?:[ \t]{0,3}[|>]?-?\n[ \t]{1,16}"""  # a value on a line of its own, as in YAML
    r"""|[ \t\xa0"'`*\])]{0,8}(?:=>|:=|=|[:是为は])[ \t\xa0]{0,16}"""
    r"""| ?[(\[][^)\]\n]{0,40}[)\]][:=] {1,3}|>"""
)
_SPACE = re.compile(r"[ ,)\]]{1,3}(?:(?:is|was|ist|lautet|es|est|è|é|jest|je|är|to) )?")
_VALUE = re.compile(
    r""""{1,3}([^"\n]{1,200})|'{1,3}([^'\n]{1,200})|`([^`\n]{1,200})|<([^<>\n]{1,200})>|([^\s"'`<]{1,200})"""
)
_USERINFO = re.compile(r"""://[^\s/:@"']{0,80}:([^\s/@"']{1,200})@""")
_OPTION = re.compile(
    r"""(?:^|\s)(?:(?:-u|--user)[ =]['"]?[^\s:'"]{1,80}:|-[paw] ?['"]?(?=[^\s'"]{0,80}[A-Za-z]))([^\s'"]{4,200})"""
)
_ATTRIBUTES = re.compile(r"""\b(?:key|name)="([^"\n]{1,80})" value="([^"\n]{1,200})\"""", re.IGNORECASE)
_APP_PASSWORD = re.compile(r"[a-z]{4}([ -])(?:[a-z]{4}\1){2}[a-z]{4}(?![a-z])")

_REFERENCE = re.compile(
    r"\$(?:[A-Z_][A-Z0-9_]*|[a-z_]+|\w*\{.*|\([a-z_/. -]*\)?)|%\w+%|\{\{(?:.*\}\})?|@Microsoft\..*|[!*&][a-z_]+"
    r"|(?:arn|op|vault|ssm|kms|env|file|awssm|gcpsm|ref\+\w+):.*|ENC\[(?:AES|PKCS).*|(?i:.*1password.*)"
    r"|\w[\w+.-]+://(?:[^\s/@]*@)?[\w.:-]*(?:/[^\s@]*)?"  # a URL without a password
    r"|(?:var|local|data|module|secrets|process|os|config|settings|self|each|std)\.\w.*|[A-Za-z_.]{1,80}\((?:.*\))?|[a-z]+_[a-z_]+(?:\.[a-z]\w*)+"
    r"|[*•·.…xX_?#/-]+|</?\w+/?|[}\])]+(?:@.*)?"  # masks, and what closes a template
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # UUIDs
    r"|(?:bkd(?:tg|hr|fo|wd|sc)|edg(?:hts|tcp|tls|htsrt)|tn|ts|ep|rd|cert|ca|app|ak|ipp|evs)_[0-9A-Za-z]{27}"  # ngrok's
    r"|(?i:md5|sha1|sha256|sha384|sha512)[:-][0-9A-Fa-f+/=:]{16,}"
)
"""Values that stand for a credential, or that identify something."""
_PLAIN = re.compile(
    r"[^\W\d_]*|v?\d{1,8}|\d{1,4}[a-z]{1,2}|[a-z]\d[a-z]"
    r"|(?:OA|[A-Z])?(?:[a-z]{1,6}|[A-Z]{1,6})\d{1,3}[a-z]{0,2}|[A-Z]{2,8}\d{1,8}"  # k8s, OAuth2, INC0012345
)
"""The parts of words, numbers, dates, versions and durations."""
_CJK_END = re.compile("([\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af])(?=[A-Za-z0-9])")
_LONGEST = 200
"""The number of characters of a value that are read."""
_NUMBERED = re.compile(r"[A-Za-z]{5,6}\d{1,3}")
"""A plain word with a number, which is a credential if its name says password."""
_SCHEME = re.compile("(?i)(?:basic|bearer|token|digest|apikey):?")


class Kind(Enum):
    """The kind of value that a name stands for."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105
    OTHER = "another credential"


class Strength(IntEnum):
    """How much a value looks like a password or a key, whatever its name."""

    NONE = 0
    """A reference, a placeholder, an id, or too short."""
    WORDS = 1
    """Words and numbers, as in names, places and passphrases."""
    MIXED = 2
    """Letters that form no word, or a passphrase with a number."""
    RANDOM = 3
    """Letters, digits and signs in no order."""


def rate(value: str) -> Strength:
    """Return how much one value without spaces looks like a password or a key."""
    if _REFERENCE.fullmatch(value[:_LONGEST]):
        return Strength.NONE
    value = _strip(value[:_LONGEST])
    if len(value) < 4 or _REFERENCE.fullmatch(value) or not re.search(r"\w", value):
        return Strength.NONE
    pieces = re.split(r"[-_./:@+,~#]+", value)
    if all(map(_PLAIN.fullmatch, pieces)):
        if any(map(_is_no_word, pieces)):
            return Strength.MIXED
        numbered = (
            len(value) >= 8 and re.search(r"\d", value) and re.search("[A-Z]", value) and re.search("[a-z]{3}", value)
        )
        return Strength.MIXED if numbered and "/" not in value else Strength.WORDS
    if len(value) < 6:
        return Strength.WORDS
    return Strength.RANDOM if re.search(r"[^\W\d_]", value) and re.search(r"[\d!$%^&*#~]", value) else Strength.WORDS


def find_named(name: str, value: str) -> Iterator[tuple[str, bool]]:
    """Yield the credentials in a value, by its name, each with whether it is certainly one."""
    words = value.split()
    kind = classify(name)
    if not words or kind is Kind.NONE:
        return
    password = kind is Kind.PASSWORD
    if password and _APP_PASSWORD.search(value):
        yield value, True
    first = words.pop(0)
    if _SCHEME.fullmatch(first) and words:
        first = words.pop(0)
    first = first[:_LONGEST]
    strength = rate(first)
    number = _strip(first)
    if number.isdigit():
        if password and len(number) >= 4:
            yield number, len(number) >= 6
    elif strength is Strength.RANDOM:
        yield first, True
    elif strength is Strength.MIXED or (password and _NUMBERED.fullmatch(_strip(first))):
        yield first, password
    elif (
        strength is Strength.WORDS
        and password
        and not words
        and "/" not in first
        and len(re.findall(r"[^\W\d_]{3,}", first)) >= 3
    ):
        yield first, False
    yield from ((word, False) for word in words[:4] if rate(word) is Strength.RANDOM)


def find_in_text(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the credentials in prose, settings, command lines, URLs and XML, each with whether it is certainly one."""
    text = _CJK_END.sub(r"\1 ", text.replace('\\"', '"'))
    for match in _USERINFO.finditer(text):
        if rate(match[1]) is not Strength.NONE and classify(match[1]) is Kind.NONE:
            yield match[0], True
    for match in _OPTION.finditer(text):
        if rate(match[1]) >= Strength.MIXED:
            yield match[0], True
    for match in _ATTRIBUTES.finditer(text):
        yield from find_named(match[1], match[2])
    for match in _TOKEN.finditer(text):
        name = text[max(0, match.start() - 12) : match.end()]
        if classify(name) is not Kind.NONE:
            yield from _find_behind(name, text, match.start(), match.end())


def _find_behind(name: str, text: str, start: int, end: int) -> Iterator[tuple[str, bool]]:
    """Yield the credentials that follow a name in a text."""
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    if before in (":", "/") and not re.match(r"=|:\s|\s=", after):  # in an ARN or a path
        return
    if sign := _SIGN.match(text, end):
        if value := _VALUE.match(text, sign.end()):
            given = next(group for group in value.groups() if group)
            if value[5]:  # without quotes: to the end of the URL's parameter, or of the line
                given = re.split(r"[&;\s](?=\w+=[^=\s])|[,;](?=\s|$)", given + _read_line(text, value.end()))[0]
            yield from find_named(name, given)
        return
    password = classify(name) is Kind.PASSWORD
    space = _SPACE.match(text, end)
    flag = text[max(0, start - 2) : start].endswith("-")
    if space and (value := _VALUE.match(text, space.end())):
        for number, word in enumerate(_read_line(text, space.end()).split()[:8]):
            strength = rate(word)
            if number == 0 and (strength is Strength.RANDOM or (strength is Strength.MIXED and (flag or password))):
                yield word, flag or (password and strength is Strength.RANDOM)
            elif number == 0 and password and _NUMBERED.fullmatch(_strip(word)):
                yield word, False
            elif number == 0 and _strip(word).isdigit() and password and len(_strip(word)) >= 6:
                yield word, True
            elif strength is Strength.RANDOM and len(word) >= 8:
                yield word, False
    if password and (groups := _APP_PASSWORD.search(text, end, end + 80)):
        yield groups[0], True


@lru_cache(maxsize=4096)
def classify(name: str) -> Kind:
    """Return the kind of value that a name stands for, such as ``DB_PASSWORD`` or "access key"."""
    words = [word.lower() for word in _SEAM.split(name) if word]
    while words and _QUALIFIER.fullmatch(words[-1]):
        words.pop()
    last = words[-1] if words else ""
    if _PASSWORD.fullmatch(last):
        return Kind.PASSWORD
    key = last in ("key", "keys") and len(words) > 1 and _OF_A_KEY.fullmatch(words[-2])
    return Kind.OTHER if key or _OTHER.fullmatch(last) else Kind.NONE


def _strip(value: str) -> str:
    """Return a value without enclosing brackets, quotes and punctuation."""
    inner = re.fullmatch(r"""(?:(?!ENC\[(?:AES|PKCS))\w{1,8}\[|[<(\["'`]+)(.*?)[>)\]"'`.,;]*""", value)
    return inner[1] if inner else value.rstrip(".,;)]}\"'")


def _is_no_word(piece: str) -> bool:
    """Tell whether letters form no word: mixed case as in "KqWmZtRb", or only consonants as in "xkqzvtrb"."""
    if not re.fullmatch(r"[A-Za-z]{7,}", piece):
        return False
    humps = re.findall(r"[A-Z]+[a-z]*|[a-z]+", piece)
    if len(humps) >= 3 and len(piece) < 3 * len(humps):
        return True
    return bool(re.search(r"(?i)[bcdfghjklmnpqrstvwxz]{5}|q[^u]|[bcdfghjklmnpqrtvwxz]{4}$", piece))


def _read_line(text: str, start: int) -> str:
    """Return the rest of a line, at most 80 characters."""
    return text[start : start + 80].partition("\n")[0]
