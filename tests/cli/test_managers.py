"""Who manages a backend, by the states of the stacks."""

from dataclasses import replace

import pytest

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.managers import find_managers
from pulumi_ngrok_tg.cli.stack import Claims, Managed, Pending

BACKEND = Backend("bkdtg_a", "", "2025-01-21T18:19:53Z")
LIVE = Managed("bkdtg_a", "urn:pulumi:dev::shop::x::web", "dev", None, None, "", deleting=False, protected=False)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_live_resource_manages_a_backend_that_another_one_is_about_to_delete(reverse: bool) -> None:
    old = replace(LIVE, urn="urn:pulumi:dev::shop::x::old", deleting=True)
    both = Claims(sorted([LIVE, old], key=lambda one: one.deleting, reverse=reverse))
    for own, others in ((both, Claims()), (Claims(), both)):
        assert find_managers([BACKEND], own, others)["bkdtg_a"].name == "web"
    assert find_managers([BACKEND], Claims([old]), Claims())["bkdtg_a"].text == "old, being deleted"


def test_each_resource_that_manages_a_backend_is_shown() -> None:
    theirs = replace(LIVE, urn="urn:pulumi:prod::shop::x::api", stack="prod")
    found = find_managers([BACKEND], Claims([LIVE]), Claims([theirs]))["bkdtg_a"]
    assert (found.kind, found.text) == ("stack", "web; api (stack prod)")


PENDING = Pending("urn:pulumi:b::shop::x::web", "b", {"labels": {"app": "web"}}, frozenset())


@pytest.mark.parametrize(
    ("pending", "may"),
    [
        (PENDING, True),
        (replace(PENDING, inputs={"labels": {"app": "api"}}), False),
        (replace(PENDING, inputs={"labels": {"app": "web"}, "description": "x"}), False),
        (replace(PENDING, hidden=frozenset(["metadata"])), True),
        (replace(PENDING, inputs={}, hidden=frozenset(["labels"])), True),
        (replace(PENDING, inputs={}, hidden=frozenset(["metadata"])), False),
    ],
)
def test_what_an_interrupted_create_may_have_made_is_nobodys_for_no_stack(pending: Pending, may: bool) -> None:
    backend = replace(BACKEND, labels={"app": "web"})
    for own, others in ((Claims(pending=[pending]), Claims()), (Claims(), Claims(pending=[pending]))):
        found = find_managers([backend], own, others)["bkdtg_a"]
        assert found.kind == ("unknown" if may else "nobody")
        assert found.as_json() == (
            {"kind": "unknown", "stack": "b", "name": "web", "urn": pending.urn} if may else {"kind": "nobody"}
        )


@pytest.mark.parametrize(
    ("own", "others", "unread", "kind"),
    [
        (Claims([LIVE]), None, True, "stack"),
        (Claims(), Claims([LIVE]), True, "other-stack"),
        (Claims(), Claims(), False, "nobody"),
        (Claims(), Claims(), True, "unknown"),
        (Claims(), None, False, "not-this-stack"),
        (None, None, False, "unknown"),
    ],
)
def test_what_is_not_known_to_be_managed_is_nobodys_only_if_everything_was_read(
    own: Claims | None, others: Claims | None, unread: bool, kind: str
) -> None:
    assert find_managers([BACKEND], own, others, unread)["bkdtg_a"].kind == kind
