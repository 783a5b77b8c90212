"""Backends in a Terraform or OpenTofu state, where ngrok's provider before 0.8 has left them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

RESOURCE = "ngrok_tunnel_group_backend"
_VERSION = 4


class TerraformError(click.ClickException):
    """A state that cannot be used, said in one line."""


@dataclass(frozen=True)
class Instance:
    """A backend in a Terraform state."""

    id: str
    address: str
    """Its address there, such as ``module.shop.ngrok_tunnel_group_backend.web["eu"]``."""
    resource: str
    """The address of its resource, without instance keys: what a ``removed`` block names."""
    name: str
    """A name made of the address: of the modules', the resource's and the instances' names."""
    attributes: Mapping[str, Any]

    def changed(self, contents: Mapping[str, Any]) -> list[str]:
        """Names what the API holds otherwise than the state."""
        return [name for name, value in contents.items() if (self.attributes.get(name) or type(value)()) != value]


def read_state(text: str, source: str) -> list[Instance]:
    """Finds the tunnel group backends in a state.

    Args:
        text: the state file, or what ``terraform state pull`` prints.
        source: its name, for messages.

    Raises:
        TerraformError: it is no state of format 4, it is encrypted, or it holds none.
    """
    try:
        state = json.loads(text)
    except (ValueError, RecursionError):
        state = None
    if not isinstance(state, dict) or not {"version", "encrypted_data"} & {*state}:
        raise TerraformError(
            f"{source} is not a Terraform or OpenTofu state. Name a terraform.tfstate, or pipe `terraform state pull`."
        )
    if "encrypted_data" in state:
        raise TerraformError(f"{source} is encrypted. Pipe what `tofu state pull` prints: --from-terraform -")
    if state["version"] != _VERSION:
        raise TerraformError(
            f"{source} is a state of version {state['version']}; this reads version {_VERSION}, which Terraform 0.12 "
            "and later and OpenTofu write. Run `terraform refresh` with one of those first."
        )
    try:
        found = list(_instances(state.get("resources") or ()))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise TerraformError(f"{source} is not a Terraform or OpenTofu state: its resources are malformed.") from None
    if not found:
        raise TerraformError(f"{source} holds no {RESOURCE}.")
    return found


def _instances(resources: Any) -> Iterator[Instance]:
    for resource in resources:
        if (resource["mode"], resource["type"]) != ("managed", RESOURCE):
            continue
        module = resource.get("module") or ""
        base = f"{module}." if module else ""
        if not re.fullmatch(rf"{_IDENTIFIER}", resource["name"]) or not re.fullmatch(_MODULES, module):
            raise ValueError(resource["name"])
        plain = f"{RESOURCE}.{resource['name']}"
        for instance in resource["instances"]:
            if instance.get("deposed"):  # left over by a replacement; Terraform is about to destroy it
                continue
            key = instance.get("index_key")
            attributes = instance["attributes"]
            yield Instance(
                id=str(attributes["id"]),
                address=f"{base}{plain}{_index(key)}",
                resource=re.sub(_KEY, "", base) + plain,
                name=_name(module, resource["name"], key),
                attributes=attributes,
            )


_IDENTIFIER = r"[^\W\d][\w-]*"
"""A name, as Terraform's language has them."""
_KEY = r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]'
"""An instance's key in an address."""
_MODULES = rf"(?:module\.{_IDENTIFIER}(?:{_KEY})?(?:\.|$))*"
"""The address of a module, or none."""


def _index(key: object) -> str:
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    quoted = json.dumps(key, ensure_ascii=False)
    # HCL reads "${" and "%{" as the beginning of an expression, unless the first character is doubled.
    return "[" + re.sub(r"([$%])(?={)", r"\1\1", quoted) + "]"


def _name(module: str, name: str, key: object) -> str:
    """Joins the names in an address; what reads badly in a URN becomes "-"."""
    modules = re.sub(r"(^|\.)module\.", r"\1", module).replace(".", "-")
    parts = [modules, name, "" if key is None else str(key)]
    return "-".join(slug for part in parts if (slug := re.sub(r"[^\w.]+", "-", part).strip("-")))
