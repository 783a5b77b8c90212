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


@pytest.mark.nightly
@pytest.mark.parametrize("output", ['"uri": made["uri"]'])
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
