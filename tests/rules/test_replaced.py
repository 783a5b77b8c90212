"""Which backend a create replaces, as the program passes it on from the state."""

from typing import Any

import pytest

from pulumi_ngrok_tg.rules.replaced import INPUT, Held, Unread, find_replaced

HELD = {"id": "bkdtg_a", "account": "eu", "__key_fingerprint": "12345678"}


@pytest.mark.parametrize(
    ("news", "found"),
    [
        ({}, None),
        ({INPUT: None}, None),
        ({INPUT: {}}, None),
        ({INPUT: {"urn:other": HELD}}, None),
        ({INPUT: {"urn:web": None}}, None),
        ({INPUT: {"urn:other": {}, "urn:web": HELD}}, Held("bkdtg_a", HELD)),
    ],
)
def test_a_create_replaces_what_the_state_holds_under_its_urn(news: dict[str, Any], found: Held | None) -> None:
    assert find_replaced(news, "urn:web") == found


def test_a_state_that_could_not_be_read_is_no_empty_state() -> None:
    with pytest.raises(Unread, match=r"^checkpoint: EOF$"):
        find_replaced({INPUT: {"unread": "checkpoint: EOF"}}, "urn:web")
