"""Terraform and OpenTofu states in the forms that people have them in."""

import json
from typing import Any

import pytest

from pulumi_ngrok_tg.cli.import_ import terraform
from pulumi_ngrok_tg.cli.import_.terraform import TerraformError, find_whole, read_instances

KIND = "ngrok_tunnel_group_backend"
ATTRIBUTES = {"id": "bkdtg_1", "labels": {"app": "web"}, "description": "Web", "metadata": '{"a": 1}'}


def state(*instances: dict[str, Any], name: str = "web", module: str = "") -> str:
    resource = {"mode": "managed", "type": KIND, "name": name, "instances": list(instances)}
    return json.dumps({"version": 4, "resources": [{**resource, **({"module": module} if module else {})}]}, indent=2)


WHOLE = state({"attributes": ATTRIBUTES})
SHOWN = json.dumps(
    {
        "format_version": "1.0",
        "values": {
            "root_module": {
                "resources": [{"mode": "managed", "type": KIND, "name": "web", "address": "x", "values": ATTRIBUTES}],
                "child_modules": [
                    {
                        "address": 'module.net["eu"]',
                        "resources": [
                            {
                                "mode": "managed",
                                "type": KIND,
                                "name": "web",
                                "index": 0,
                                "values": {**ATTRIBUTES, "id": "bkdtg_2"},
                            }
                        ],
                    }
                ],
            }
        },
    }
)


@pytest.mark.parametrize(
    "content",
    [
        WHOLE.encode(),
        b"\xef\xbb\xbf" + WHOLE.encode(),
        WHOLE.encode("utf-16"),
        b"\xfe\xff" + WHOLE.encode("utf-16-be"),
        ("Initializing...\n" + WHOLE + "\nDone.\n").encode(),
        "".join(f"12:01:02.003 STDOUT terraform: {line}\n" for line in WHOLE.splitlines()).encode(),
        "".join(f"[shop] {line}\r\n" for line in WHOLE.splitlines()).encode(),
    ],
)
def test_a_state_is_read_in_the_encodings_of_shells_and_wrappers(content: bytes) -> None:
    (found,) = read_instances(content, "x")
    assert (found.id, found.address, found.name) == ("bkdtg_1", f"{KIND}.web", "web")


def test_what_terraform_show_prints_is_read_with_its_modules() -> None:
    found = read_instances(SHOWN.encode(), "x")
    assert [(one.id, one.address) for one in found] == [
        ("bkdtg_1", f"{KIND}.web"),
        ("bkdtg_2", f'module.net["eu"].{KIND}.web[0]'),
    ]


def test_a_state_that_was_upgraded_from_version_3_and_never_refreshed_is_refused() -> None:
    flat = {"id": "bkdtg_1", "labels.%": "1", "labels.app": "web"}
    with pytest.raises(TerraformError, match="its resources are malformed"):
        read_instances(state({"attributes_flat": flat}).encode(), "x")


def test_names_that_cdktf_makes_are_read() -> None:
    (found,) = read_instances(state({"attributes": ATTRIBUTES}, name="shop--web_1A2B3C4D").encode(), "x")
    assert (found.name, found.address) == ("shop-web_1A2B3C4D", f"{KIND}.shop--web_1A2B3C4D")


def test_json_with_other_spacing_is_unchanged() -> None:
    (found,) = read_instances(WHOLE.encode(), "x")
    held = {"labels": {"app": "web"}, "description": "Web", "metadata": '{"a":1}'}
    assert found.find_changed(held) == []
    assert found.find_changed({**held, "metadata": '{"a":2}', "description": ""}) == ["description", "metadata"]


def test_only_complete_resources_get_a_removed_block() -> None:
    """Seen on Terraform: a block for one of three instances releases three."""
    instances = [{"attributes": {**ATTRIBUTES, "id": f"bkdtg_{n}"}, "index_key": n} for n in range(3)]
    found = read_instances(state(*instances).encode(), "x")
    assert find_whole(found) == [f"{KIND}.web"]
    assert find_whole(found[:2]) == []
    modules = [json.loads(state({"attributes": ATTRIBUTES}, module=f"module.m[{n}]"))["resources"][0] for n in range(2)]
    both = read_instances(json.dumps({"version": 4, "resources": modules}).encode(), "x")
    assert find_whole(both) == [f"module.m.{KIND}.web"]
    assert find_whole(both[:1]) == []


def test_a_state_without_backends_points_to_the_backup() -> None:
    with pytest.raises(TerraformError, match=r"holds no .* name the backup that Terraform made then: .*\.backup"):
        read_instances(b'{"version": 4, "resources": []}', "terraform.tfstate")
    assert read_instances(WHOLE.encode(), "terraform.tfstate.1700000000.backup")[0].from_backup
    assert not read_instances(WHOLE.encode(), "terraform.tfstate")[0].from_backup


@pytest.mark.parametrize("more", [WHOLE, '{"version": 4', "\n\nnot JSON {"])
def test_a_state_is_never_read_in_part(more: str) -> None:
    with pytest.raises(TerraformError, match="holds more than one JSON object"):
        read_instances((WHOLE + more).encode(), "-")
    with pytest.raises(TerraformError, match="is not in UTF-8"):
        read_instances(WHOLE.encode() + b"\xff", "-")


def test_an_invalid_name_gets_no_removed_block() -> None:
    found = read_instances(state({"attributes": ATTRIBUTES}, name="a\n} rm").encode(), "x")
    assert find_whole(found) == []
    assert terraform.find_released(found, []) == []


def test_a_resource_is_whole_only_if_it_is_in_each_state() -> None:
    """A removed block releases all instances of its resource."""
    first, second = (read_instances(WHOLE.encode(), source) for source in ("a.tfstate", "b.tfstate"))
    whole = terraform.find_whole([*first, *second])
    assert whole == terraform.find_whole(first) != []
    resource = first[0].resource
    part = [one for one in second if one.resource != resource] + [one for one in second if one.resource == resource][1:]
    if any(one.resource == resource for one in part):
        assert resource not in terraform.find_whole([*first, *part])
