"""A create of what ngrok already holds: the preview says so, with the id and the ways to adopt it."""

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.e2e.adopting import ARGUMENTS
from tests.e2e.many import program
from tests.e2e.stack import Stack

WEB = f'TunnelGroupBackend("web", {ARGUMENTS})\n'


@pytest.mark.nightly
def test_a_preview_warns_of_a_create_of_what_exists(stack: Stack, emulator: Emulator, web: EmulatedBackend) -> None:
    stack.program(WEB + 'TunnelGroupBackend("other", labels={"app": "other"})')
    said = stack.preview().text
    assert (
        f"warning: ngrok already has a backend with exactly these contents ({web.id}), which this stack does not "
        "manage. `pulumi up` creates another one. To adopt it instead, set import_ to its id, or run "
        "`PULUMI_NGROK_TG_ADOPT=identical pulumi up`"
    ) in said
    assert said.split("Diagnostics:")[1].count("ngrok already has") == 1, "nothing of the other resource"
    assert emulator.requests.take().methods == ["GET"]
    # What the warning advises.
    stack.environment["PULUMI_NGROK_TG_ADOPT"] = "identical"
    said = stack.preview().text
    assert "New in this program: 1 to adopt, 1 to create at ngrok. Pulumi shows" in said
    assert "1 adopted, 1 created at ngrok. Pulumi shows adoptions as creates." in stack.up().text
    del stack.environment["PULUMI_NGROK_TG_ADOPT"]
    stack.refresh("--expect-no-changes")
    stack.program(WEB + 'TunnelGroupBackend("other", labels={"app": "other"})\nTunnelGroupBackend("third")')
    assert "adopted" not in stack.up().text, "nothing of what an earlier run has adopted"
    assert stack.resource("web")["id"] == web.id
    assert emulator.requests.writes == ["POST", "POST"]


@pytest.mark.nightly
def test_many_creates_cost_one_listing_in_preview_and_none_in_update(stack: Stack, emulator: Emulator) -> None:
    stack.program(program(120))
    stack.up()
    assert emulator.requests.take().methods == ["POST"] * 120
    stack.pulumi("stack", "rm", "--yes", "--force", "dev")
    stack.pulumi("stack", "init", "dev")
    said = stack.preview().text
    assert said.split("Diagnostics:")[1].count("ngrok already has") == 6
    assert "(Further resources of which this is true show only while the preview runs.)" in said
    assert emulator.requests.methods == ["GET", "GET"]


INLINE = """
    from pulumi import automation

    def run():
        TunnelGroupBackend("web", labels={"app": "web"})

    options = automation.LocalWorkspaceOptions(env_vars={"PULUMI_NGROK_TG_ADOPT": "identical"})
    stack = automation.create_or_select_stack("dev", project_name="inline", program=run, opts=options)
    stack.up()
    print(stack.export_stack().deployment["resources"][-1]["id"])
"""
