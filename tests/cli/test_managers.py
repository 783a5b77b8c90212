"""Who manages a backend, by the states of the stacks."""

from dataclasses import replace

import pytest

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.managers import find_managers
from pulumi_ngrok_tg.cli.stack import Managed

BACKEND = Backend("bkdtg_a", "", "2025-01-21T18:19:53Z")
LIVE = Managed("bkdtg_a", "urn:pulumi:dev::shop::x::web", "dev", None, None, "", deleting=False, protected=False)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_live_resource_manages_a_backend_that_another_one_is_about_to_delete(reverse: bool) -> None:
    old = replace(LIVE, urn="urn:pulumi:dev::shop::x::old", deleting=True)
    both = sorted([LIVE, old], key=lambda one: one.deleting, reverse=reverse)
    for given in ({"stack": both}, {"stack": [], "others": both}):
        assert find_managers([BACKEND], **given)["bkdtg_a"].name == "web"
    assert find_managers([BACKEND], [old])["bkdtg_a"].text == "old, being deleted"


@pytest.mark.parametrize(
    ("stack", "others", "unread", "kind"),
    [
        ([LIVE], None, True, "stack"),
        ([], [LIVE], True, "other-stack"),
        ([], [], False, "nobody"),
        ([], [], True, "unknown"),
        ([], None, False, "not-this-stack"),
        (None, [], False, "unknown"),
    ],
)
def test_what_is_not_known_to_be_managed_is_nobodys_only_if_everything_was_read(
    stack: list[Managed] | None, others: list[Managed] | None, unread: bool, kind: str
) -> None:
    assert find_managers([BACKEND], stack, others, unread)["bkdtg_a"].kind == kind
