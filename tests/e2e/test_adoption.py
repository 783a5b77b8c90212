"""``ResourceOptions(import_=...)``: a resource takes over a backend that exists, without a write."""

import json
import re

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.adopting import ARGUMENTS, adopting, assert_nothing_was_written, import_errors
from tests.e2e.stack import Stack


def test_a_backend_is_adopted_without_a_write(stack: Stack, emulator: Emulator, web: EmulatedBackend) -> None:
    tunnel = emulator.account(KEY).connect_tunnel(dict(web.labels))
    stack.program(adopting(web))
    adopted = f"adopts {web.id}, which exists; nothing is created or changed at ngrok"
    assert adopted in stack.preview().text
    assert emulator.requests.methods == ["GET"]
    emulator.requests.clear()

    said = stack.up().text
    assert adopted in said
    assert "1 adopted, 0 created at ngrok. Pulumi shows adoptions as creates." in said
    assert emulator.requests.methods == ["GET", "GET"]
    held = stack.resource("web")
    assert held["id"] == web.id
    assert held["outputs"]["created_at"] == web.created_at
    assert [seen["id"] for seen in held["outputs"]["tunnels"]] == [tunnel]
    emulator.requests.clear()

    # The option may stay ...
    assert "adopts" not in stack.preview("--expect-no-changes").text
    assert emulator.requests == []
    stack.up("--expect-no-changes", "--refresh")
    stack.refresh("--expect-no-changes")
    stack.preview("--expect-no-changes")
    # ... or go, and from then on the backend is like any other.
    stack.program(f'TunnelGroupBackend("web", {ARGUMENTS})')
    stack.up("--expect-no-changes")
    assert_nothing_was_written(emulator, web)
    stack.program(f'TunnelGroupBackend("web", {ARGUMENTS.replace("fra", "ams")})')
    stack.up()
    assert web.labels == {"app": "web", "dc": "ams"}
    stack.destroy()
    assert emulator.account(KEY).backends == {}


WAYS = """
    common = pulumi.ResourceOptions(protect=False)
    TunnelGroupBackend("merged", {merged[1]}, opts=common.merge(pulumi.ResourceOptions(import_="{merged[0]}")))

    class Site(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:index:Site", name, None, opts)
            child = pulumi.ResourceOptions(parent=self, import_="{component[0]}")
            TunnelGroupBackend("component", {component[1]}, opts=child)
    Site("site")

    id_ = pulumi.Output.from_input(pulumi.Config().require("backend"))
    TunnelGroupBackend("config", {config[1]}, opts=pulumi.ResourceOptions(import_=id_))
    TunnelGroupBackend("account", {account[1]}, account="eu", opts=pulumi.ResourceOptions(import_="{account[0]}"))
    one = pulumi.Output.from_input("outputs")
    TunnelGroupBackend("outputs", labels={{"way": one}}, metadata=one.apply(lambda way: {{"way": way}}),
        opts=pulumi.ResourceOptions(import_="{outputs[0]}"))

    def transformation(name, id):
        def import_it(args):
            if args.name == name:
                opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(import_=id))
                return pulumi.ResourceTransformationResult(args.props, opts)
        return import_it
    opts = pulumi.ResourceOptions(transformations=[transformation("transformation", "{transformation[0]}")])
    TunnelGroupBackend("transformation", {transformation[1]}, opts=opts)
    pulumi.runtime.register_stack_transformation(transformation("stackwide", "{stackwide[0]}"))
    TunnelGroupBackend("stackwide", {stackwide[1]})
"""
"""Every way to set the option that the SDK itself carries out, each with its own backend: name and arguments."""


@pytest.mark.nightly
def test_the_option_is_found_wherever_it_is_set(stack: Stack, emulator: Emulator) -> None:
    ways = sorted(set(re.findall(r"{(\w+)\[0\]}", WAYS)) | {"config"})
    made = {
        way: emulator.account(KEY).create({"labels": {"way": way}, "metadata": f'{{"way":"{way}"}}'}) for way in ways
    }
    assert len(made) == 7
    stack.pulumi("config", "set", "backend", made["config"].id)
    stack.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", KEY)
    stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", emulator.url)
    arguments = {
        way: (backend.id, f"labels={backend.labels!r}, metadata={{'way': '{way}'}}") for way, backend in made.items()
    }
    stack.program(WAYS.format(**arguments))
    said = stack.preview().text
    assert all(f"adopts {backend.id}" in said for backend in made.values())
    stack.up()
    assert {r["urn"].rpartition("::")[2]: r["id"] for r in stack.resources()} == {
        way: backend.id for way, backend in made.items()
    }
    stack.up("--expect-no-changes", "--refresh")
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_an_adopted_backend_is_not_replaced_by_itself(stack: Stack, emulator: Emulator, web: EmulatedBackend) -> None:
    """Else the engine would adopt it once more, and then delete it as the old one."""
    stack.program(adopting(web))
    stack.up()
    urn = stack.resource("web")["urn"]
    for arguments in ((), ("--replace", urn)):
        if not arguments:  # the same account by another name
            stack.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", KEY)
            stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", emulator.url)
            stack.program(adopting(web, arguments=f'{ARGUMENTS}, account="eu"'))
        else:
            stack.program(adopting(web))
        for command in (stack.preview, stack.up):
            (said,) = import_errors(command(*arguments, fails=True))
            assert said == (
                f"import_: this resource already manages {web.id}. To replace it, remove import_, then run this again."
            )
    assert_nothing_was_written(emulator, web)
    stack.program(f'TunnelGroupBackend("web", {ARGUMENTS})')
    stack.up("--replace", urn)
    assert emulator.requests.writes == ["POST", "DELETE"]


