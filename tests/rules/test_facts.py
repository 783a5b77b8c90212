"""What a program tells the provider, and what the provider concludes from it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import Unknown

from pulumi_ngrok_tg.rules import facts
from pulumi_ngrok_tg.rules.facts import Facts, read_facts

HELD = {"id": "bkdtg_a", "account": "eu"}


def test_facts_arrive_as_the_program_passes_them() -> None:
    said = Facts(
        plain={"description": None}, keys=("a",), unknown=("b",), unread=None, managed="x y", others={"x": "u"}
    )
    assert read_facts({facts.INPUT: said.to_input()}).to_input() == said.to_input()
    assert read_facts({}).unread is not None, "a program that says nothing is not one with an empty state"


@pytest.mark.parametrize(
    ("recorded", "aliases", "found"),
    [
        ({}, (), None),
        ({"urn:other": HELD}, (), None),
        ({"urn:web": HELD}, (), HELD),
        ({"urn:old": HELD}, ("urn:old",), HELD),
        ({"urn:old": {}, "urn:web": HELD}, ("urn:old",), HELD),
    ],
)
def test_a_resource_has_what_the_state_holds_under_its_urn_or_an_alias(
    recorded: dict[str, Any], aliases: tuple[str, ...], found: Any
) -> None:
    assert Facts(recorded=recorded, aliases=aliases).find_recorded("urn:web") == found


TEXT = st.none() | st.sampled_from(["", "x"])
LABELS = st.dictionaries(st.sampled_from(["app", "dc", "team"]), st.just("x"), max_size=3)


@given(TEXT, TEXT, LABELS, LABELS)
def test_what_the_program_gives_and_the_engine_does_not_hand_over_is_lost(
    said: str | None, handed: str | None, ours: dict[str, str], theirs: dict[str, str]
) -> None:
    told = Facts(given=("metadata",) if said else (), labels=tuple(map(facts.digest, ours)))
    lost = told.find_lost({"metadata": handed, "labels": theirs}, {})
    assert any("dropped metadata" in line for line in lost) == bool(said and not handed)
    assert any("dropped a label" in line for line in lost) == bool(ours.keys() - theirs.keys())
    assert told.find_lost({"metadata": "x", "labels": theirs}, {"labels": theirs}) == [], "labels stay what they are"
    assert told.find_lost({"metadata": "x", "labels": Unknown()}, {}) == []


def test_a_value_is_plain_only_as_the_program_gave_it() -> None:
    told = Facts(plain={"description": "x", "metadata": None, "labels": {"a": "b"}})
    assert told.are_plain({"description": "x", "labels": {"a": "b"}})
    for changed in ({"description": "y"}, {"metadata": "m"}, {"labels": {"a": "b", "c": "d"}}):
        assert not told.are_plain({"description": "x", "labels": {"a": "b"}, **changed})
    assert not Facts().are_plain({})
