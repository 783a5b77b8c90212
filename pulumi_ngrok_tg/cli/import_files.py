"""What ``pulumi import --file`` reads: ids, and inputs and outputs, so that the engine (3.254 and newer) need not read.

The format is Pulumi's own (https://www.pulumi.com/docs/iac/guides/migration/import/).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider

from pulumi_ngrok_tg import properties
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.preview import SIGNATURE, SIGNATURE_KEY, Preview, Wanted, name_of
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from pulumi_ngrok_tg.state import TYPE, outputs

FILE = "import.json"
PLACEHOLDER = "<PLACEHOLDER>"


def entry(name: str, backend: Backend, account: str | None, fingerprint: str) -> dict[str, Any]:
    """Returns a backend as a resource of an import file."""
    provider = {PROVIDER_KEY: serialize_provider(TunnelGroupBackendProvider())}
    held = outputs(backend, account, fingerprint)
    inputs, _ = properties.check(held)
    return {
        "type": TYPE,
        "name": name,
        "id": backend.id,
        "inputs": {**inputs, **provider},
        "outputs": {**held, **provider},
    }


def completed(
    file: Mapping[str, Any], preview: Preview, certain: Mapping[str, Backend], account: str | None, fingerprint: str
) -> dict[str, Any]:
    """Returns an import file of Pulumi's in which the placeholders of backends that exist are filled in.

    Args:
        file: what ``pulumi preview --import-file`` has written.
        preview: of the same program.
        certain: backends by the URNs under which the program declares them.
        account: the account's name.
        fingerprint: of the account's key.
    """
    wanted = {one.urn: one for one in preview.creates()}
    resources = []
    for urn, resource in _with_urns(file, preview):
        if urn in certain and resource.get("id") == PLACEHOLDER:
            made = entry(resource["name"], certain[urn], account, fingerprint)
            resource = {**resource, **_with_secrets(made, wanted[urn])}
        resources.append(resource)
    return {**file, "resources": resources}


def has_secrets(text: str) -> bool:
    """Tells whether the text of an import file holds secrets, which are in the clear there."""
    return SIGNATURE in text


def only(file: Mapping[str, Any], ids: Iterable[str]) -> dict[str, Any]:
    """Returns an import file with nothing but these backends, and the components that are their parents."""
    by_name = {resource["name"]: resource for resource in file.get("resources", ())}
    kept = {name for name, resource in by_name.items() if resource.get("id") in {*ids}}
    for name in tuple(kept):
        while (parent := by_name[name].get("parent")) in by_name:
            kept.add(parent)
            name = parent
    return {**file, "resources": [resource for name, resource in by_name.items() if name in kept]}


def _with_urns(file: Mapping[str, Any], preview: Preview) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yields each resource of an import file with its URN, which the file does not say."""
    parents = preview.parents()
    urns: dict[str, str] = dict(file.get("nameTable") or {})
    for resource in file.get("resources", ()):
        name, parent = resource.get("logicalName") or resource["name"], urns.get(resource.get("parent", ""))
        urns[resource["name"]] = next(
            (
                step["urn"]
                for step in preview.steps
                if step["op"] == "create"
                and name_of(step["urn"]) == name
                and step["newState"]["type"] == resource["type"]
                and (parents[step["urn"]] == parent if parent else "::pulumi:pulumi:Stack::" in parents[step["urn"]])
            ),
            "",
        )
        yield urns[resource["name"]], resource


def _with_secrets(made: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Marks what the program declares as a secret, so that the state encrypts it from the start."""
    for name in wanted.secrets:
        for part in ("inputs", "outputs"):
            if name in made[part]:
                made[part][name] = {SIGNATURE_KEY: SIGNATURE, "plaintext": json.dumps(made[part][name])}
    return made
