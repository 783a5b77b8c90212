"""Text that messages share."""

import pytest

from pulumi_ngrok_tg.rules.wording import join_labels, join_names


@pytest.mark.parametrize(
    ("count", "few", "all_", "text"),
    [
        (0, 5, 0, ""),
        (1, 5, 0, "n0"),
        (5, 5, 0, "n0, n1, n2, n3, n4"),
        (6, 5, 0, "n0, n1, n2, n3, n4 and 1 more"),
        (3, 2, 0, "n0, n1 and 1 more"),
        (3, 3, 10, "n0, n1, n2 and 7 more"),
    ],
)
def test_the_first_names_and_the_number_of_the_others(count: int, few: int, all_: int, text: str) -> None:
    assert join_names([f"n{number}" for number in range(count)], few, all_) == text


def test_five_names_are_few() -> None:
    assert join_names(["a"] * 6) == "a, a, a, a, a and 1 more"


def test_labels_are_sorted_by_key() -> None:
    assert join_labels({"dc": "fra", "app": "web"}) == "app=web, dc=fra"
    assert join_labels({}) == ""
