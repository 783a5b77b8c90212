"""Previews, as ``pulumi preview --json`` prints them."""

import json
from collections import Counter
from typing import Any

TYPE = "pulumi-python:dynamic/ngrok:TunnelGroupBackend"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


def make_step(
    op: str, id_: str, labels: Any = None, after: Any = None, name: str = "web", **old: Any
) -> dict[str, Any]:
    """A step on a backend; with ``after``, a change of its labels."""
    urn = f"urn:pulumi:dev::shop::{TYPE}::{name}"
    given = {"labels": {"app": "web"} if labels is None else labels}
    outputs = {**given, "tunnels": [], **old.pop("outputs", {})}
    state = {"urn": urn, "custom": True, "id": id_, "type": TYPE, "inputs": given, "outputs": outputs, **old}
    step: dict[str, Any] = {"op": op, "urn": urn, "oldState": state, "detailedDiff": None}
    if op == "update" and after is None:
        step["newState"] = {"inputs": given}
    if after is not None:
        step |= {"newState": {"inputs": {"labels": after}}, "detailedDiff": {"labels": {"kind": "update"}}}
    return step


def as_document(*steps: dict[str, Any], diagnostics: Any = None) -> str:
    """One JSON object, as by default."""
    counts = Counter(str(step["op"]) for step in steps)
    return json.dumps({"steps": steps, "diagnostics": diagnostics, "changeSummary": counts}, indent=2)


def as_events(*steps: dict[str, Any], result: str = "succeeded", ended: bool = True) -> str:
    """One event a line, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW."""
    events: list[dict[str, Any]] = [{"preludeEvent": {"config": {}}}]
    for step in steps:
        metadata = {"op": step["op"], "urn": step["urn"], "old": step["oldState"], "new": step.get("newState")}
        diffs = [*(step["detailedDiff"] or ())]
        events += [{"resourcePreEvent": {"metadata": {**metadata, "diffs": diffs, "detailedDiff": None}}}]
        events += [{"resOutputsEvent": {"metadata": metadata}}]
    if ended:
        counts = Counter(step["op"] for step in steps)
        events += [{"summaryEvent": {"isPreview": True, "result": result, "resourceChanges": counts}}]
        events += [{"cancelEvent": {}}]
    return "".join(json.dumps({"sequence": number, **event}) + "\n" for number, event in enumerate(events))
