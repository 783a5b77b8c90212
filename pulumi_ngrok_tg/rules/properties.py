"""The rules of a backend's properties: what is valid, what is equal, what has changed."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from pulumi.output import Unknown

from pulumi_ngrok_tg.api.models import Contents

_EMPTY: dict[str, Any] = {"description": "", "metadata": "", "labels": {}}
_MOST = {"description": 255, "metadata": 4096}
"""Characters. ERR_NGROK_6503 and 6504 count characters and name the numbers only as MAX; these are the numbers of
ngrok's other objects (https://ngrok.com/docs/api), in bytes there. What is longer in bytes alone, ngrok judges."""
# Pulumi's text in place of an Output's value (pulumi.output), also if a program has made a slug of it.
_OUTPUT_AS_TEXT = re.compile(r"calling[\W_]+str[\W_]+on[\W_]+an[\W_]+output|<pulumi\.output\.Output object at 0x", re.I)
_LARGE = 2**1000  # the wire format has doubles
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Problem(NamedTuple):
    """What is wrong with an input, and how to correct it.

    It names the property and never quotes a value, which may be a secret. It quotes a label's key only if that is not
    in an output, because then the key may be a secret, too.
    """

    property: str
    reason: str


def encode_metadata(value: Any) -> Any:
    """Return a mapping as canonical JSON (sorted keys, no spaces), an empty one as "", anything else unchanged.

    Raises:
        ValueError: the mapping holds a value that JSON cannot express, or the text cannot be encoded.
    """
    if not isinstance(value, Mapping):
        return require_text("metadata", value)
    try:
        return require_text("metadata", _canonical(value)) if value else ""
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"metadata cannot be written as JSON: {error}. Use strings, numbers, lists, mappings."
        ) from error


def require_text(name: str, value: Any) -> Any:
    """Return a value unchanged, or raise for one that the engine's wire format cannot carry.

    Raises:
        ValueError: it is bytes or the like, or holds half of a surrogate pair.
    """
    # The wire format also carries lists and mappings, but not all that may be in them.
    if not (isinstance(value, str | bool | None) or (isinstance(value, int | float) and abs(value) < _LARGE)):
        raise ValueError(_explain_type(name, value))
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{name} holds half of a surrogate pair, which is no character. Remove it.")
    return value


def require_label_key(key: Any, plain: bool = False) -> None:
    """Raise ValueError for a label key that the engine's wire format cannot carry; quote it only if it is plain."""
    if not isinstance(key, str):
        named = f"the key {key!r}" if plain else "a key"
        raise ValueError(f"labels: {named} must be a string, not {_name_type(key)}. Put it in quotes.")
    require_text("labels: a key", key)


def require_label_value(key: str, value: Any, plain: bool = False) -> Any:
    """Return a label's value unchanged, or raise for one that the engine's wire format drops or cannot carry.

    Raises:
        ValueError: it is None, or half of a surrogate pair is in it.
    """
    named = f"labels: the value of {_name_key(key, {key} if plain else ())}"
    if value is None:
        raise ValueError(f"{named} must be a string, not None. Give it one or drop the label.")
    return require_text(named, value)


