"""The rules, as pure functions.

A rule for one backend yields a sentence for each problem. A rule for a stack also yields the backend with the problem,
or None. Rules skip values that are not known yet. No sentence holds a value of the program, which may be a secret.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_ngrok_tg.policy.credentials import find_credentials
from pulumi_ngrok_tg.policy.declared import UNKNOWN, Declared
from pulumi_ngrok_tg.rules import kubernetes
from pulumi_ngrok_tg.rules.wording import join_names

Configured = Mapping[str, Any]


def labels_required(backend: Declared, _settings: Configured) -> Iterator[str]:
    """No tunnel joins a backend without labels."""
    if not backend.labels:
        yield 'It has no labels, so no tunnel would ever join it. Give it some, such as labels={"app": "web"}.'


def required_label_keys(backend: Declared, settings: Configured) -> Iterator[str]:
    """Every backend has given labels, with any value, one of several values, or a value that matches a pattern."""
    if backend.labels is UNKNOWN:
        return
    keys = settings.get("keys") or {}
    allowed: Mapping[str, Any] = keys if isinstance(keys, Mapping) else dict.fromkeys(keys)
    for key, values in allowed.items():
        value = backend.labels.get(key)
        if value is None:
            yield f'It has no label "{key}". Add it.'
        elif value is UNKNOWN or values is None:
            continue
        elif isinstance(values, str) and not re.fullmatch(values, value):
            yield f'The value of its label "{key}" does not match {values}. Change it.'
        elif not isinstance(values, str) and value not in values:
            yield f'The value of its label "{key}" is none of {", ".join(values)}. Choose one of these.'


def label_format(backend: Declared, settings: Configured) -> Iterator[str]:
    """Keys and values of labels match a pattern and are not too long."""
    if backend.labels is UNKNOWN:
        return
    keys = list(backend.labels)
    values = [value for value in backend.labels.values() if value is not UNKNOWN]
    for what, texts, pattern, longest in (
        ("key", keys, settings["keyPattern"], settings["maxKeyLength"]),
        ("value", values, settings["valuePattern"], settings["maxValueLength"]),
    ):
        if wrong := sum(not re.fullmatch(pattern, text) for text in texts):
            yield f"{_of_labels(wrong, keys)} {_have(wrong)} a {what} that does not match {pattern}. Rewrite it."
        if wrong := sum(len(text) > longest for text in texts):
            yield f"{_of_labels(wrong, keys)} {_have(wrong)} a {what} of more than {longest} characters. Shorten it."


def description_required(backend: Declared, _settings: Configured) -> Iterator[str]:
    """A description says what traffic the backend gets."""
    if not backend.description:
        yield "It has no description. Say what traffic it carries, or whom to ask."


def metadata_json_object(backend: Declared, _settings: Configured) -> Iterator[str]:
    """Tools can read metadata that is a JSON object."""
    if backend.metadata is UNKNOWN or not backend.metadata:
        return
    try:
        ok = isinstance(json.loads(backend.metadata), dict)
    except (ValueError, RecursionError):
        ok = False
    if not ok:
        yield 'Its metadata is not a JSON object. Give a mapping, such as metadata={"team": "web"}.'


def no_secrets(backend: Declared, settings: Configured) -> Iterator[str]:
    """Everybody with access to the API can read a backend's texts, so they hold no credentials."""
    for name, kinds in _find_kinds(backend, settings, sure=True):
        yield (
            f"The {name} {'seem' if name == 'labels' else 'seems'} to hold a credential ({kinds}). Remove it and "
            "revoke it. If it is not a credential, add a regular expression that matches it to the setting `allow`."
        )


def possible_secrets(backend: Declared, settings: Configured) -> Iterator[str]:
    """A text may be a credential, or a name, an id or a public token."""
    for name, kinds in _find_kinds(backend, settings, sure=False):
        yield (
            f"The {name} may hold a credential ({kinds}). Check it. If it is none, "
            "add a regular expression that matches it to the setting `allow`."
        )


