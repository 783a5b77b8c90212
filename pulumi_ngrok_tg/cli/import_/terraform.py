"""Reads the backends in a Terraform or OpenTofu state, which ngrok's provider before 0.8 managed."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.rules import properties

RESOURCE = "ngrok_tunnel_group_backend"
_VERSION = 4


class TerraformError(click.ClickException):
    """A state cannot be used. The message is one line."""


@dataclass(frozen=True)
class Instance:
    """A backend in a Terraform state."""

    id: str
    address: str
    """Its address there, such as ``module.shop.ngrok_tunnel_group_backend.web["eu"]``."""
    resource: str
    """The address of its resource, without instance keys, as a ``removed`` block names it."""
    name: str
    """A name made of its address."""
    attributes: Mapping[str, Any]
    instances: int = 1
    """The number of instances of its resource in the state, in all instances of its modules."""
    source: str = ""
    """The name of the state."""
    from_backup: bool = False
    """Whether the state is a backup, so that it is unknown what Terraform holds now."""

    def find_changed(self, contents: Mapping[str, Any]) -> list[str]:
        """Return the names of the properties whose meaning differs between the state and the API."""
        return list(properties.find_changes(self.attributes, contents))


def read_instances(content: bytes, source: str) -> list[Instance]:
    """Find the tunnel group backends in a state.

    Args:
        content: the state file, or what ``terraform state pull`` or ``terraform show -json`` prints.
        source: its name, for messages.

    Raises:
        TerraformError: the state cannot be read, is encrypted, or holds none.
    """
    state = _parse(content, source)
    if not isinstance(state, dict) or not {"version", "encrypted_data", "values"} & {*state}:
        raise TerraformError(
            f"{source} is not a Terraform or OpenTofu state. Name a terraform.tfstate, or pipe `terraform state pull`."
        )
    if "encrypted_data" in state:
        raise TerraformError(f"{source} is encrypted. Pipe what `tofu state pull` prints: --from-terraform -")
    if "values" not in state and state["version"] != _VERSION:
        raise TerraformError(
            f"{source} is a state of version {state['version']}; this reads version {_VERSION}, which Terraform 0.12 "
            "and later and OpenTofu write. Run `terraform refresh` with one of those first."
        )
    try:
        shown = "values" in state
        found = list(_find_shown((state["values"] or {}).get("root_module") or {}) if shown else _find(state))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise TerraformError(f"{source} is not a Terraform or OpenTofu state: its resources are malformed.") from None
    if not found:
        raise TerraformError(
            f"{source} holds no {RESOURCE}. If you have already removed them from it (`terraform state rm`), name the "
            "backup that Terraform made then: terraform.tfstate.<time>.backup."
        )
    count = Counter(instance.resource for instance in found)
    backup = source.endswith(".backup")
    return [replace(one, instances=count[one.resource], source=source, from_backup=backup) for one in found]


def find_released(instances: Sequence[Instance], backends: Sequence[Backend]) -> list[tuple[Instance, Backend]]:
    """Return the instances that Terraform has to release, with their backends: those that the program declares now."""
    by_id = {backend.id: backend for backend in backends}
    return [(instance, by_id[instance.id]) for instance in instances if instance.id in by_id]


def find_whole(instances: Sequence[Instance]) -> list[str]:
    """Return the resources of which all instances are there, because a ``removed`` block releases all of them."""
    count = Counter((instance.source, instance.resource) for instance in instances)
    parts = {one.resource for one in instances if count[one.source, one.resource] < one.instances}
    return [
        resource
        for resource in dict.fromkeys(instance.resource for instance in instances)
        if resource not in parts and all(re.fullmatch(_IDENTIFIER, part) for part in resource.split("."))
    ]


def _parse(content: bytes, source: str) -> Any:
    """Read JSON in the encodings that shells write, also between lines that a wrapper prints; None if there is none."""
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise TerraformError(f"{source} is not in UTF-8, so it was not read.") from None
    lines = text.splitlines()
    begin = next((line.index("{") for line in lines if "{" in line), 0)
    for candidate in (text, "\n".join(line[begin:] for line in lines if "{" in text), text[text.find("{") :]):
        try:
            # A wrapper may print more before and after it.
            read, end = json.JSONDecoder().raw_decode(candidate, max(candidate.find("{"), 0))
        except (ValueError, RecursionError):
            continue
        if "{" in candidate[end:]:
            raise TerraformError(f"{source} holds more than one JSON object. Use --from-terraform once for each state.")
        return read
    return None


def _find(state: Mapping[str, Any]) -> Iterator[Instance]:
    for resource in state.get("resources") or ():
        if (resource["mode"], resource["type"]) != ("managed", RESOURCE):
            continue
        module = resource.get("module") or ""
        for instance in resource["instances"]:
            if instance.get("deposed"):  # left over by a replacement; Terraform is about to destroy it
                continue
            yield _instance(module, resource["name"], instance.get("index_key"), instance["attributes"])


def _find_shown(module: Mapping[str, Any]) -> Iterator[Instance]:
    """Find them in what ``terraform show -json`` prints."""
    for resource in module.get("resources") or ():
        if (resource["mode"], resource["type"]) == ("managed", RESOURCE) and not resource.get("deposed_key"):
            yield _instance(module.get("address") or "", resource["name"], resource.get("index"), resource["values"])
    for child in module.get("child_modules") or ():
        yield from _find_shown(child)


def _instance(module: str, name: str, key: object, attributes: Mapping[str, Any]) -> Instance:
    base = f"{module}." if module else ""
    plain = f"{RESOURCE}.{name}"
    return Instance(
        id=str(attributes["id"]),
        address=f"{base}{plain}{_index(key)}",
        resource=re.sub(_KEY, "", base) + plain,
        name=_name(module, name, key),
        attributes=attributes,
    )


_IDENTIFIER = r"[^\W\d][\w-]*"
"""A name, as Terraform's language has them."""
_KEY = r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]'
"""An instance's key in an address."""


def _index(key: object) -> str:
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    quoted = json.dumps(key, ensure_ascii=False)
    # HCL reads "${" and "%{" as the beginning of an expression, unless the first character is doubled.
    return "[" + re.sub(r"([$%])(?={)", r"\1\1", quoted) + "]"


def _name(module: str, name: str, key: object) -> str:
    """Join the names in an address; what reads badly in a URN becomes "-"."""
    modules = re.sub(r"(^|\.)module\.", r"\1", module).replace(".", "-")
    parts = [modules, name, "" if key is None else str(key)]
    return "-".join(slug for part in parts if (slug := re.sub(r"[^\w.]+", "-", part).strip("-")))
