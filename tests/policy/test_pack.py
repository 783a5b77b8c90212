"""The policies as objects to compose: levels, settings, and what happens to a policy that fails inside."""

import traceback
from typing import Any

import pytest
from pulumi_policy import (
    EnforcementLevel,
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from pulumi_ngrok_tg.policy import SettingError, tunnel_group_policies
from pulumi_ngrok_tg.policy.catalog import POLICIES
from pulumi_ngrok_tg.policy.pack import PolicyFailed
from pulumi_ngrok_tg.rules.outputs import READ_ONLY, TYPE

URN = f"urn:pulumi:dev::shop::{TYPE}::"


def options(protect: bool = False) -> PolicyResourceOptions:
    return PolicyResourceOptions(protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], None)


def reported(name: str, *props: Any, overrides: Any = None, type_: str = TYPE, config: Any = None) -> list[str]:
    """What a policy reports of resources that the engine shows it."""
    (policy,) = (one for one in tunnel_group_policies(overrides) if one.name == name)
    said: list[str] = []

    def report(message: str, urn: str | None = None) -> None:
        said.append(f"{(urn or '').rpartition('::')[2]}: {message}")

    if isinstance(policy, ResourceValidationPolicy):
        for given in props:
            shown = unknown_checking_proxy(given)
            args = ResourceValidationArgs(type_, shown, f"{URN}web", "web", options(), None, config, {})
            policy.validate(args, report)
    else:
        assert isinstance(policy, StackValidationPolicy)
        resources = [
            PolicyResource(type_, unknown_checking_proxy(given), f"{URN}b{n}", f"b{n}", options(), None, None, [], {})
            for n, given in enumerate(props)
        ]
        policy.validate(StackValidationArgs(resources, config, {}), report)
    return said


def test_levels_are_as_the_catalog_has_them_or_as_overridden() -> None:
    levels = {p.name: p.enforcement_level.value for p in tunnel_group_policies() if p.enforcement_level}
    assert {name for name, level in levels.items() if level == "advisory"} == {
        "label-format",
        "description-required",
        "metadata-json-object",
        "possible-secrets",
        "protected",
        "overlapping-selectors",
    }
    assert {name for name, level in levels.items() if level == "mandatory"} == {
        "labels-required",
        "required-label-keys",
        "no-secrets",
        "no-operator-owned",
        "unique-selectors",
        "max-backends",
    }
    overrides = {
        "all": "disabled",
        "labels-required": "advisory",
        "no-secrets": EnforcementLevel.MANDATORY,
        "max-backends": {"enforcementLevel": "advisory", "max": 3},
        "label-format": {"maxKeyLength": 3},
    }
    found = {policy.name: policy.enforcement_level for policy in tunnel_group_policies(overrides)}
    assert found["labels-required"] == found["max-backends"] == EnforcementLevel.ADVISORY
    assert found["no-secrets"] == EnforcementLevel.MANDATORY
    assert found["label-format"] == found["description-required"] == EnforcementLevel.DISABLED


def test_settings_in_the_engines_config_come_before_those_of_the_pack() -> None:
    two = [{"labels": {"n": "1"}}, {"labels": {"n": "2"}}]
    assert reported("max-backends", *two) == []
    assert len(reported("max-backends", *two, overrides={"max-backends": {"max": 1}})) == 1
    assert reported("max-backends", *two, overrides={"max-backends": {"max": 1}}, config={"max": 2.0}) == []
    (policy,) = (p for p in tunnel_group_policies({"max-backends": {"max": 1}}) if p.name == "max-backends")
    assert policy.config_schema is not None
    assert policy.config_schema.properties["max"]["default"] == 1


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"label-fromat": "advisory"}, "there is no policy label-fromat."),
        (
            {"label-format": "hard"},
            "policy label-format: 'hard' is not an enforcement level. The levels are advisory, ",
        ),
        ({"all": "hard"}, "'hard' is not an enforcement level"),
        (
            {"label-format": {"keypattern": "x"}},
            "policy label-format: there is no setting keypattern. Known settings: keyPattern",
        ),
        ({"labels-required": {"x": 1}}, "policy labels-required: there is no setting x. Known settings: none."),
        ({"label-format": {"keyPattern": "("}}, "policy label-format: the setting keyPattern: '(' is not a 'regex'"),
        ({"label-format": {"maxKeyLength": 0}}, "the setting maxKeyLength: 0 is less than the minimum of 1"),
        (
            {"required-label-keys": {"keys": 5}},
            "required-label-keys: the setting keys: 5 is not of type 'array', ",
        ),
        ({"required-label-keys": {"keys": {"a": [5]}}}, "the setting keys.a.0: 5 is not of type 'string'"),
        ({"max-backends": {"max": -1}}, "policy max-backends: the setting max: -1 is less than the minimum of 0"),
        ({"no-secrets": {"allow": ["("]}}, "policy no-secrets: the setting allow.0: '(' is not a 'regular expression"),
        *(
            ({"no-secrets": {"allow": [pattern]}}, "that does not match the empty text'")
            for pattern in ("", "EXAMPLE|", "x*", "(?=)", "^", r"\b", "(?=.)", r"(?!\Z)", r"EXAMPLE|\b")
        ),
        ({"required-label-keys": {"keys": {"a": "("}}}, "the setting keys.a: '(' is not a 'regex'"),
        ({"required-label-keys": {"keys": {"a": []}}}, "the setting keys.a: [] should be non-empty"),
        (
            {"required-label-keys": {"keys": {"a", "b"}}},
            "required-label-keys: the settings cannot be written as",
        ),
        ({"protected": {"labels": {"a": 5}}}, "policy protected: the setting labels.a: 5 is not of type 'string'"),
        ({"label-format": "remediate"}, "'remediate' is not an enforcement level"),
        ({"label-format": None}, "None is not an enforcement level"),
        ({"max-backends": {"max": "3"}}, "policy max-backends: the setting max: '3' is not of type 'integer'"),
        ({"protected": {"labels": ["a"]}}, "policy protected: the setting labels: ['a'] is not of type 'object'"),
    ],
)
def test_an_invalid_override_is_named(overrides: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingError) as wrong:
        tunnel_group_policies(overrides)
    assert says in str(wrong.value)


