"""``pulumi-ngrok-tg import --from-terraform``: what a Terraform state holds comes under code with its names."""

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


@pytest.mark.nightly
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