@pytest.mark.nightly
def test_an_adopted_backend_that_was_deleted_is_named_and_not_created_again(
    stack: Stack, emulator: Emulator, web: EmulatedBackend
) -> None:
    stack.program(adopting(web))
    stack.up()
    stack.age()
    del emulator.account(KEY).backends[web.id]
    for command in (stack.preview, stack.up):
        (said,) = import_errors(command("--refresh", fails=True))
        assert said.startswith(f"import_: There is no backend {web.id} in this account.")
        assert said.endswith(
            "If somebody deleted it, remove import_ from its options; `pulumi up` then creates it again."
        )
    assert emulator.requests.writes == []
    stack.program(f'TunnelGroupBackend("web", {ARGUMENTS})')
    stack.up("--refresh")
    assert emulator.requests.writes == ["POST"]


@pytest.mark.nightly
def test_many_adoptions_take_few_requests(stack: Stack, emulator: Emulator) -> None:
    made = [emulator.account(KEY).create({"description": str(n)}) for n in range(120)]
    stack.program(
        "\n".join(
            f'TunnelGroupBackend("b{n}", description="{n}", opts=pulumi.ResourceOptions(import_="{backend.id}"))'
            for n, backend in enumerate(made)
        )
    )
    stack.up()
    assert len(emulator.requests) == 2 + 120, "two pages for the checks, and a GET for each create"
    assert emulator.requests.writes == []
    assert {resource["id"] for resource in stack.resources()} == {backend.id for backend in made}


@pytest.mark.nightly
def test_an_adopted_backend_outlives_its_pending_delete(stack: Stack, emulator: Emulator, web: EmulatedBackend) -> None:
    """The engine would delete it with the old name in one of the next updates."""
    stack.program(adopting(web, "old"))
    stack.up()
    emulator.fault(method="DELETE", times=None, status=400, error_code=6502)
    stack.program(f'TunnelGroupBackend("old", {ARGUMENTS})')
    urn = stack.resource("old")["urn"]
    stack.up("--replace", urn, fails=True)
    emulator.faults.clear()
    stack.program(f'TunnelGroupBackend("old", {ARGUMENTS})\n' + adopting(web, "new"))
    for _ in range(3):
        said = stack.up(fails=True).text
        assert f"{web.id} was not deleted: urn:pulumi:dev::shop::" in said
        assert f"::new holds it, too. Remove {urn} from the state instead" in said
    assert "DELETE" not in {request.method for request in emulator.requests if request.status == 204}
    assert web.id in emulator.account(KEY).backends


@pytest.mark.parametrize("left", ["first"])
def test_a_backend_with_two_names_outlives_the_removed_one(
    stack: Stack, emulator: Emulator, web: EmulatedBackend, left: str
) -> None:
    stack.program(adopting(web, "first"))
    stack.up()
    state = json.loads(stack.pulumi("stack", "export").text)
    (first,) = (one for one in state["deployment"]["resources"] if one.get("id") == web.id)
    state["deployment"]["resources"].append({**first, "urn": first["urn"].replace("first", "second")})
    (stack.folder / "state.json").write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--file", "state.json")
    stack.program(f'TunnelGroupBackend("{left}", {ARGUMENTS})')
    for options in (("--refresh", "--parallel", "1"), ("--refresh",), ()):
        assert f"::{left} holds it, too. Remove urn:" in stack.up(*options, fails=True).text
    assert web.id in emulator.account(KEY).backends


@pytest.mark.nightly
def test_only_what_was_done_is_counted(stack: Stack, emulator: Emulator, web: EmulatedBackend) -> None:
    stack.program(adopting(web) + '\nTunnelGroupBackend("other", labels={"app": "other"})')
    assert "adopted" not in stack.refresh("--run-program").text
    assert "1 adopted, 0 created at ngrok." in stack.up("--target", "**::web").text
    assert "adopted" not in stack.up().text
    assert emulator.requests.writes == ["POST"]
    emulator.fault(method="POST", status=400, error_code=6504)
    two = emulator.account(KEY).create({"labels": {"app": "two"}})
    stack.program(
        adopting(web)
        + 'TunnelGroupBackend("other", labels={"app": "other"})\n'
        + 'TunnelGroupBackend("fails", labels={"app": "fails"})\n'
        + f'TunnelGroupBackend("two", labels={{"app": "two"}}, opts=pulumi.ResourceOptions(import_="{two.id}"))'
    )
    assert "1 adopted, 0 created at ngrok." in stack.up("--continue-on-error", fails=True).text
