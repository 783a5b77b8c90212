"""A resource that consumes a backend's id refers to it, and does not manage it."""

import json
from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

EDGES = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult("edghts_1", props)

class Edge(Resource):
    def __init__(self, name, props, opts=None):
        super().__init__(Provider(), name, props, opts)

class Site(pulumi.ComponentResource):
    def __init__(self, id):
        super().__init__("shop:index:Site", "site")
        self.register_outputs({"backend_id": id})

def consume(id):
    Edge("www", {"backend_id": id})
    Edge("routes", {"routes": [{"match": "/", "ids": [id]}]})
    Site(id)
    pulumi.export("backend", id)
"""
MANAGED = 'consume(TunnelGroupBackend("web", labels={"app": "web"}).id)\n'


def test_consumers_of_an_id_manage_nothing(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(EDGES + MANAGED)
    stack.up()
    (backend,) = emulator.account(KEY).backends
    assert "managed twice" not in stack.tool("list").text
    assert stack.tool("orphans").text == "No differences found.\n"
    (listed,) = json.loads(stack.tool("list", "--json").text)["backends"]
    assert (listed["id"], listed["managed_by"]["name"]) == (backend, "web")


@pytest.mark.nightly
def test_a_backend_whose_id_others_consume_is_imported_and_adopted(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    web = emulator.account(KEY).create({"labels": {"app": "web"}})
    stack = new_stack(EDGES + f'consume("{web.id}")\n')
    stack.up()
    assert web.id in stack.tool("import", "--dry-run").text
    stack.program(
        EDGES
        + f'web = TunnelGroupBackend("web", labels={{"app": "web"}}, opts=pulumi.ResourceOptions(import_="{web.id}"))\n'
        + "consume(web.id)\n"
    )
    stack.up()
    assert stack.resource("web")["id"] == web.id
    assert stack.tool("orphans").text == "No differences found.\n"
    assert emulator.requests.writes == []


CONSUMERS = {
    "pulumi-python:dynamic:Resource": {"backend_id": "ID"},
    "pulumi-nodejs:dynamic:Resource": {"routes": [{"backend": "URI"}]},
    "ngrok:index/httpsEdgeRoute:HttpsEdgeRoute": {"backend": {"backendId": "ID"}},
    "ngrok:index/weightedBackend:WeightedBackend": {"backends": {"ID": 1}},
    "kubernetes:core/v1:ConfigMap": {"data": {"backend": "ID"}},
    "aws:ssm/parameter:Parameter": {"value": "ID", "uri": "URI"},
    "cloudflare:index/workersKv:WorkersKv": {"value": "URI"},
    "command:local:Command": {"stdout": "ID", "id": "ID"},
    "random:index/randomPet:RandomPet": {"keepers": {"backend": "ID"}},
    "docker:index/container:Container": {"envs": ["BACKEND=ID"]},
}
"""How resources of ten public kinds hold the id of a backend that they use."""


def add_to_state(stack: Stack, outputs: str) -> None:
    """Puts resources of these kinds into the state, which no plugin is needed for."""
    state = json.loads(stack.pulumi("stack", "export").text)
    prefix = "urn:pulumi:dev::shop::"
    for number, (type_, given) in enumerate(json.loads(outputs).items()):
        package = type_.split(":")[0]
        provider = f"{prefix}pulumi:providers:{package}::p{number}"
        state["deployment"]["resources"] += [
            {"urn": provider, "custom": True, "id": f"p-{number}", "type": f"pulumi:providers:{package}"},
            {
                "urn": f"{prefix}{type_}::r{number}",
                "custom": True,
                "id": f"res-{number}",
                "type": type_,
                "outputs": given,
                "provider": f"{provider}::p-{number}",
            },
        ]
    (stack.folder / "state.json").write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--file", "state.json")


@pytest.mark.nightly
def test_resources_of_public_kinds_refer_to_a_backend(
    new_stack: Callable[..., Stack], emulator: Emulator, web: EmulatedBackend
) -> None:
    stack = new_stack("")
    stack.up()
    add_to_state(stack, json.dumps(CONSUMERS).replace("URI", f"https://x/{web.id}").replace("ID", web.id))
    assert json.loads(stack.tool("list", "--json").text)["backends"][0]["managed_by"]["kind"] == "nobody"
    orphans = json.loads(stack.tool("orphans", "--json", code=3).text)
    assert [one["id"] for one in orphans["unmanaged"]] == [web.id]
    assert orphans["managed_twice"] == []
    assert web.id in stack.tool("import", "--dry-run").text


@pytest.mark.nightly
@pytest.mark.parametrize("type_", ["pulumi-python:dynamic:Resource", "ngrok:index/tunnelGroupBackend:TunnelGroup"])
def test_a_resource_whose_own_id_is_the_backends_manages_it(
    new_stack: Callable[..., Stack], emulator: Emulator, web: EmulatedBackend, type_: str
) -> None:
    stack = new_stack("")
    stack.up()
    add_to_state(stack, json.dumps({type_: {}}))
    state = json.loads((stack.folder / "state.json").read_text().replace("res-0", web.id))
    (stack.folder / "state.json").write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--file", "state.json")
    assert json.loads(stack.tool("list", "--json").text)["backends"][0]["managed_by"]["name"] == "r0"
    assert stack.tool("orphans").text == "No differences found.\n"
    assert "Nothing to import" in stack.tool("import").text
