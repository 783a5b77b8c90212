"""Who leaves, stays and joins, and in what words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.errors import NgrokError
from pulumi_ngrok_tg.api.models import Tunnel
from pulumi_ngrok_tg.rules import traffic

LABELS = st.dictionaries(st.sampled_from(["app", "App", "dc"]), st.sampled_from(["a", "A", "b"]))


def serves(tunnel: dict[str, str], backend: dict[str, str]) -> bool:
    """ngrok's rule in its own words: a tunnel is in a backend when it carries all of its labels."""
    for key in backend:
        if key not in tunnel or tunnel[key] != backend[key]:
            return False
    return len(backend) > 0


@given(LABELS, LABELS, st.lists(LABELS, max_size=12), st.booleans())
def test_moves_match_a_plain_model(
    before: dict[str, str], after: dict[str, str], online: list[dict[str, str]], said: bool
) -> None:
    """Also where the API says who serves what, after a change behind the stack's back."""
    held = {**before, "app": "b"} if said else before
    tunnels = [
        Tunnel(f"tn_{n}", labels=labels, backends=frozenset({"bkdtg_1"} if said and serves(labels, held) else ()))
        for n, labels in enumerate(online)
    ]
    if said:  # another backend's tunnel: the API does say who serves what
        tunnels.append(Tunnel("tn_other", backends=frozenset({"bkdtg_2"})))
    moved = traffic.find_moves(traffic.find_serving("bkdtg_1", before, tunnels), after, tunnels)
    for number, labels in enumerate(online):
        was, will = serves(labels, held), serves(labels, after)
        assert [tunnels[number] in group for group in moved] == [was and not will, was and will, will and not was]
    assert sum(map(len, moved)) == sum(serves(labels, held) or serves(labels, after) for labels in online)
    line = traffic.describe_moves(moved)
    assert bool(line) == bool(moved.leaving or moved.joining)
    assert ("NOTHING" in line) == bool(moved.leaving and not moved.staying and not moved.joining)
    assert ("ALL" in line or "ONLY" in line) == bool(moved.leaving and not moved.staying)


def test_a_member_missing_in_the_list_leaves() -> None:
    moved = traffic.find_moves([A, B], {"app": "web"}, [Tunnel("tn_a", labels={"app": "web"})])
    assert ([one.id for one in moved.staying], moved.leaving, moved.joining) == (["tn_a"], (B,), ())


A, B, C = (Tunnel(f"tn_{name}", forwards_to=f"localhost:808{n}") for n, name in enumerate("abc"))
MANY = tuple(Tunnel(f"tn_{number}") for number in range(19))


@pytest.mark.parametrize(
    ("moved", "line"),
    [
        (
            traffic.Moves((A, B), (C,), ()),
            "stops traffic to 2 of 3 online tunnels (tn_a -> localhost:8080, tn_b -> localhost:8081); 1 keeps serving, "
            "none is added",
        ),
        (
            traffic.Moves((A,), (B, C), (Tunnel("tn_d"),)),
            "stops traffic to 1 of 3 online tunnels (tn_a -> localhost:8080); 2 keep serving, 1 is added (tn_d)",
        ),
        (
            traffic.Moves((A, B), (), ()),
            "stops traffic to ALL 2 online tunnels (tn_a -> localhost:8080, tn_b -> localhost:8081): NOTHING is left "
            "to serve this backend",
        ),
        (
            traffic.Moves((A,), (), ()),
            "stops traffic to the ONLY online tunnel (tn_a -> localhost:8080): NOTHING is left to serve this backend",
        ),
        (
            traffic.Moves((A,), (), (B, C)),
            "stops traffic to the ONLY online tunnel (tn_a -> localhost:8080); none keeps serving, 2 are added "
            "(tn_b -> localhost:8081, tn_c -> localhost:8082)",
        ),
        (traffic.Moves((), (A, B), (C,)), "adds 1 online tunnel (tn_c -> localhost:8082); 2 keep serving"),
        (
            traffic.Moves((), (), (A, B)),
            "adds 2 online tunnels (tn_a -> localhost:8080, tn_b -> localhost:8081); none keeps serving",
        ),
        (
            traffic.Moves(MANY, (A,), ()),
            "stops traffic to 19 of 20 online tunnels (tn_0, tn_1, tn_2, tn_3, tn_4 and 14 more); 1 keeps serving, "
            "none is added",
        ),
        (
            traffic.Moves((Tunnel("tn_1", forwards_to="x" * 200),), (A, B), ()),
            f"stops traffic to 1 of 3 online tunnels (tn_1 -> {'x' * 92}…); 2 keep serving, none is added",
        ),
        (
            traffic.Moves((Tunnel("tn_1", forwards_to="x" * 92),), (A, B), ()),
            f"stops traffic to 1 of 3 online tunnels (tn_1 -> {'x' * 92}); 2 keep serving, none is added",
        ),
        (traffic.Moves((), (A,), ()), ""),
        (traffic.Moves((), (), ()), ""),
    ],
)
def test_the_line_about_moves(moved: traffic.Moves, line: str) -> None:
    assert traffic.describe_moves(moved) == line


