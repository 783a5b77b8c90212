"""``PULUMI_NGROK_TG_ADOPT=identical pulumi up``: a lost state comes back with one command."""

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

LOOP = """
    class Site(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__(f"shop:index:{name.title()}", name, None, opts)
            for n in range(3):
                TunnelGroupBackend(f"{name}-{n}", labels={"site": name, "n": str(n)},
                    metadata=pulumi.Output.secret({"a-secret": n}), opts=pulumi.ResourceOptions(parent=self))
    for n in range(10):
        TunnelGroupBackend(f"b{n}", labels={"n": str(n)}, description=f"number {n}", metadata={"n": n})
    Site("outer"), Site("inner", pulumi.ResourceOptions(parent=Site("between")))
    first = TunnelGroupBackend("first", labels={"app": "first"})
    TunnelGroupBackend("late", labels={"of": first.id})
"""


def adopting(stack: Stack) -> None:
    stack.environment["PULUMI_NGROK_TG_ADOPT"] = "identical"


def lose_state(stack: Stack) -> None:
    stack.pulumi("stack", "rm", "--yes", "--force", "dev")
    stack.pulumi("stack", "init", "dev")


def test_a_lost_state_comes_back_without_a_write(stack: Stack, emulator: Emulator) -> None:
    stack.program(LOOP)
    stack.up()
    before = {resource["urn"]: resource["id"] for resource in stack.resources()}
    lose_state(stack)
    emulator.requests.clear()
    adopting(stack)
    previewed = stack.preview().text
    assert "only `pulumi up` can tell whether this adopts an identical backend" in previewed
    assert emulator.requests.methods == ["GET"]
    stack.up()
    assert {resource["urn"]: resource["id"] for resource in stack.resources()} == before
    assert emulator.requests.writes == []
    assert "a-secret" not in previewed + stack.pulumi("stack", "export").text
    stack.preview("--expect-no-changes")
    del stack.environment["PULUMI_NGROK_TG_ADOPT"]
    stack.up("--expect-no-changes", "--refresh")


def test_several_identical_backends_are_an_error_that_names_them(stack: Stack, emulator: Emulator) -> None:
    twins = [emulator.account(KEY).create({"labels": {"app": "web"}}) for _ in range(2)]
    adopting(stack)
    stack.program('TunnelGroupBackend("web", labels={"app": "web"})')
    for refused in (stack.preview(fails=True), stack.up(fails=True)):
        assert all(twin.id in refused.text for twin in twins)
        assert 'Name one with ResourceOptions(import_="...")' in refused.text
    assert stack.resources() == []
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_several_resources_for_one_backend_are_an_error_that_names_them(stack: Stack, emulator: Emulator) -> None:
    web = emulator.account(KEY).create({"labels": {"app": "web"}})
    adopting(stack)
    stack.program('[TunnelGroupBackend(name, labels={"app": "web"}) for name in ("one", "two")]')
    for refused in (stack.preview(fails=True), stack.up(fails=True)):
        assert f"{web.id} has exactly these contents, but also those of urn:pulumi:dev::shop::" in refused.text
    assert emulator.requests.writes == []


def test_a_backend_in_the_state_is_not_adopted_again(stack: Stack, emulator: Emulator) -> None:
    stack.program('TunnelGroupBackend("one", labels={"app": "web"})')
    stack.up()
    adopting(stack)
    stack.program('TunnelGroupBackend("one", labels={"app": "web"})\nTunnelGroupBackend("two", labels={"app": "web"})')
    stack.up()
    assert len({resource["id"] for resource in stack.resources()}) == len(emulator.account(KEY).backends) == 2


@pytest.mark.nightly
def test_an_account_that_cannot_be_listed_creates_nothing(stack: Stack, emulator: Emulator) -> None:
    adopting(stack)
    emulator.fault(method="GET", times=None, status=403, error_code=205)
    stack.program('TunnelGroupBackend("web", labels={"app": "web"})')
    assert "PULUMI_NGROK_TG_ADOPT: GET /backends/tunnel_group: ngrok says" in stack.up(fails=True).text
    assert emulator.account(KEY).backends == {}
