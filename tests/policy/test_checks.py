"""Each rule, passing and failing, as a function of what is declared."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.policy import checks
from pulumi_ngrok_tg.policy.catalog import POLICIES, OfBackend, OfStack
from pulumi_ngrok_tg.policy.declared import UNKNOWN, Declared
from pulumi_ngrok_tg.policy.setting_schemas import check_settings
from tests.policy.corpus import fill

WEB = {"app": "web"}
BY_NAME = {policy.name: policy for policy in POLICIES}


def declared(name: str = "web", **given: Any) -> Declared:
    return Declared(name, f"urn:{name}", **{"labels": WEB, **given})


def judged(policy: str, *backends: Declared, **settings: Any) -> list[str]:
    """What a policy says, with the defaults for settings that are not given."""
    found = BY_NAME[policy]
    known = check_settings(policy, found.settings, settings)
    if isinstance(found, OfBackend):
        (backend,) = backends
        return list(found.rule(backend, known))
    return [f"{backend.name if backend else 'stack'}: {reason}" for backend, reason in found.rule(backends, known)]


FORMAT = r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?"

FAILING = [
    ("labels-required", {"labels": {}}, {}, "It has no labels, so no tunnel would ever join it"),
    ("required-label-keys", {}, {"keys": ["team"]}, 'It has no label "team". Add it.'),
    ("required-label-keys", {}, {"keys": {"app": ["api", "shop"]}}, 'label "app" is none of api, shop.'),
    ("required-label-keys", {}, {"keys": {"app": "w.?"}}, 'The value of its label "app" does not match w.?.'),
    ("label-format", {"labels": {"my app": "x"}}, {}, f"Its label has a key that does not match {FORMAT}."),
    ("label-format", {"labels": {"a": "x y", "b": "-"}}, {}, "2 of its 2 labels have a value that does not match"),
    ("label-format", {"labels": {"k" * 9: ""}}, {"maxKeyLength": 8}, "a key of more than 8 characters"),
    ("label-format", {"labels": {"k": "v" * 129}}, {}, "a value of more than 128 characters"),
    ("description-required", {}, {}, "It has no description."),
    ("metadata-json-object", {"metadata": "team web"}, {}, "Its metadata is not a JSON object."),
    ("metadata-json-object", {"metadata": "[1]"}, {}, "Its metadata is not a JSON object."),
    ("metadata-json-object", {"metadata": "[" * 100_000}, {}, "Its metadata is not a JSON object."),
    ("no-secrets", {"description": "password=swordfish9"}, {}, "The description seems to hold a credential ("),
    (
        "possible-secrets",
        {"description": "password=red-turnip-fox"},
        {},
        "The description may hold a credential (",
    ),
    ("no-secrets", {"labels": {"db-password": "s3cr3tValue9"}}, {}, "The labels seem to hold a credential ("),
    ("no-secrets", {"labels": {fill("ghp_%{alnum:36}", 1): "x"}}, {}, "The labels seem to hold a credential ("),
    ("no-operator-owned", {"labels": {"k8s.ngrok.com/namespace": "x"}}, {}, "ngrok's Kubernetes operator owns it"),
    ("no-operator-owned", {"metadata": '{"owned-by":"ngrok-operator"}'}, {}, "ngrok's Kubernetes operator owns it"),
    ("protected", {}, {"labels": WEB}, "It is not protected."),
    ("protected", {"labels": {}}, {"labels": {}}, "It is not protected."),
]
PASSING = [
    ("labels-required", {}, {}),
    ("required-label-keys", {"labels": {}}, {}),
    ("required-label-keys", {"labels": {"team": "a", "app": "web"}}, {"keys": ["team", "app"]}),
    ("required-label-keys", {}, {"keys": {"app": ["web"]}}),
    ("required-label-keys", {}, {"keys": {"app": "w.*"}}),
    ("label-format", {"labels": {"k8s.ngrok.com/namespace": "a_b", "empty": ""}}, {}),
    ("label-format", {"labels": {"ä": "x y"}}, {"keyPattern": ".", "valuePattern": "x y"}),
    ("label-format", {"labels": {"k" * 8: "v" * 128}}, {"maxKeyLength": 8}),
    ("description-required", {"description": "Website"}, {}),
    ("metadata-json-object", {}, {}),
    ("metadata-json-object", {"metadata": '{"a": 1}'}, {}),
    ("no-secrets", {"description": "Password reset", "metadata": '{"secret_name": "prod/db"}'}, {}),
    ("no-secrets", {"description": "password=swordfish9"}, {"allow": ["^swordfish"]}),
    ("no-secrets", {"description": "password=red-turnip-fox"}, {}),
    ("possible-secrets", {"description": "password=swordfish9"}, {}),
    ("possible-secrets", {"description": "password=red-turnip-fox"}, {"allow": ["turnip"]}),
    ("no-operator-owned", {"metadata": '{"owner":"team"}'}, {}),
    ("protected", {}, {}),
    ("protected", {"protect": True}, {"labels": WEB}),
    ("protected", {}, {"labels": {"app": "web", "env": "prod"}}),
]


@pytest.mark.parametrize(("policy", "given", "settings", "says"), FAILING)
def test_rules_that_fail(policy: str, given: dict[str, Any], settings: dict[str, Any], says: str) -> None:
    (reason,) = judged(policy, declared(**given), **settings)
    assert says in reason


@pytest.mark.parametrize(("policy", "given", "settings"), PASSING)
def test_rules_that_pass(policy: str, given: dict[str, Any], settings: dict[str, Any]) -> None:
    assert judged(policy, declared(**given), **settings) == []


def test_every_policy_is_seen_to_fail_and_to_pass() -> None:
    of_backends = {policy.name for policy in POLICIES if isinstance(policy, OfBackend)}
    assert {case[0] for case in FAILING} == {case[0] for case in PASSING} == of_backends


STRICT = {
    "required-label-keys": {"keys": {"app": ["api"]}},
    "label-format": {"keyPattern": "z", "valuePattern": "z", "maxKeyLength": 1, "maxValueLength": 1},
    "protected": {"labels": {"app": "unknown"}},
    "max-backends": {"max": 1},
}


@pytest.mark.parametrize(
    "policy", [policy for policy in POLICIES if policy.name != "max-backends"], ids=lambda p: p.name
)
def test_an_unknown_value_is_not_judged(policy: OfBackend | OfStack) -> None:
    backend = declared(labels=UNKNOWN, description=UNKNOWN, metadata=UNKNOWN, account=UNKNOWN)
    backends = [backend] if isinstance(policy, OfBackend) else [backend, declared(account=UNKNOWN), declared("c")]
    assert judged(policy.name, *backends, **STRICT.get(policy.name, {})) == []


def test_a_value_that_is_unknown_hides_no_other() -> None:
    half = declared(labels={"app": UNKNOWN, "my team": "x", "password": "s3cr3tValue9"})
    assert judged("required-label-keys", half, keys={"app": ["web"], "dc": "x"}) == ['It has no label "dc". Add it.']
    assert len(judged("label-format", half)) == 1
    assert len(judged("no-secrets", half)) == 1
    assert judged("labels-required", half) == judged("unique-selectors", half, half) == []
    assert len(judged("no-operator-owned", declared(labels={"k8s.ngrok.com/x": UNKNOWN}))) == 1


# Of a stack --------------------------------------------------------------------------------------------------------


def test_the_same_labels_are_named_on_each_side() -> None:
    twins = [declared("one"), declared("two"), declared("eu", account="eu"), declared("none", labels={})]
    assert judged("unique-selectors", *twins, declared("none2", labels={})) == [
        "one: It has the same labels as two. Use one backend for both, or other labels.",
        "two: It has the same labels as one. Use one backend for both, or other labels.",
    ]
    many = [declared(f"b{n}") for n in range(9)]
    assert "same labels as b1, b2, b3, b4, b5 and 3 more." in judged("unique-selectors", *many)[0]


def test_labels_within_others_are_named_with_both() -> None:
    wide, narrow = declared("wide"), declared("narrow", labels={"app": "web", "dc": "fra"})
    elsewhere = declared("elsewhere", labels={"app": "web", "dc": "fra"}, account="eu")
    (reason,) = judged("overlapping-selectors", wide, narrow, elsewhere, declared("twin", labels={"app": "api"}))
    assert reason.startswith("wide: Every tunnel of narrow also serves wide")
    assert judged("overlapping-selectors", declared("a"), declared("b"), declared("none", labels={})) == []


def test_max_backends_counts_the_stack() -> None:
    two = [declared("a"), declared("b")]
    assert judged("max-backends", *two, max=2) == judged("max-backends", *two) == []
    assert judged("max-backends", *two, max=1) == [
        "stack: The stack has 2 tunnel group backends; the maximum is 1. Remove some."
    ]
    assert "the maximum is 1234567" in judged("max-backends", *two * 617284, max=1234567.0)[0]


LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"))


@given(st.lists(st.tuples(LABELS, st.sampled_from(["", "eu"])), max_size=12))
def test_overlaps_are_as_comparing_all_with_all_has_them(given: list[tuple[dict[str, str], str]]) -> None:
    backends = [declared(f"b{n}", labels=labels, account=account) for n, (labels, account) in enumerate(given)]
    found = {one.name for one, _ in checks.overlapping_selectors(backends, {}) if one}
    same = {one.name for one, _ in checks.unique_selectors(backends, {}) if one}
    for one in backends:
        others = [o for o in backends if o is not one and o.account == one.account and o.labels and one.labels]
        assert (one.name in found) == any(dict(one.labels).items() < dict(o.labels).items() for o in others)
        assert (one.name in same) == any(one.labels == o.labels for o in others)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (key, *texts(inner))
    elif isinstance(value, str):
        yield value


SECRET = st.text("QXZ", min_size=6, max_size=12)


@given(st.dictionaries(SECRET, SECRET, min_size=1, max_size=3), SECRET, SECRET)
def test_no_sentence_holds_a_value_of_the_program(labels: dict[str, str], description: str, key: str) -> None:
    metadata = json.dumps({f"password_{key}": f"{description}9", "owned-by": "ngrok-operator"})
    one = declared("one", labels=labels, description=f"password={description}9", metadata=metadata)
    wider = declared("two", labels={**labels, "more": "x"}, description="", metadata=description)
    said = [
        reason
        for policy in POLICIES
        for backends in ([[one], [wider]] if isinstance(policy, OfBackend) else [[one, one, wider]])
        for reason in judged(policy.name, *backends, **STRICT.get(policy.name, {}))
    ]
    assert len(said) > 8
    for secret in (*texts(labels), description, key):
        assert not any(secret in reason for reason in said)