def _find_kinds(backend: Declared, settings: Configured, sure: bool) -> Iterator[tuple[str, str]]:
    """Yield the properties that hold credentials, with the names of their kinds."""
    texts: dict[str, list[str]] = {"description": [], "metadata": [], "labels": []}
    for name, text in (("description", backend.description), ("metadata", backend.metadata)):
        if text is not UNKNOWN:
            texts[name].append(text)
    if backend.labels is not UNKNOWN:
        known = {key: "" if value is UNKNOWN else value for key, value in backend.labels.items()}
        texts["labels"].append(json.dumps(known))
    for name, given in texts.items():
        found = {finding for text in given for finding in find_credentials(text, settings.get("allow") or ())}
        if kinds := {finding.kind for finding in found if finding.sure == sure}:
            yield name, ", ".join(sorted(kinds))


def no_operator_owned(backend: Declared, _settings: Configured) -> Iterator[str]:
    """Two controllers of one backend undo each other's changes."""
    labels = {} if backend.labels is UNKNOWN else dict.fromkeys(backend.labels)
    metadata = "" if backend.metadata is UNKNOWN else backend.metadata
    if kubernetes.is_operator_owned({"labels": labels, "metadata": metadata}):
        yield "ngrok's Kubernetes operator owns it, by its labels or metadata. Leave it to the operator."


def protected(backend: Declared, settings: Configured) -> Iterator[str]:
    """Backends with given labels cannot be deleted by mistake."""
    wanted = settings.get("labels")
    if wanted is None or backend.protect or (backend.labels is UNKNOWN and wanted):
        return
    labels = {} if backend.labels is UNKNOWN else backend.labels
    if all(labels.get(key) == value for key, value in wanted.items()):
        yield "It is not protected. Give it opts=pulumi.ResourceOptions(protect=True)."


def unique_selectors(backends: Sequence[Declared], _settings: Configured) -> Iterator[tuple[Declared, str]]:
    """Two backends with the same labels get the same tunnels, and an edge may use the wrong one."""
    same: defaultdict[Any, list[Declared]] = defaultdict(list)
    for backend in backends:
        if backend.selector is not None and backend.account is not UNKNOWN:
            same[backend.account, backend.selector].append(backend)
    for group in same.values():
        for backend in group if len(group) > 1 else ():
            others = [other for other in group if other is not backend]
            yield backend, f"It has the same labels as {_named(others)}. Use one backend for both, or other labels."


def overlapping_selectors(backends: Sequence[Declared], _settings: Configured) -> Iterator[tuple[Declared, str]]:
    """A backend whose labels are all among those of another backend gets the tunnels of both."""
    known = [(one, one.selector) for one in backends if one.selector is not None and one.account is not UNKNOWN]
    # A backend with all labels of a selector has its rarest one, so only the few with that one are compared.
    carriers: defaultdict[Any, list[tuple[Declared, frozenset[Any]]]] = defaultdict(list)
    for backend, selector in known:
        for label in selector or ():
            carriers[backend.account, label].append((backend, selector or frozenset()))
    for backend, selector in known:
        rarest = min((carriers[backend.account, label] for label in selector or ()), key=len)
        if narrower := [other for other, labels in rarest if selector and selector < labels]:
            yield (
                backend,
                f"Every tunnel of {_named(narrower)} also serves {backend.name}, whose labels are a subset of theirs. "
                "Add a label that distinguishes them, or ignore this if you intend it.",
            )


def max_backends(backends: Sequence[Declared], settings: Configured) -> Iterator[tuple[None, str]]:
    """A stack has at most a given number of backends."""
    most = settings.get("max")
    if most is not None and len(backends) > most:
        yield None, f"The stack has {len(backends)} tunnel group backends; the maximum is {most}. Remove some."


def _named(backends: Sequence[Declared]) -> str:
    return join_names([backend.name for backend in backends])


def _of_labels(count: int, labels: Sequence[str]) -> str:
    return f"{count} of its {len(labels)} labels" if len(labels) > 1 else "Its label"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
