"""Whether a backend may be adopted, what is identical, and the lines about it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import Unknown

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.rules import adopt_identical, adoption
from pulumi_ngrok_tg.rules.adopt_identical import IdenticalBackends
from pulumi_ngrok_tg.rules.facts import Facts, read_facts
from tests.facts import declare

URN = "urn:pulumi:dev::shop::my:Service$pulumi-python:dynamic/ngrok:TunnelGroupBackend::web"
CREATED = "2025-01-21T18:19:53Z"
END = ". Write ngrok's value into the program; change it after the adoption."


# Who manages a backend ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"unread": None}, None),
        ({"unread": None, "others": {"bkdtg_b": "urn:b"}}, None),
        ({}, "import_: it is unknown whether another resource manages bkdtg_a, because the stack's state could not be"),
        ({"unread": None, "manager": URN}, None),
        (
            {"unread": None, "manager": URN.replace("::web", '::a "b"')},
            f'import_: bkdtg_a is already managed in this stack, by {URN[:-5]}::a "b". If you renamed that resource, '
            r"""add aliases=[pulumi.Alias(name="a \"b\"")] to the options beside import_; else declare it once.""",
        ),
        (
            {"unread": None, "manager": URN.replace("::web", "::w😀::x")},
            f"import_: bkdtg_a is already managed in this stack, by {URN[:-5]}::w😀::x. If you renamed that resource, "
            'add aliases=[pulumi.Alias(name="w😀::x")] to the options',
        ),
        (
            {"unread": None, "manager": URN.replace("my:Service$", "")},
            f"import_: bkdtg_a is already managed in this stack, by {URN.replace('my:Service$', '')}. If you renamed "
            f'that resource, add aliases=["{URN.replace("my:Service$", "")}"] to the options beside import_',
        ),
        (
            {"unread": None, "others": {"bkdtg_a": "urn:b c"}},
            "import_: bkdtg_a is already managed by urn:b c in this stack, whose delete would delete the backend. Take "
            "that resource out of the program, run `pulumi state delete 'urn:b c'`, then run this again.",
        ),
        ({"unread": None, "twin": "two"}, "import_: bkdtg_a belongs to another resource of this program, two. Remove"),
    ],
)
def test_another_manager_is_named(said: dict[str, Any], line: str | None) -> None:
    found = adoption.explain_manager("bkdtg_a", URN, Facts(**said))
    assert found is None if line is None else str(found).startswith(line)


def test_new_resources_are_counted() -> None:
    counts = {"adopted": 39, "created": 1}
    up = adoption.describe_adoptions(**counts, unknown=0, previews=False)
    assert up == "39 adopted, 1 created at ngrok. Pulumi shows adoptions as creates."
    preview = adoption.describe_adoptions(**counts, unknown=2, previews=True)
    assert preview.startswith(
        "New in this program: 39 to adopt, 1 to create at ngrok; for 2 more, only `pulumi up` can"
    )


# Differences --------------------------------------------------------------------------------------------------------


def explain(held: dict[str, Any], inputs: dict[str, Any], *secret: str, **more: Any) -> list[str]:
    facts = read_facts(declare(inputs, secret, **more))
    found = adoption.find_obstacles(Backend("bkdtg_a", "", CREATED, **held), facts, inputs)
    assert all(line.startswith("import_: bkdtg_a: ") and line.endswith(END) for line in found)
    return [line.removeprefix("import_: bkdtg_a: ").removesuffix(END) for line in found]


def test_each_difference_is_named_with_both_values() -> None:
    held = {"description": "Web", "labels": {"app": "web", "dc": "fra"}}
    assert explain(held, {"metadata": "m", "labels": {"app": "shop", "dc": "fra"}}) == [
        'description is "Web" at ngrok, but not set in the program',
        'metadata is not set at ngrok, but "m" in the program',
        'labels.app is "web" at ngrok, but "shop" in the program',
    ]


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ([], ['description is "Web" at ngrok, but not set in the program', 'labels.app is "web" at ngrok, but not']),
        (
            ["description", "labels"],
            ["description is not what ngrok holds (the value is a secret)", "a label is not what ngrok holds"],
        ),
    ],
)
def test_what_is_left_out_is_shown_as_ngrok_holds_it_unless_it_is_a_secret(secret: list[str], shown: list[str]) -> None:
    found = explain({"description": "Web", "labels": {"app": "web"}}, {}, *secret)
    assert [line[: len(start)] for line, start in zip(found, shown, strict=True)] == shown


def test_labels_of_which_one_is_secret_are_hidden() -> None:
    inputs = {"labels": {"app": "shop", "token": "ours"}}
    found = explain({"labels": {"app": "web", "token": "theirs"}}, inputs, plain={"labels": {"app": "shop"}})
    assert found == [
        "labels.app is not what ngrok holds (the value is a secret)",
        "labels.token is not what ngrok holds (the value is a secret)",
    ]


def test_what_a_transform_has_changed_may_be_a_secret() -> None:
    plain = {"description": "Shop", "metadata": None, "labels": {"app": "shop"}}
    inputs = {"description": "hush", "metadata": "hush", "labels": {"app": "shop", "team": "hush"}}
    found = explain({"labels": {"app": "web", "team": "x"}}, inputs, plain=plain, keys=("app",))
    assert found == [
        "description is not what ngrok holds (the value is a secret)",
        "metadata is not what ngrok holds (the value is a secret)",
        "labels.app is not what ngrok holds (the value is a secret)",
        "a label is not what ngrok holds (the value is a secret)",
    ]


TEXTS = st.none() | st.text(max_size=12)


@given(
    st.fixed_dictionaries({"description": TEXTS, "metadata": TEXTS}),
    st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=6), max_size=3),
    st.sets(st.sampled_from(["description", "metadata", "labels"])),
)
def test_no_secret_and_no_escape_reaches_a_line(
    texts: dict[str, Any], labels: dict[str, str], hidden: set[str]
) -> None:
    inputs = {name: value and f"\u202e\nsecret-{name}" for name, value in texts.items()}
    inputs["labels"] = {f"\u202e{key}": "secret-labels" for key in labels}
    held = {"description": "\x1b[31m", "metadata": "x", "labels": {"k\n": "v\x00"}}
    for line in explain(held, inputs, *hidden):
        assert line.isprintable()
        assert not any(f"secret-{name}" in line for name in hidden)


def test_unknown_inputs_differ_from_nothing() -> None:
    assert explain({"description": "x"}, {"description": Unknown(), "labels": Unknown()}) == []


def test_an_operators_backend_needs_consent() -> None:
    owned = Backend("bkdtg_a", "", CREATED, labels={"k8s.ngrok.com/service": "web"})
    inputs = {"labels": dict(owned.labels)}
    (line,) = adoption.find_obstacles(owned, read_facts(declare(inputs)), inputs)
    assert line == (
        "import_: bkdtg_a is owned by ngrok's Kubernetes operator, which would undo what this stack changes. Delete "
        "the Kubernetes resource that it belongs to, or set allow_operator_owned=True to adopt it anyway."
    )
    assert adoption.find_obstacles(owned, read_facts(declare(inputs, allow_operator_owned=True)), inputs) == []


# Identical backends -------------------------------------------------------------------------------------------------


CONTENTS = st.fixed_dictionaries(
    {
        "description": st.sampled_from(["", "a"]),
        "metadata": st.sampled_from(["", '{"a": 1, "b": 2}', '{"b":2,"a":1}', '{"b":1,"a":2}', "ab"]),
        "labels": st.sampled_from([{}, {"a": "b"}, {"a": "b", "c": "d"}]),
    }
)


@given(st.lists(CONTENTS, max_size=6), CONTENTS, st.sets(st.integers(0, 5)))
def test_identical_is_what_no_change_would_be_made_to_and_no_resource_has(
    held: list[dict[str, Any]], inputs: dict[str, Any], managed: set[int]
) -> None:
    from pulumi_ngrok_tg.rules import properties

    backends = [Backend(f"bkdtg_{number}", "", CREATED, **contents) for number, contents in enumerate(held)]
    facts = Facts(managed=" ".join(f"bkdtg_{number}" for number in managed))
    expected = [
        backend.id
        for number, backend in enumerate(backends)
        if number not in managed and not properties.find_changes(backend.contents, inputs)
    ]
    assert IdenticalBackends(backends).find(inputs, facts) == expected


@pytest.mark.parametrize(
    ("inputs", "known"),
    [
        ({}, True),
        ({"labels": {"a": "b"}, "description": "x", "metadata": "y", "account": "eu"}, True),
        ({"labels": {"a": Unknown()}}, False),
        ({"labels": Unknown()}, False),
        ({"metadata": Unknown()}, False),
        ({"account": Unknown()}, False),
    ],
)
def test_contents_with_an_unknown_part_are_unknown(inputs: dict[str, Any], known: bool) -> None:
    assert adopt_identical.is_known(inputs) is known


# Lines --------------------------------------------------------------------------------------------------------------


def test_the_lines_name_the_way_out() -> None:
    assert adopt_identical.explain_several_identical(["a", "b"]) == (
        "PULUMI_NGROK_TG_ADOPT: several backends have exactly these contents (a, b). Name one with "
        'ResourceOptions(import_="..."), or delete the others.'
    )
    assert adopt_identical.explain_adopted_by_twin("bkdtg_a", "urn:b") == (
        "PULUMI_NGROK_TG_ADOPT: bkdtg_a has exactly these contents, but also those of urn:b, which adopts it. Give one "
        'of them ResourceOptions(import_="bkdtg_a"), and run the other without the variable.'
    )
    assert adoption.explain_needed_by_another("bkdtg_a", "", "") == (
        "bkdtg_a was not deleted: another resource holds it, too. Remove this resource from the state instead: run "
        "`pulumi state delete`, or `pulumi state edit` if its delete is pending."
    )
    assert adopt_identical.describe_identical(["bkdtg_a"], explicit=False) == (
        "ngrok already has a backend with exactly these contents (bkdtg_a), which this stack does not manage. `pulumi "
        "up` creates another one. To adopt it instead, set import_ to its id, or run "
        "`PULUMI_NGROK_TG_ADOPT=identical pulumi up`"
    )
    several = adopt_identical.describe_identical(["bkdtg_a", "bkdtg_b"], explicit=True)
    assert several.startswith("ngrok already has 2 backends with exactly these contents (bkdtg_a, bkdtg_b), which this")
    assert several.endswith("To adopt one of them instead, set import_ to its id")
