"""``pulumi-ngrok-tg import --from-terraform``: what a Terraform state holds comes under code with its names."""

import dataclasses
import json
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.cli.importing import held, make
from tests.e2e.stack import Stack

PROGRAM = ""
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


def test_a_terraform_state_selects_and_names(stack: Stack, emulator: Emulator) -> None:
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
        resource("counted", instance(first, 0), instance(second, 1), instance(gone, 2)),
        resource("inner", instance(deep), module='module.net["a.b"].module.shop', provider=f"{PROVIDER}.eu"),
        resource("each", *(instance(backend, key) for backend, key in zip(keyed, KEYS, strict=True))),
    )
    emulator.account(KEY).update(single.id, {"description": "Changed since"})
    said = stack.tool("import", "--from-terraform", "-", "--yes", code=3, given=state).text
    stack.up()
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
    assert "ngrok_tunnel_group_backend.web: description changed at ngrok after Terraform last read it" in said
    assert f"Left out {gone.id}: this account does not have it" in said
    assert f"Left out {operators.id}: ngrok's Kubernetes operator owns it" in said
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
    assert "from = ngrok_tunnel_group_backend.counted" not in said, "a block would release the third, too"
    assert "destroy = false" in said
    stack.preview("--expect-no-changes")
    told = json.loads(stack.tool("import", "--from-terraform", "-", "--json", code=3, given=state).text)["terraform"]
    assert {one["id"] for one in told} == held(stack)
    assert emulator.requests.writes == []


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("resource {}", "is not a Terraform or OpenTofu state"),
        ("[]", "is not a Terraform or OpenTofu state"),
        ('{"resources": []}', "is not a Terraform or OpenTofu state"),
        (b"\xff\xfe\x00", "is not in UTF-8"),
        ('{"version": 3, "modules": []}', "is a state of version 3; this reads version 4"),
        ('{"serial":1,"lineage":"x","meta":{},"encrypted_data":"aGk=","encryption_version":"v0"}', "is encrypted."),
        ('{"version": 4, "resources": []}', "holds no ngrok_tunnel_group_backend."),
        ('{"version": 4, "resources": [{"mode": "managed"}]}', "its resources are malformed."),
        ('{"version": 4, "resources": 5}', "its resources are malformed."),
    ],
)
def test_an_unusable_terraform_state_is_one_line(
    stack: Stack, emulator: Emulator, state: str | bytes, error: str
) -> None:
    (stack.folder / "some.tfstate").write_bytes(state if isinstance(state, bytes) else state.encode())
    said = stack.tool("import", "--from-terraform", "some.tfstate", code=1).text
    assert said.startswith("Error: some.tfstate ")
    assert error in said
    assert len(said.splitlines()) == 1
    assert emulator.requests == []


@pytest.mark.nightly
def test_control_characters_in_a_terraform_state_are_escaped(stack: Stack, emulator: Emulator) -> None:
    (web,) = make(emulator, 1)
    strange = dataclasses.replace(web, id="bkdtg_x\x1b[2J\nFAKE LINE")
    state = terraform(resource("web", instance(strange, "k\x1b[31m\nrm"), instance(web, "k\x1b[31m\nrm -rf")))
    said = stack.tool("import", "--from-terraform", "-", "--yes", code=3, given=state).text
    assert "Left out bkdtg_x\\x1b[2J\\nFAKE LINE: this account does not have it" in said
    assert "\x1b" not in said
    assert r"""terraform state rm 'ngrok_tunnel_group_backend.web["k\u001b[31m\nrm -rf"]'""" in said
