"""Every resource option and command that a native provider's user knows, end to end."""

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import PRELUDE, Stack

WEB = 'TunnelGroupBackend("web", labels={"app": "web", "dc": "fra"}, description="Website"'
PROGRAM = f"{WEB})"
TYPE = "pulumi-python:dynamic/ngrok:TunnelGroupBackend"
COMPONENT = """
class Site(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("shop:index:Site", name, None, opts)
"""


def only(emulator: Emulator) -> Any:
    """The one backend of the account."""
    (backend,) = emulator.account(KEY).backends.values()
    return backend


# Names and places ---------------------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_renaming_with_an_alias_and_moving_under_a_component_touch_nothing(stack: Stack, emulator: Emulator) -> None:
    renamed = WEB.replace('"web", labels', '"site", labels')
    stack.program(f'{renamed}, opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="web")]))')
    stack.preview("--expect-no-changes")
    stack.up()
    alias = "pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)"
    moved = f"{renamed}, opts=pulumi.ResourceOptions(parent=site, aliases=[{alias}]))"
    stack.program(f'{COMPONENT}\nsite = Site("site")\n{moved}')
    stack.up()
    assert stack.resources()[0]["urn"].endswith(f"::shop:index:Site${TYPE}::site")
    assert emulator.requests.take().writes == []
    stack.preview("--refresh", "--expect-no-changes")


# Changes ------------------------------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_ignore_changes_keeps_a_property_or_one_label(stack: Stack, emulator: Emulator) -> None:
    for ignored in ('"description"', '"labels"', '"labels.dc"', "'labels[\"dc\"]'"):
        options = f"opts=pulumi.ResourceOptions(ignore_changes=[{ignored}])"
        program = f"{WEB}, {options})"
        changed = {
            '"description"': program.replace("Website", "Shop"),
            '"labels"': program.replace('"web", "dc"', '"shop", "dc"'),
        }.get(ignored, program.replace('"fra"', '"ams"'))
        stack.program(changed)
        stack.preview("--expect-no-changes")
    # What is not ignored still changes, and the ignored label stays as it is.
    stack.program(changed.replace('{"app": "web"', '{"app": "shop"'))
    stack.up()
    sent = [request.body for request in emulator.requests if request.method != "GET"]
    assert sent == [{"labels": {"app": "shop", "dc": "fra"}}]
    # Drift in what is ignored is left alone.
    only(emulator).labels = {"app": "shop", "dc": "by hand"}
    stack.up("--refresh")
    assert only(emulator).labels == {"app": "shop", "dc": "by hand"}


# Removal ------------------------------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_a_retained_backend_leaves_the_state_and_stays_at_ngrok(stack: Stack, emulator: Emulator) -> None:
    stack.program(f"{WEB}, opts=pulumi.ResourceOptions(retain_on_delete=True))")
    stack.up()
    stack.program("")
    stack.up()
    assert stack.resources() == []
    assert emulator.requests.take().writes == []
    assert only(emulator).description == "Website"


# Commands -----------------------------------------------------------------------------------------------------------

TWO = f'{WEB})\nTunnelGroupBackend("api", labels={{"app": "api"}}, description="API")'


@pytest.mark.nightly
def test_target_and_replace_touch_one_resource_only(stack: Stack, emulator: Emulator) -> None:
    stack.program(TWO)
    stack.up()
    web, api = stack.resource("web"), stack.resource("api")
    emulator.requests.clear()
    stack.program(TWO.replace("Website", "Shop").replace('"API"', '"Other"'))
    stack.up("--target", web["urn"])
    assert [(r.method, r.path.rpartition("/")[2]) for r in emulator.requests] == [("PATCH", web["id"])]
    emulator.requests.clear()
    stack.refresh("--target", api["urn"])
    assert [r.method for r in emulator.requests] == ["GET"]
    stack.up()
    emulator.requests.clear()
    stack.up("--replace", api["urn"])
    assert emulator.requests.take().writes == ["POST", "DELETE"]
    assert stack.resource("api")["id"] != api["id"]
    stack.destroy("--target", web["urn"])
    assert only(emulator).description == "Other"


@pytest.mark.nightly
def test_a_plan_is_kept_to(stack: Stack, emulator: Emulator) -> None:
    stack.program(f"{WEB})".replace("Website", "Shop"))
    stack.preview("--save-plan", "plan.json")
    stack.up("--plan", "plan.json")
    assert only(emulator).description == "Shop"
    stack.program(f"{WEB})".replace("Website", "Else"))
    assert "violates plan" in stack.up("--plan", "plan.json", fails=True).text
    assert only(emulator).description == "Shop"


# The Automation API -------------------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_an_inline_program_and_several_operations_in_one_process(stack: Stack, emulator: Emulator) -> None:
    driver = """
        import sys
        from pulumi import automation as auto

        def program(description):
            def run():
                web = TunnelGroupBackend("web", labels={"app": "web"}, description=description)
                pulumi.export("id", web.id)
            return run

        def select(run):
            return auto.create_or_select_stack("dev", project_name="inline", program=run)

        first = select(program("one")).up()
        preview = select(program("two")).preview()
        second = select(program("two")).up()
        assert first.outputs["id"].value == second.outputs["id"].value
        assert preview.change_summary == {"update": 1, "same": 1}, preview.change_summary
        refreshed = select(program("two")).refresh()
        assert refreshed.summary.resource_changes == {"same": 2}, refreshed.summary.resource_changes
        try:
            select(lambda: TunnelGroupBackend("web", labels={"a=b": "c"})).preview()
        except auto.CommandError as error:
            assert "must not contain" in str(error)
        else:
            sys.exit("no error")
        select(program("two")).destroy()
        print("automated")
    """
    (stack.folder / "driver.py").write_text(PRELUDE + textwrap.dedent(driver))
    emulator.account(KEY).backends.clear()
    assert "automated" in stack.run("python", "driver.py")
    assert emulator.requests.take().writes == ["POST", "PATCH", "DELETE"]
    assert emulator.account(KEY).backends == {}


@pytest.mark.nightly
def test_a_subclass_is_the_same_resource(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    """To policies, to adoption and to the command, which go by the type."""
    stack = new_stack(
        """
        class Website(TunnelGroupBackend):
            def __init__(self, name):
                super().__init__(name, labels={"app": name}, description="Website")

        Website("web")
        """
    )
    stack.up()
    assert [resource["urn"] for resource in stack.resources()] == [
        "urn:pulumi:dev::shop::pulumi-python:dynamic/ngrok:TunnelGroupBackend::web"
    ]
    stack.program('TunnelGroupBackend("web", labels={"app": "web"}, description="Website")')
    stack.preview("--expect-no-changes")