@pytest.mark.parametrize(
    ("seen", "after", "line"),
    [
        (None, {"app": "x"}, "ngrok did not say how many tunnels are online (no)"),
        (0, {"app": "x"}, "no tunnel was online when it was last read; ngrok did not say whether one is now (no)"),
        (
            1,
            {"app": "x"},
            "1 tunnel was online when it was last read; ngrok did not say whether it matches the new labels (no)",
        ),
        (
            3,
            {"app": "x"},
            "3 tunnels were online when it was last read; ngrok did not say which of them match the new labels (no)",
        ),
        (
            3,
            {},
            "stops traffic to all online tunnels: 3 tunnels were online when it was last read (no)",
        ),
    ],
)
def test_the_line_about_unknown_effects(seen: int | None, after: dict[str, str], line: str) -> None:
    assert traffic.describe_unknown(seen, after, NgrokError("no.")) == line


def test_a_refused_delete_names_each_reason() -> None:
    assert traffic.refuse_delete("bkdtg_1", ["a", "b"]).startswith(
        'bkdtg_1 was not deleted, because pulumi-ngrok-tg:onTrafficLoss is "refuse": a; b. Stop the tunnels and put '
    )
    unseen = traffic.refuse_delete_unseen("bkdtg_1", NgrokError("no list."))
    assert "ngrok did not say which tunnels are online in it (no list). Try again later, or allow it" in unseen
    assert traffic.describe_online([Tunnel("tn_a")]) == "1 tunnel is online in it (tn_a)"
    many = traffic.describe_online([Tunnel(f"tn_{n}") for n in range(7)])
    assert traffic.describe_delete_unseen("bkdtg_1", NgrokError("no list.")) == (
        "ngrok did not say whether something uses bkdtg_1, which is deleted (no list); nor of others for which no use "
        "is named"
    )
    assert many == "7 tunnels are online in it (tn_0, tn_1, tn_2, tn_3, tn_4 and 2 more)"


def test_a_delete_of_what_is_in_use_names_who_uses_it() -> None:
    assert traffic.describe_delete("bkdtg_1", []) == ""
    assert traffic.describe_delete("bkdtg_1", ["a", "b"]) == "deletes bkdtg_1 while a and b"
    assert traffic.describe_referrers(["tcp edge x"]) == "tcp edge x refers to it"
    assert traffic.describe_referrers(["tcp edge x", "tls edge y"]) == "tcp edge x, tls edge y refer to it"
    before = traffic.describe_online([Tunnel("tn_a"), Tunnel("tn_b")], seen_now=False)
    assert before == "2 tunnels were online in it when it was last read (tn_a, tn_b)"


def test_nothing_is_said_of_what_joins_if_not_all_tunnels_are_seen() -> None:
    leaving = traffic.Moves((Tunnel("tn_a"),), (), ())
    assert traffic.describe_moves(leaving, sees_all=False) == (
        "stops traffic to the ONLY online tunnel (tn_a); none keeps serving, and others may be added"
    )