def check(
    inputs: Mapping[str, Any], plain: Collection[str] = (), unwritten: Collection[str] = ()
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the inputs without the empty ones, and every problem. Unknown values pass.

    Args:
        inputs: the inputs of a resource or a look-up.
        plain: the label keys that a message may quote.
        unwritten: the properties that ngrok has to hold already. Their texts are not judged, as no request writes them.
    """
    normal = {name: inputs[name] for name in ("account", *_EMPTY) if not _is_empty(inputs.get(name))}
    labels = _check_labels(normal.get("labels"), plain, "labels" in unwritten)
    return normal, [*_check_texts(normal, unwritten), *labels, *_check_account(normal.get("account"))]


def find_unwritten(olds: Mapping[str, Any], news: Mapping[str, Any], adopts: bool) -> list[str]:
    """Return the properties that ngrok has to hold already: all in an adoption, else those that do not change."""
    if adopts:
        return [*_EMPTY]
    if olds.get("account") != news.get("account"):  # a replacement writes everything
        return []
    return [name for name in _EMPTY if name in olds and olds[name] == news.get(name)]


def take_contents(properties: Mapping[str, Any]) -> Contents:
    """Return description, metadata and labels, each present: absent, None, "" and {} are the same."""
    return cast(Contents, {n: empty if _is_empty(properties.get(n)) else properties[n] for n, empty in _EMPTY.items()})


def find_changes(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Contents:
    """Return the PATCH from ``olds`` to ``news``: the new value of each property whose meaning differs."""
    before, after = cast(dict[str, Any], take_contents(olds)), cast(dict[str, Any], take_contents(news))
    return cast(Contents, {name: after[name] for name in _EMPTY if not _equal(name, before[name], after[name])})


def keep_spelling(outputs: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return outputs with the metadata as the state spells it, if it means the same.

    Otherwise every refresh would show a difference that no update removes.
    """
    same = "metadata" not in find_changes(outputs, known)
    return {**outputs, "metadata": known.get("metadata") or ""} if same else outputs


def find_differences(olds: Mapping[str, Any], news: Mapping[str, Any], plain: Collection[str] = ()) -> dict[str, str]:
    """Return ADD, DELETE or UPDATE for each property path that an update changes.

    For another account, "_REPLACE" is added: a backend cannot move between accounts.

    Args:
        olds: the old properties.
        news: the new ones.
        plain: the label keys that are not secret. Each label has its own path if all changed keys are among them.
    """
    found = {path: _classify(before, after) for path, before, after in compare(olds, news)}
    paths = {format_label_path(key) for key in plain}
    if any(path.startswith(("labels.", "labels[")) and path not in paths for path in found):
        before, after = take_contents(olds)["labels"], take_contents(news)["labels"]
        found = {path: kind for path, kind in found.items() if not path.startswith(("labels.", "labels["))}
        found["labels"] = _classify(before or None, after or None)
    if olds.get("account") != news.get("account"):
        found["account"] = _classify(olds.get("account"), news.get("account")) + "_REPLACE"
    return found


def compare(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield path, old and new value of each difference in meaning; each label has its own path; None means absent."""
    before = cast(dict[str, Any], take_contents(olds))
    for name, after in find_changes(olds, news).items():
        old = before[name]
        # A key with a backslash cannot be written in a property path (pulumi's parser knows no escaped backslash).
        if isinstance(after, Mapping) and isinstance(old, Mapping) and not any("\\" in key for key in {*old, *after}):
            for key in sorted({*old, *after}):
                if old.get(key) != after.get(key):
                    yield format_label_path(key), old.get(key), after.get(key)
        else:
            yield name, None if _is_empty(old) else old, None if _is_empty(after) else after


def format_label_path(key: str) -> str:
    """Return the property path of a label."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        return f"labels.{key}"
    quoted = key.replace('"', '\\"')
    return f'labels["{quoted}"]'


def _classify(old: Any, new: Any) -> str:
    if old is None:
        return "ADD"
    return "DELETE" if new is None else "UPDATE"


def _equal(name: str, before: Any, after: Any) -> bool:
    if before == after:
        return True
    return name == "metadata" and isinstance(before, str) and isinstance(after, str) and _equal_json(before, after)


def _equal_json(before: str, after: str) -> bool:
    """Tell whether two JSON objects or arrays differ only in spacing and in the order of keys.

    Numbers are compared as they are written: 1.10 and 1.1 may be versions, and a float cannot hold all ids.
    """
    try:
        return bool(_parse(before) == _parse(after))
    except (ValueError, RecursionError):
        return False


def _parse(text: str) -> Any:
    """Read JSON so that equal values mean equal texts; raise ValueError for other values than objects and arrays."""
    if not text.lstrip().startswith(("{", "[")):
        raise ValueError
    return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_reject, object_pairs_hook=_object)


def _number(digits: str) -> tuple[str, str]:
    return "number", digits


def _reject(constant: str) -> None:
    """Raise ValueError for NaN and the like, which are not JSON."""
    raise ValueError(constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raise ValueError for a key that occurs twice: it is not defined which of its values counts."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == {}


def _check_texts(inputs: Mapping[str, Any], unwritten: Collection[str]) -> Iterable[Problem]:
    for name in _MOST:
        value = inputs.get(name)
        if name == "metadata" and isinstance(value, Mapping):
            # Only a transform gets here; encoding it now would lose the secrets in it.
            yield Problem(
                name, "metadata must be a string, not a mapping, if a transform sets it. Use Output.json_dumps."
            )
        elif not isinstance(value, str | Unknown | None):
            yield Problem(name, _explain_type(name, value))
        elif name in unwritten:
            continue
        elif problems := _find_output(name, name, value):
            yield from problems
        elif isinstance(value, str) and len(value) > _MOST[name]:
            yield Problem(
                name, f"{name} may have at most {_MOST[name]} characters, and this has {len(value)}. Shorten it."
            )


def _check_labels(labels: Any, plain: Collection[str], is_unwritten: bool) -> Iterable[Problem]:
    if labels is None or isinstance(labels, Unknown):
        return
    if not isinstance(labels, Mapping):
        yield Problem("labels", _explain_type("labels", labels))
        return
    for key, value in labels.items():
        named = _name_key(key, plain)
        key_named = f"the key {named}" if key in plain else named
        if key == "":
            yield Problem("labels", "labels: a key must not be empty. Name the label or drop it.")
        if "=" in key:
            yield Problem("labels", f'labels: {key_named} must not contain "=" (ERR_NGROK_6531). Rename it.')
        if isinstance(value, str) and "=" in value:
            yield Problem("labels", f'labels: the value of {named} must not contain "=" (ERR_NGROK_6531). Change it.')
        elif not isinstance(value, str | Unknown):
            yield Problem("labels", _explain_type(f"labels: the value of {named}", value) + " Quote it.")
        if not is_unwritten:
            yield from _find_output("labels", "labels: a key", key)
            yield from _find_output("labels", f"labels: the value of {named}", value)


def _find_output(name: str, named: str, value: Any) -> list[Problem]:
    """Return the problem of a text that holds an Output that was put into a string."""
    if not isinstance(value, str) or not _OUTPUT_AS_TEXT.search(value):
        return []
    reason = (
        f"{named} holds an Output that was put into a string, as in an f-string. Its value is not known there: use "
        "pulumi.Output.format, pulumi.Output.concat or .apply."
    )
    return [Problem(name, reason)]


def _name_key(key: str, plain: Collection[str]) -> str:
    return repr(key) if key in plain else f"the key of {len(key)} characters"


def _check_account(account: Any) -> Iterable[Problem]:
    if account is None or isinstance(account, Unknown):
        return
    if problems := _find_output("account", "account", account):
        yield from problems
    elif not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        yield Problem(
            "account",
            'account must be a name of letters, digits, "-" and "_", such as "eu" for the config ngrok-eu:apiKey.',
        )


def _explain_type(name: str, value: Any) -> str:
    wanted = {"labels": 'a mapping such as {"app": "web"}', "metadata": "a string or a mapping"}.get(name, "a string")
    return f"{name} must be {wanted}, not {_name_type(value)}."


def _name_type(value: Any) -> str:
    """Return the type of a value for messages; the wire format does not keep int and float apart."""
    if isinstance(value, bool):
        return "a bool"
    if isinstance(value, int | float):
        return "a number"
    names = {str: "a string", list: "a list", tuple: "a tuple", bytes: "bytes", type(None): "None"}
    return "a mapping" if isinstance(value, Mapping) else names.get(type(value), f"a {type(value).__name__}")
