"""``pulumi-ngrok-tg import``: what exists comes under code, and nothing at ngrok is touched."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

LOADED = "import tunnel_group_backends\n"


@pytest.fixture
def stack(new_stack: Callable[..., Stack]) -> Stack:
    return new_stack(LOADED)


def make(emulator: Emulator, count: int) -> list[Any]:
    account = emulator.account(KEY)
    return [
        account.create({"labels": {"app": "web", "n": str(n)}, "description": f"Web {n}", "metadata": f'{{"n": {n}}}'})
        for n in range(count)
    ]


def methods(emulator: Emulator) -> list[str]:
    return [request.method for request in emulator.requests]


def test_hundreds_of_backends_made_by_hand(stack: Stack, emulator: Emulator) -> None:
    made = make(emulator, 250)
    said = stack.tool("import", "--run").text
    assert "Imported 250 backends; a preview shows no change of them." in said
    assert {resource["id"] for resource in stack.resources()} == {backend.id for backend in made}
    stack.preview("--refresh", "--expect-no-changes")
    assert len(emulator.requests) <= 10
    assert {*methods(emulator)} == {"GET"}
    # Run again later, it has nothing to do.
    module = (stack.folder / "tunnel_group_backends.py").read_text()
    assert "Nothing to import." in stack.tool("import", "--run").text
    assert (stack.folder / "tunnel_group_backends.py").read_text() == module

    emulator.requests.clear()
    (stack.folder / "tunnel_group_backends.py").write_text(module.replace('"Web 7"', '"Changed"'))
    stack.up()
    assert [(request.method, request.body) for request in emulator.requests] == [("PATCH", {"description": "Changed"})]
    # They are protected.
    assert "cannot be deleted" in stack.destroy(fails=True).text
    assert len(emulator.account(KEY).backends) == 250


def test_without_run_two_files_and_what_to_do_with_them(stack: Stack, emulator: Emulator) -> None:
    stack.program("")
    (web,) = make(emulator, 1)
    said = stack.tool("import").text
    assert stack.resources() == []
    entries = json.loads((stack.folder / "import.json").read_text())["resources"]
    assert [(entry["name"], entry["id"]) for entry in entries] == [("web-0", web.id)]
    module = (stack.folder / "tunnel_group_backends.py").read_text()
    assert f'# {web.id}\nweb_0 = TunnelGroupBackend(\n    "web-0",\n' in module
    assert "protect=True" in module
    # The same again changes nothing; a file of somebody else is left alone, unless forced.
    stack.tool("import")
    assert (stack.folder / "tunnel_group_backends.py").read_text() == module

    commands = [
        line.strip().partition("  #")[0] for line in said.partition("To go on:")[2].splitlines() if line.strip()
    ]
    assert commands[0] == "add `import tunnel_group_backends` to __main__.py"
    stack.program(LOADED)
    for command in commands[1:]:
        stack.run("sh", "-c", command)
    stack.preview("--expect-no-changes")
    assert stack.resource("web-0")["id"] == web.id
    assert {*methods(emulator)} == {"GET"}


def test_files_in_the_way_are_overwritten_by_force_only(stack: Stack, emulator: Emulator) -> None:
    make(emulator, 1)
    for name, in_the_way in (("tunnel_group_backends.py", "# mine\n"), ("import.json", '{"resources": []}x')):
        path = stack.folder / name
        path.write_text(in_the_way)
        said = stack.tool("import", code=1).text
        assert f"{name} is there already" in said
        assert path.read_text() == in_the_way
        assert [file.name for file in stack.folder.iterdir() if file.suffix in (".py", ".json")] != []
        path.unlink()
    (stack.folder / "tunnel_group_backends.py").write_text("# mine\n")
    assert not (stack.folder / "import.json").exists()
    stack.tool("import", "--force")
    assert "TunnelGroupBackend(" in (stack.folder / "tunnel_group_backends.py").read_text()
    out = stack.folder / "elsewhere" / "deep"
    assert "--run needs the module beside __main__.py" in stack.tool("import", "--run", "--out", str(out), code=2).text
    stack.tool("import", "--out", str(out))
    assert sorted(path.name for path in out.iterdir()) == ["import.json", "tunnel_group_backends.py"]
    (stack.folder / "tunnel_group_backends.py").write_text("# Written by `pulumi-ngrok-tg import`\nx = (\n")
    assert "is no Python any more" in stack.tool("import", code=1).text


def test_what_is_new_comes_in_later_and_the_rest_is_left(stack: Stack, emulator: Emulator) -> None:
    make(emulator, 2)
    stack.tool("import", "--run", "--no-protect")
    path = stack.folder / "tunnel_group_backends.py"
    edited = path.read_text().replace('description="Web 0"', 'description="Web" + " 0"') + "# a note\n"
    path.write_text(edited)
    new = emulator.account(KEY).create({"labels": {"app": "api"}})
    said = stack.tool("import", "--run").text
    assert "Imported 1 backend;" in said
    assert said.count("this stack manages it already, as web-") == 2
    assert path.read_text().startswith(edited.rstrip())
    assert stack.resource("api")["id"] == new.id
    stack.preview("--expect-no-changes", "--refresh")
    assert {*methods(emulator)} == {"GET"}


def test_a_program_that_does_not_load_the_module_is_told_so_before_anything_is_imported(
    stack: Stack, emulator: Emulator
) -> None:
    make(emulator, 1)
    stack.program("")
    said = stack.tool("import", "--run", code=1).text
    assert "The program does not declare web-0. Add `import tunnel_group_backends` to __main__.py" in said
    assert stack.resources() == []


def test_labels_ids_and_owners_choose(stack: Stack, emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    web, api = make(emulator, 2)
    operators = emulator.account(KEY).create({"metadata": '{"owned-by":"ngrok-operator"}', "labels": {"app": "web"}})
    theirs = new_stack('TunnelGroupBackend("theirs", labels={"app": "web"})', "other")
    theirs.up()
    managed = theirs.resource("theirs")["id"]
    said = json.loads(stack.tool("import", "--label", "app=web", "--label", "n=0", "--json").text)
    assert [taken["id"] for taken in said["taken"]] == [web.id]
    assert said["left_out"] == []
    missing = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
    arguments = ["--id", api.id, "--id", managed, "--id", missing, "--label", "app=web", "--json", "--force"]
    said = json.loads(stack.tool("import", *arguments, code=3).text)
    assert {taken["id"] for taken in said["taken"]} == {web.id, api.id}
    reasons = {left_out["id"]: left_out["reason"] for left_out in said["left_out"]}
    assert reasons.keys() == {missing, managed, operators.id}
    assert reasons[missing].startswith("this account does not have it")
    assert reasons[managed].startswith("the stack organization/other/dev manages it, as theirs; let go of it there")
    assert reasons[operators.id].startswith("ngrok's Kubernetes operator owns it; name it with --id")
    said = json.loads(stack.tool("import", "--id", operators.id, "--json", "--force").text)
    assert [taken["id"] for taken in said["taken"]] == [operators.id]


def test_a_stack_whose_state_was_lost_is_rebuilt(stack: Stack, emulator: Emulator) -> None:
    stack.program("""
        class Site(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__(f"shop:index:{name.title()}", name, None, opts)
                for n in range(3):
                    TunnelGroupBackend(f"{name}-{n}", labels={"site": name, "n": str(n)},
                        metadata=pulumi.Output.secret({"a-secret": n}), opts=pulumi.ResourceOptions(parent=self))
                    TunnelGroupBackend("same", labels={"site": name, "same": str(n)},
                        opts=pulumi.ResourceOptions(parent=self)) if n == 0 else None
        for n in range(192):
            TunnelGroupBackend(f"b{n}", labels={"n": str(n)}, description=f"number {n}", metadata={"n": n})
        Site("outer"), Site("inner", pulumi.ResourceOptions(parent=Site("between")))
    """)
    stack.up()
    before = {resource["urn"]: resource["id"] for resource in stack.resources()}
    assert len(before) == 204
    stack.pulumi("stack", "rm", "--yes", "--force", "dev")
    stack.pulumi("stack", "init", "dev")
    emulator.requests.clear()

    stack.tool("import", "--run")
    assert {resource["urn"]: resource["id"] for resource in stack.resources()} == before
    assert not (stack.folder / "tunnel_group_backends.py").exists()
    assert "a-secret" not in stack.pulumi("stack", "export").text
    assert not (stack.folder / "import.json").exists(), "it would hold the secrets"
    stack.up("--refresh")
    assert {*methods(emulator)} == {"GET"}


def test_what_cannot_be_told_apart_is_not_guessed(stack: Stack, emulator: Emulator) -> None:
    twins = [emulator.account(KEY).create({"labels": {"app": "web"}}) for _ in range(2)]
    unknown = emulator.account(KEY).create({"labels": {"of": "x"}})
    stack.program("""
        one = TunnelGroupBackend("one", labels={"app": "web"})
        TunnelGroupBackend("two", labels={"of": one.id})
    """)
    said = json.loads(stack.tool("import", "--run", "--json", code=3).text)
    assert said["taken"] == []
    reasons = {left_out["id"]: left_out["reason"] for left_out in said["left_out"]}
    assert reasons.keys() == {unknown.id, *(twin.id for twin in twins)}
    assert reasons[twins[0].id] == "it may be what the program declares as one; say so there, with import_"
    assert stack.resources() == []
    # What it says helps.
    stack.program(f"""
        one = TunnelGroupBackend("one", labels={{"app": "web"}}, opts=pulumi.ResourceOptions(import_="{twins[1].id}"))
    """)
    said = json.loads(stack.tool("import", "--run", "--json", "--id", twins[1].id).text)
    assert [(taken["id"], taken["name"]) for taken in said["taken"]] == [(twins[1].id, "one")]
    stack.preview("--expect-no-changes")


def test_a_secret_decides_like_any_other_value(stack: Stack, emulator: Emulator) -> None:
    theirs = emulator.account(KEY).create({"labels": {"app": "web"}, "metadata": "somebody-elses"})
    ours = emulator.account(KEY).create({"labels": {"app": "web"}, "metadata": "a-secret-value"})
    stack.program("""
        secret = pulumi.Output.secret
        TunnelGroupBackend("web", labels={"app": secret("web")}, metadata=secret("a-secret-value"))
    """)
    said = stack.tool("import", "--run", "--no-protect", "--id", ours.id, "--id", theirs.id, code=1).text
    assert "The program does not declare web-" in said
    stack.tool("import", "--run", "--id", ours.id, "--force")
    assert stack.resource("web")["id"] == ours.id
    assert "a-secret-value" not in said + stack.pulumi("stack", "export").text
    assert "a-secret-value" not in "".join(path.read_text() for path in stack.folder.glob("*.json"))
    stack.preview("--expect-no-changes")
    assert {*methods(emulator)} == {"GET"}


def test_two_accounts_with_backends_alike(stack: Stack, emulator: Emulator) -> None:
    with Emulator(api_keys=("test-eu-key",)) as europe:
        stack.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", "test-eu-key")
        stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", europe.url)
        here = emulator.account(KEY).create({"description": "Web"})
        there = europe.account("test-eu-key").create({"description": "Web"})
        stack.tool("import", "--no-protect")
        said = stack.tool("import", "--run", "--account", "eu", "--no-protect", "--force", code=3).text
        assert "tunnel_group_backends.py declares web, too: `pulumi up` would create it." in said
        stack.tool("import", "--run", "--no-protect", "--force")
        held = {resource["id"]: resource["outputs"]["account"] for resource in stack.resources()}
        assert held == {here.id: None, there.id: "eu"}
        stack.up("--expect-no-changes", "--refresh")
        assert {*methods(emulator), *methods(europe)} == {"GET"}


def test_a_module_that_is_out_of_date_is_not_imported(stack: Stack, emulator: Emulator) -> None:
    web = emulator.account(KEY).create({"description": "Web"})
    stack.tool("import")
    path = stack.folder / "tunnel_group_backends.py"
    before = path.read_text()
    emulator.account(KEY).update(web.id, {"description": "Shop"})
    for arguments in ((), ("--run",)):
        said = stack.tool("import", *arguments, code=1).text
        assert f"declares web ({web.id}) otherwise than it would be written now" in said
        assert path.read_text() == before
    assert stack.resources() == []
    stack.tool("import", "--run", "--force")
    assert path.read_text() == before.replace('"Web"', '"Shop"')
    stack.up("--expect-no-changes", "--refresh")
    assert {*methods(emulator)} == {"GET"}


def test_names_stay_when_a_part_was_imported_by_hand(stack: Stack, emulator: Emulator) -> None:
    account = emulator.account(KEY)
    first = account.create({"description": "Web", "labels": {"app": "shop"}})
    second = account.create({"description": "Shop", "labels": {"app": "foo"}})
    stack.tool("import", "--no-protect")
    module = (stack.folder / "tunnel_group_backends.py").read_text()
    stack.tool("import", "--id", first.id, "--run", "--no-protect", "--force", code=3)
    stack.tool("import", "--run", "--no-protect", "--force")
    assert (stack.folder / "tunnel_group_backends.py").read_text() == module
    assert {r["urn"].rpartition("::")[2]: r["id"] for r in stack.resources()} == {"web": first.id, "shop": second.id}
    stack.up("--expect-no-changes")


def test_a_name_that_the_program_uses_is_not_given_again(stack: Stack, emulator: Emulator) -> None:
    web = emulator.account(KEY).create({"description": "Web"})
    stack.program(LOADED + 'TunnelGroupBackend("web", labels={"new": "one"})')
    stack.tool("import", "--run")
    assert stack.resource(f"web-{web.id[-6:]}")["id"] == web.id
    assert {*methods(emulator)} == {"GET"}


def test_changes_after_an_import_are_told(stack: Stack, emulator: Emulator) -> None:
    """Such as those of a transformation that the program applies to all of its resources."""
    make(emulator, 1)
    stack.program(f"""
        def describe(args):
            return pulumi.ResourceTransformationResult({{**args.props, "description": "Other"}}, args.opts)
        pulumi.runtime.register_stack_transformation(describe)
        {LOADED}
    """)
    said = stack.tool("import", "--run", code=1).text
    assert "Imported, but a preview shows changes: web-0 (update). See `pulumi preview --diff`." in said


def test_how_the_cli_prints_its_events_is_no_matter(stack: Stack, emulator: Emulator) -> None:
    (web,) = make(emulator, 1)
    stack.environment["PULUMI_ENABLE_STREAMING_JSON_PREVIEW"] = "true"
    stack.program("raise ValueError('first\\nsecond')")
    assert stack.tool("import", "--run", code=1).text.endswith("Error: ValueError: first second\n")
    stack.program(LOADED)
    stack.tool("import", "--run")
    assert stack.resource("web-0")["id"] == web.id


def test_protection_is_as_it_is_asked_for(stack: Stack, emulator: Emulator) -> None:
    make(emulator, 1)
    stack.tool("import", "--run", "--no-protect")
    assert '"protect": true' not in stack.pulumi("stack", "export").text
    stack.destroy()


def test_placeholders_are_completed(stack: Stack, emulator: Emulator) -> None:
    web, api, _ = make(emulator, 3)
    stack.program("""
        site = pulumi.ComponentResource("shop:index:Site", "site")
        TunnelGroupBackend("web", labels={"app": "web", "n": "0"}, description="Web 0", metadata={"n": 0},
            opts=pulumi.ResourceOptions(parent=site))
        TunnelGroupBackend("api", labels={"app": "web", "n": "1"}, description="Web 1", metadata='{"n":1}')
        TunnelGroupBackend("new", labels={"app": "new"})
    """)
    stack.preview("--import-file", "mine.json")
    stack.tool("import", "--file", "mine.json")
    entries = {entry["name"]: entry for entry in json.loads((stack.folder / "mine.json").read_text())["resources"]}
    assert entries["web"]["id"] == web.id
    assert entries["web"]["parent"] == "site"
    assert entries["api"]["id"] == api.id
    assert entries["new"]["id"] == "<PLACEHOLDER>"
    assert "has placeholders left" in stack.tool("import", "--file", "mine.json", "--run", code=1).text
    del entries["new"]
    (stack.folder / "mine.json").write_text(json.dumps({"resources": list(entries.values())}))
    said = stack.tool("import", "--file", "mine.json", "--run", "--no-protect").text
    assert "Imported 2 backends" in said
    assert {resource["id"] for resource in stack.resources()} == {web.id, api.id}
    assert [file.name for file in stack.folder.glob("*.py")] == ["__main__.py"]
    assert {*methods(emulator)} == {"GET"}
    assert "is no import file of Pulumi's" in stack.tool("import", "--file", "Pulumi.yaml", code=1).text


def test_a_project_with_its_program_in_a_folder_of_its_own(stack: Stack, emulator: Emulator) -> None:
    (web,) = make(emulator, 1)
    (stack.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nmain: infra\n")
    (stack.folder / "infra").mkdir()
    (stack.folder / "__main__.py").rename(stack.folder / "infra" / "__main__.py")
    (stack.folder / "deep" / "er").mkdir(parents=True)
    stack.tool("import", "--run", "--cwd", "deep/er")
    assert (stack.folder / "infra" / "tunnel_group_backends.py").exists()
    assert stack.resource("web-0")["id"] == web.id
    assert "web-0" in stack.run("sh", "-c", "cd deep/er && pulumi-ngrok-tg list")


# Terraform ----------------------------------------------------------------------------------------------------------

PROVIDER = 'provider["registry.terraform.io/ngrok/ngrok"]'


def terraform(*resources: dict[str, Any], **more: Any) -> str:
    return json.dumps({"version": 4, "terraform_version": "1.9.8", "serial": 1, "resources": [*resources], **more})


def instance(backend: Any, key: Any = None) -> dict[str, Any]:
    attributes = {"id": backend.id, "labels": dict(backend.labels), "description": backend.description}
    attributes["metadata"] = backend.metadata
    return {"schema_version": 0, "attributes": attributes} | ({} if key is None else {"index_key": key})


def resource(name: str, *instances: dict[str, Any], module: str = "", provider: str = PROVIDER) -> dict[str, Any]:
    made = {"mode": "managed", "type": "ngrok_tunnel_group_backend", "name": name, "provider": provider}
    return {**made, "instances": [*instances], **({"module": module} if module else {})}


KEYS = ["eu west", "a.b", 'say "hi"', "münchen", "back\\slash", "${tricky}"]


def test_a_terraform_state(stack: Stack, emulator: Emulator) -> None:
    made = make(emulator, 4 + len(KEYS))
    single, first, second, deep, *keyed = made
    other = {"mode": "managed", "type": "ngrok_reserved_domain", "name": "d", "provider": PROVIDER, "instances": [{}]}
    data = {**resource("seen", instance(made[0])), "mode": "data"}
    deposed = {**instance(made[0]), "deposed": "00000001"}
    operators = emulator.account(KEY).create({"metadata": '{"owned-by":"ngrok-operator"}'})
    gone = type(single)(id="bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4", created_at=single.created_at)
    state = terraform(
        other,
        data,
        resource("web", instance(single), deposed),
        resource("operators", instance(operators)),
        resource("counted", instance(first, 0), instance(second, 1)),
        resource("inner", instance(deep), module='module.net["a.b"].module.shop', provider=f"{PROVIDER}.eu"),
        resource("each", *(instance(backend, key) for backend, key in zip(keyed, KEYS, strict=True))),
        resource("theirs", instance(gone), provider=f"{PROVIDER}.us"),
    )
    emulator.account(KEY).update(single.id, {"description": "Changed since"})
    kind = "ngrok_tunnel_group_backend"
    said = stack.tool("import", "--from-terraform", "-", "--run", code=3, given=state).text
    names = {resource["id"]: resource["urn"].rpartition("::")[2] for resource in stack.resources()}
    assert names == {
        single.id: "web",
        first.id: "counted-0",
        second.id: "counted-1",
        deep.id: "net-a-b-shop-inner",
        **{
            backend.id: f"each-{key}"
            for backend, key in zip(keyed, ["eu-west", "a.b", "say-hi", "münchen", "back-slash", "tricky"], strict=True)
        },
    }
    assert stack.resource("web")["outputs"]["description"] == "Changed since"
    assert "ngrok_tunnel_group_backend.web: description changed since; what ngrok holds is what counts" in said
    assert f"Left out {gone.id}: this account does not have it" in said
    assert f"Left out {operators.id}: ngrok's Kubernetes operator owns it" in said
    assert "theirs" not in said, "Terraform goes on to manage what was left out"
    assert "backend.operators" not in said
    removed = [line.strip() for line in said.splitlines() if line.strip().startswith("terraform state rm")]
    assert removed[:4] == [
        "terraform state rm ngrok_tunnel_group_backend.web",
        "terraform state rm 'ngrok_tunnel_group_backend.counted[0]'",
        "terraform state rm 'ngrok_tunnel_group_backend.counted[1]'",
        "terraform state rm 'module.net[\"a.b\"].module.shop.ngrok_tunnel_group_backend.inner'",
    ]
    assert 'terraform state rm \'ngrok_tunnel_group_backend.each["say \\"hi\\""]\'' in removed
    assert "terraform state rm 'ngrok_tunnel_group_backend.each[\"$${tricky}\"]'" in removed
    assert "from = module.net.module.shop.ngrok_tunnel_group_backend.inner" in said
    assert "destroy = false" in said
    assert {*methods(emulator)} == {"GET"}
    stack.preview("--expect-no-changes")
    told = json.loads(stack.tool("import", "--from-terraform", "-", "--json", code=3, given=state).text)["terraform"]
    assert {"id": single.id, "address": f"{kind}.web", "resource": f"{kind}.web"} in told
    assert {one["id"] for one in told} == {resource["id"] for resource in stack.resources()}


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("resource {}", "is not a Terraform or OpenTofu state"),
        ("[]", "is not a Terraform or OpenTofu state"),
        ('{"resources": []}', "is not a Terraform or OpenTofu state"),
        (b"\xff\xfe\x00", "is not a Terraform or OpenTofu state"),
        ('{"version": 3, "modules": []}', "is a state of version 3; this reads version 4"),
        ('{"serial":1,"lineage":"x","meta":{},"encrypted_data":"aGk=","encryption_version":"v0"}', "is encrypted."),
        ('{"version": 4, "resources": []}', "holds no ngrok_tunnel_group_backend."),
        ('{"version": 4, "resources": [{"mode": "managed"}]}', "its resources are malformed."),
        ('{"version": 4, "resources": 5}', "its resources are malformed."),
        (terraform({**resource("a\x1b[2J\nrm -rf"), "instances": []}), "its resources are malformed."),
        (terraform({**resource("a", module="module.x; rm -rf"), "instances": []}), "its resources are malformed."),
    ],
)
def test_a_state_that_cannot_be_used_is_one_clear_line(
    stack: Stack, emulator: Emulator, state: str | bytes, error: str
) -> None:
    (stack.folder / "some.tfstate").write_bytes(state if isinstance(state, bytes) else state.encode())
    said = stack.tool("import", "--from-terraform", "some.tfstate", code=1).text
    assert said.startswith("Error: some.tfstate ")
    assert error in said
    assert len(said.splitlines()) == 1
    assert emulator.requests == []


def test_what_a_state_says_does_nothing_to_the_terminal(stack: Stack, emulator: Emulator) -> None:
    (web,) = make(emulator, 1)
    strange = dataclasses.replace(web, id="bkdtg_x\x1b[2J\nFAKE LINE")
    state = terraform(resource("web", instance(strange, "k\x1b[31m\nrm"), instance(web, "k\x1b[31m\nrm -rf")))
    said = stack.tool("import", "--from-terraform", "-", code=3, given=state).text
    assert "Left out bkdtg_x\\x1b[2J\\nFAKE LINE: this account does not have it" in said
    assert "\x1b" not in said
    assert r"""terraform state rm 'ngrok_tunnel_group_backend.web["k\u001b[31m\nrm -rf"]'""" in said


# What is missing ----------------------------------------------------------------------------------------------------


def test_an_old_engine_is_told_so(stack: Stack, tmp_path: Path, engine: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    wrapper = f'#!/bin/sh\nif [ "$*" = version ]; then echo v3.200.0; else exec {engine}/pulumi "$@"; fi\n'
    (old / "pulumi").write_text(wrapper)
    (old / "pulumi").chmod(0o755)
    stack.environment["PATH"] = f"{old}:{stack.environment['PATH']}"
    said = stack.tool("import", code=1).text
    assert "This Pulumi CLI is 3.200; to import a dynamic provider's resources, it has to be 3.254 or newer." in said