def test_a_setting_that_the_engine_lets_through_is_an_error_of_the_policy() -> None:
    with pytest.raises(
        PolicyFailed, match=r"^policy label-format: there is no setting keypattern. Known settings: key"
    ):
        reported("label-format", {"labels": {}}, config={"keypattern": "x"})
    with pytest.raises(PolicyFailed, match=r"^policy max-backends: there is no setting maximum. Known settings: max\."):
        reported("max-backends", {"labels": {}}, config={"maximum": 1.0})


@pytest.mark.parametrize("name", [policy.name for policy in POLICIES])
def test_other_resources_are_not_touched(name: str) -> None:
    strict = {"required-label-keys": {"keys": ["x"]}, "max-backends": {"max": 0}, "protected": {"labels": {}}}
    other = {"labels": 5, "description": ["password=swordfish9"], "metadata": {"a": 1}}
    overrides = {name: strict[name]} if name in strict else None
    assert reported(name, other, other, type_="aws:s3/bucket:Bucket", overrides=overrides) == []


def test_accounts_are_told_apart() -> None:
    labels = {"labels": {"app": "web"}}
    both = [{**labels, "account": None}, {**labels, "account": "eu"}]
    assert reported("unique-selectors", *both) == reported("overlapping-selectors", *both) == []
    assert len(reported("unique-selectors", *both, {**labels, "account": "eu"})) == 2
    unknown = {**labels, "account": UNKNOWN_STRING_VALUE}
    assert reported("unique-selectors", unknown, unknown) == []
    narrow = {**unknown, "labels": {"app": "web", "dc": "fra"}}
    assert reported("overlapping-selectors", unknown, narrow) == []


def test_a_type_of_the_same_name_is_another_one() -> None:
    assert reported("labels-required", {"labels": {}}, type_="acme:ngrok:TunnelGroupBackend") == []


def test_values_that_a_preview_does_not_know_are_not_judged() -> None:
    unknown = {"labels": {"app": UNKNOWN_STRING_VALUE}, "description": UNKNOWN_STRING_VALUE, "account": None}
    assert reported("description-required", unknown) == reported("unique-selectors", unknown, unknown) == []
    assert len(reported("metadata-json-object", {**unknown, "metadata": "x"})) == 1
    assert reported("labels-required", {"labels": UNKNOWN_STRING_VALUE}) == []
    half = {"labels": {"app": "web", "dc": UNKNOWN_STRING_VALUE}, "account": None}
    assert reported("labels-required", {"labels": {"dc": UNKNOWN_STRING_VALUE}}) == []
    assert reported("unique-selectors", half, {"labels": {"app": "web"}, "account": None}) == []
    assert reported("overlapping-selectors", half, {"labels": {"app": "web", "x": "y"}, "account": None}) == []
    assert len(reported("protected", half, overrides={"protected": {"labels": {"app": "web"}}})) == 1
    assert reported("protected", half, overrides={"protected": {"labels": {"dc": "fra"}}}) == []


def test_a_backend_that_get_reads_is_not_judged() -> None:
    same = {"labels": {"app": "web"}, "account": None}
    assert len(reported("unique-selectors", same, same)) == 2
    assert reported("unique-selectors", same, {**same, READ_ONLY: True}) == []


def test_resource_without_props_is_not_judged() -> None:
    assert reported("labels-required", {"labels": {}})
    assert reported("labels-required", {}) == []
    assert reported("unique-selectors", {}, {}) == []


class Failing:
    """Fails with a message that holds a secret."""

    def __iter__(self) -> None:
        raise ValueError("hu" + "sh")


@pytest.mark.parametrize("name", ["labels-required", "unique-selectors"])
def test_a_failure_inside_fails_the_preview_and_shows_no_secret(name: str) -> None:
    with pytest.raises(PolicyFailed) as failed:
        reported(name, {"labels": Failing()})
    assert f"policy {name} failed inside (" in str(failed.value)
    assert "so it checked nothing" in str(failed.value)
    assert "hush" not in "".join(traceback.format_exception(failed.value))
