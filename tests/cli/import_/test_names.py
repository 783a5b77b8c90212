"""Names of imported backends: readable, unique, and the same at every run."""

import dataclasses
import keyword
import random
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.import_.names import choose_resource_names, choose_variable_names

BEGINNING = datetime(2025, 1, 21, tzinfo=timezone.utc)


def backend(number: int, description: str = "", **labels: str) -> Backend:
    made = (BEGINNING + timedelta(days=number)).isoformat()
    return Backend(f"bkdtg_2rwwlBV3giwRa5gGhtBlK6{number:05}", "", made, description, "", labels)


def test_a_given_name_stays_and_changes_no_other_name() -> None:
    """So the next run names a backend as the one before, whichever of them the stack manages by then."""
    first, second = backend(1, "Web", app="shop"), backend(2, "Shop", app="foo")
    names = choose_resource_names([first, second], {}, {})
    assert names == {first.id: "web", second.id: "shop"}
    assert choose_resource_names([first, second], {first.id: "web"}, {}, taken=["web"]) == names
    assert choose_resource_names([first, second], {second.id: "mine"}, {second.id: "tf"}, taken=["web"]) == {
        first.id: "shop",
        second.id: "mine",
    }


def test_ids_decide_between_backends_of_the_same_second() -> None:
    one, two = backend(1, "Web"), backend(1, "Web")
    two = dataclasses.replace(two, id="bkdtg_3zzzzzzzzzz")
    for order in ([one, two], [two, one]):
        assert choose_resource_names(order, {}, {}) == {one.id: "web", two.id: "web-zzzzzz"}


ACCOUNTS = st.lists(
    st.tuples(st.sampled_from(["", "Web", "API: v2!", "x" * 60]) | st.text(), st.dictionaries(st.text(), st.text())),
    max_size=12,
).map(lambda rows: [dataclasses.replace(backend(n, text), labels=labels) for n, (text, labels) in enumerate(rows)])


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (backend(1, "Public website", app="web"), "public-website"),
        (backend(1, "", app="web", dc="fra"), "web-fra"),
        (backend(1, "x" * 49, app="web"), "web"),
        (backend(1, "", flag=""), "flag"),
        (backend(1, "x" * 60), "x" * 48),
        (backend(1), "backend"),
        (backend(1, "!?", **{"...": "///"}), "backend"),
        (backend(1, "Müller & Söhne"), "müller-söhne"),
    ],
)
def test_a_name_is_made_of_description_or_labels(made: Backend, name: str) -> None:
    assert choose_resource_names([made], {}, {}) == {made.id: name}


def test_the_older_of_two_alike_gets_the_plain_name() -> None:
    older, younger, twin = backend(1, "Web", n="1"), backend(2, "Web", n="2"), backend(3, "Web", n="2")
    assert choose_resource_names([twin, younger, older], {}, {}) == {
        older.id: "web",
        younger.id: "2",
        twin.id: "web-600003",
    }


def test_taken_names_are_not_reused_and_given_names_come_first() -> None:
    older, younger = backend(1, "Web"), backend(2, "Site")
    assert choose_resource_names([older], {}, {}, taken=["web"]) == {older.id: "web-600001"}
    assert choose_resource_names([older, younger], {}, {younger.id: "web"}) == {
        older.id: "web-600001",
        younger.id: "web",
    }


@given(ACCOUNTS, st.randoms(use_true_random=False))
def test_names_are_unique_and_depend_on_no_order_and_no_newer_backend(
    account: list[Backend], order: random.Random
) -> None:
    names = choose_resource_names(account, {}, {})
    assert len({*names.values()}) == len(account)
    assert all(names.values())
    shuffled = order.sample(account, len(account))
    assert choose_resource_names(shuffled, {}, {}) == names
    older = account[:-1]
    assert choose_resource_names(older, {}, {}).items() <= names.items()


@given(
    st.lists(
        st.text(min_size=1)
        | st.sampled_from(["class", "match", "print", "l", "1st", "a-b", "a_b", "x" * 99, "x" * 98 + "y"]),
        unique=True,
    )
)
def test_variables_are_unique_identifiers(names: list[str]) -> None:
    variables = choose_variable_names(names, taken={"web", "a_b"})
    assert variables.keys() == {*names}
    assert len({*variables.values()}) == len(names)
    for variable in variables.values():
        assert len(variable) < 62
        assert variable.isidentifier()
        assert variable.isascii()
        assert not keyword.iskeyword(variable)
        assert variable not in ("web", "a_b", "print", "l")
