"""What a program asks for with an adoption, who else holds the backend, and the lines about it."""

from typing import Any

import pytest

from pulumi_ngrok_tg.rules import adoption
from pulumi_ngrok_tg.rules.adoption import Adoption

URN = "urn:pulumi:dev::shop::my:Service$pulumi-python:dynamic/ngrok:TunnelGroupBackend::web"
DYNAMIC = "pulumi-python:dynamic:Resource"


@pytest.mark.parametrize("given", [{}, {adoption.INPUT: "bkdtg_a"}, {adoption.INPUT: None}])
def test_inputs_that_ask_for_no_adoption(given: dict[str, Any]) -> None:
    assert adoption.read_adoption(given) is None


def test_an_adoption_is_read_whole() -> None:
    given = {
        adoption.INPUT: {
            "id": "bkdtg_a",
            "plain": {"description": "x"},
            "state": {"managed_by": "urn:a", "held_by": [{"urn": "urn:b", "type": "t"}], "count": 3.0},
            "twins": ["one", "two"],
        },
        adoption.ALLOW_OPERATOR_OWNED: True,
        "__plain_keys": ["app"],
    }
    assert adoption.read_adoption(given) == Adoption(
        id="bkdtg_a",
        managed_by="urn:a",
        held_by=(("urn:b", "t"),),
        plain={"description": "x"},
        plain_keys=frozenset({"app"}),
        allow_operator_owned=True,
        count=3,
        twins=("one", "two"),
    )


def test_an_adoption_of_what_is_identical_is_read_whole() -> None:
    found = {"ids": ["bkdtg_a", "bkdtg_b"], "held_by": [{"urn": "urn:b", "type": "t"}]}
    assert adoption.read_adoption({adoption.INPUT: {"mode": "identical", "identical": found}}) == Adoption(
        id=None, held_by=(("urn:b", "t"),), mode="identical", candidates=("bkdtg_a", "bkdtg_b")
    )
    (unread,) = [adoption.read_adoption({adoption.INPUT: {"identical": {"unread": "no key"}}})]
    assert unread == Adoption(id=None, unread="no key")


@pytest.mark.parametrize(
    ("holder", "type_", "found"),
    [
        ("urn:other", "my:Other", "urn:other"),
        ("urn:other", DYNAMIC, "urn:other"),
        (URN, DYNAMIC, None),
        ("urn:parent", "my:Service", None),
    ],
)
def test_another_resource_holds_the_backend_but_not_its_own_parent(holder: str, type_: str, found: str | None) -> None:
    assert adoption.find_holder(Adoption("bkdtg_a", held_by=((holder, type_),)), URN) == found


def test_a_dynamic_parent_holds_the_backend() -> None:
    below = f"urn:pulumi:dev::shop::{DYNAMIC}$pulumi-python:dynamic/ngrok:TunnelGroupBackend::web"
    assert adoption.find_holder(Adoption("bkdtg_a", held_by=(("urn:parent", DYNAMIC),)), below) == "urn:parent"
    assert adoption.find_holder(Adoption("bkdtg_a", held_by=(("urn:parent", DYNAMIC),)), "") == "urn:parent"


def explain(held: dict[str, Any], inputs: dict[str, Any], **wanted: Any) -> list[str]:
    found = list(adoption.explain_differences(Adoption("bkdtg_a", **wanted), "bkdtg_a", held, inputs))
    end = ". Write ngrok's value into the program; change it after the adoption."
    assert all(line.startswith("import_: bkdtg_a: ") and line.endswith(end) for line in found)
    return [line.removeprefix("import_: bkdtg_a: ").removesuffix(end) for line in found]


def test_each_difference_is_named_with_both_values() -> None:
    held = {"description": "Web", "labels": {"app": "web", "dc": "fra"}}
    inputs = {"metadata": "m", "labels": {"app": "shop", "dc": "fra"}}
    assert explain(held, inputs, plain={"description": None, **inputs}) == [
        'description is "Web" at ngrok, but not set in the program',
        'metadata is not set at ngrok, but "m" in the program',
        'labels.app is "web" at ngrok, but "shop" in the program',
    ]


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ({}, "description is not what ngrok holds (the value is a secret)"),
        ({"description": ""}, 'description is "Web" at ngrok, but not set in the program'),
        ({"description": None}, 'description is "Web" at ngrok, but not set in the program'),
    ],
)
def test_what_the_program_leaves_empty_is_a_secret_only_if_it_is_made_one(plain: dict[str, Any], shown: str) -> None:
    assert explain({"description": "Web"}, {"description": ""}, plain=plain) == [shown]


def test_the_lines_name_the_way_out() -> None:
    assert adoption.explain_managed("bkdtg_a", "urn:b") == (
        "import_: bkdtg_a is already managed in this stack, by urn:b. Use that resource; to give it another name, give "
        "it an alias (ResourceOptions(aliases=...)) and remove import_."
    )
    assert adoption.explain_replaced("bkdtg_a") == (
        "import_: this resource already manages bkdtg_a. To replace it, remove import_, then run this again."
    )
    assert adoption.explain_declared_twice("bkdtg_a", "urn:b") == (
        "import_: bkdtg_a belongs to another resource of this program, urn:b. Remove one of the two."
    )
    assert adoption.explain_held_by_other_type("bkdtg_a", "urn:b c") == (
        "import_: bkdtg_a is already held by urn:b c in this stack. If that resource manages the backend, its delete "
        "would delete the backend. Take the resource out of the program, run `pulumi state delete 'urn:b c'`, then run "
        "this again."
    )
    assert adoption.explain_several_identical(["a", "b"]) == (
        "PULUMI_NGROK_TG_ADOPT: several backends have exactly these contents (a, b). Name one with "
        'ResourceOptions(import_="..."), or delete the others.'
    )
    assert adoption.explain_several_resources("bkdtg_a", ["a", "b"]) == (
        "PULUMI_NGROK_TG_ADOPT: bkdtg_a has exactly the contents of several resources (a, b). Give one of them "
        'ResourceOptions(import_="bkdtg_a"), and run the others without the variable.'
    )
    assert adoption.explain_held_by_another("bkdtg_a", "", "") == (
        "bkdtg_a was not deleted: another resource holds it, too. Remove this resource from the state instead: run "
        "`pulumi state delete`, or `pulumi state edit` if its delete is pending."
    )
