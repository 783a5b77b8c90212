"""A stack that manages backends with a dynamic resource of its own: docs/bringing-in.md says how they change hands."""

import re
from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

pytestmark = pytest.mark.nightly

HOMEGROWN = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def call(self, method, path, body=None):
        import os, requests
        headers = {"Authorization": "Bearer " + os.environ["NGROK_API_KEY"], "Ngrok-Version": "2"}
        url = os.environ["NGROK_API_BASE_URL"] + "/backends/tunnel_group" + path
        return requests.request(method, url, json=body, headers=headers, timeout=30)

    def create(self, props):
        made = self.call("POST", "", {"labels": props["labels"]}).json()
        return CreateResult(made["id"], {**props, OUTPUT})

    def delete(self, id, props):
        self.call("DELETE", "/" + id)

class Backend(Resource):
    def __init__(self, name, labels, opts=None):
        super().__init__(Provider(), name, {"labels": labels}, opts)

Backend("old", {"app": "web"})
"""


@pytest.mark.parametrize("output", ['"uri": made["uri"]', '"id": made["id"]'])
def test_a_backend_that_another_resource_of_the_stack_manages_changes_hands_as_the_page_says(
    new_stack: Callable[..., Stack], emulator: Emulator, output: str
) -> None:
    stack = new_stack(HOMEGROWN.replace("OUTPUT", output))
    stack.up()
    (backend,) = emulator.account(KEY).backends.values()
    assert " old" in stack.tool("list").text
    emulator.requests.clear()
    stack.program(
        f'TunnelGroupBackend("web", labels={{"app": "web"}}, opts=pulumi.ResourceOptions(import_="{backend.id}"))'
    )
    for refused in (stack.preview(fails=True), stack.up(fails=True)):
        (command,) = set(re.findall(r"run `(pulumi state delete [^`]*)`", refused.text.replace("\n", " ")))
    assert list(emulator.account(KEY).backends) == [backend.id]
    stack.run("sh", "-c", f"{command} --yes")
    stack.up()
    assert [resource["id"] for resource in stack.resources()] == [backend.id]
    stack.up("--expect-no-changes", "--refresh")
    assert emulator.requests.writes == []


def test_the_command_knows_the_manager_by_its_own_id(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    """A program cannot read ids, so there such a resource is invisible; the page says to look at the list first."""
    stack = new_stack(HOMEGROWN.replace("OUTPUT", '"backend": made["id"]'))
    stack.up()
    (backend,) = emulator.account(KEY).backends
    assert " old" in stack.tool("list").text
    assert stack.tool("orphans").text == "No differences found.\n"
    assert "Nothing to import" in stack.tool("import").text
    assert "is managed by old (stack dev)" in stack.tool("delete", "--yes", backend, code=1).text


def test_an_output_of_the_stack_or_of_a_component_holds_nothing(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    stack = new_stack("")
    backend = emulator.account(KEY).create({"labels": {"app": "web"}})
    site = f"""
        class Site(pulumi.ComponentResource):
            def __init__(self):
                super().__init__("shop:index:Site", "site")
                opts = pulumi.ResourceOptions(parent=self, import_="{backend.id}")
                self.web = TunnelGroupBackend("web", labels={{"app": "web"}}, opts=opts)
                self.register_outputs({{"backend": self.web.id}})
        pulumi.export("backend", Site().web.id)
    """
    stack.program(site)
    stack.up()
    stack.pulumi("state", "delete", stack.resource("web")["urn"], "--yes")
    stack.up()
    assert stack.resource("web")["id"] == backend.id
    assert emulator.requests.writes == []


def test_a_parent_of_the_holders_type_is_no_excuse(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    program = HOMEGROWN.replace("OUTPUT", '"uri": made["uri"]') + 'p = Backend("p", {"app": "p"})\n'
    stack = new_stack(program)
    stack.up()
    (old,) = (one for one in emulator.account(KEY).backends.values() if one.labels == {"app": "web"})
    stack.program(
        program.replace('Backend("old", {"app": "web"})', "")
        + f'opts = pulumi.ResourceOptions(parent=p, import_="{old.id}")\n'
        + 'TunnelGroupBackend("web", labels={"app": "web"}, opts=opts)\n'
    )
    assert f"{old.id} is already managed by" in stack.up(fails=True).text
    assert old.id in emulator.account(KEY).backends
