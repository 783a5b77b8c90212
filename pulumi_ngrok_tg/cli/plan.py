"""Reads a preview: what ``pulumi preview --json`` or ``pulumi destroy --preview-only --json`` prints."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from pulumi_ngrok_tg.rules.outputs import FINGERPRINT, TYPE, holds_secret, parse_name

HIDDEN = "[secret]"
"""Pulumi's text for a secret in a plan."""
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's text for a string that a preview does not know (sdk/go/common/resource/plugin/rpc.go)."""
_REPLACES = ("replace", "create-replacement", "import-replacement")
_DELETES = ("delete", "delete-replaced")
_HARMLESS = (
    "same",
    "create",
    "read",
    "refresh",
    "import",
    "discard",
    "read-replacement",
    "discard-replaced",
    "remove-pending-replace",
)
"""The steps that change nothing at ngrok but add a backend (sdk/go/common/display, StepOp)."""


class PlanError(click.ClickException):
    """An input is not the JSON of a preview. The message is one line."""


@dataclass(frozen=True)
class Change:
    """A delete, a replacement or a change of labels of a backend."""

    urn: str
    id: str
    kind: str
    """``delete``, ``replace``, ``labels``; ``keep`` if the backend leaves the stack and stays at ngrok."""
    account: str | None
    """The account's name; None is the default account, and ``HIDDEN`` one that the plan hides."""
    fingerprint: str | None
    """The fingerprint of the key that saw the backend last."""
    before: Mapping[str, str] | None
    """The labels in the state; None if the plan hides a part of them."""
    after: Mapping[str, str] | None
    """The new labels; empty if the id is given up, None if the plan hides a part of them or does not know it."""
    said: Sequence[str] = ()
    """What the preview says of the resource."""
    created_at: str = ""
    """When ngrok created the backend; "" if the plan does not say it."""

    @property
    def name(self) -> str:
        """The resource's name."""
        return parse_name(self.urn)


@dataclass
class Plan:
    """What a preview says of the backends of this package."""

    stack: str = ""
    """The stack's name, without organization and project; "" if no resource names it."""
    changes: list[Change] = field(default_factory=list)
    backends: int | None = None
    """How many backends the stack manages; None if the plan leaves out those that stay as they are."""
    errors: list[str] = field(default_factory=list)
    """Why the preview failed, so that it may not show every change."""


def read_plan(content: bytes, source: str) -> Plan:
    """Read a preview, as one JSON object or as a stream of events, one a line.

    Args:
        content: what the Pulumi CLI printed.
        source: where it comes from, for messages.

    Raises:
        PlanError: it is not the JSON of a preview, or not all of it.
    """
    try:
        text = content.decode("utf-8-sig")
        return _build_plan(*(_read_document(text) or _read_events(text)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PlanError(
            f"{source} is not what `pulumi preview --json` prints, or not all of it"
            f"{f': {error}' if isinstance(error, _Incomplete) else ''}. Pipe all of its standard output."
        ) from error


class _Incomplete(ValueError):
    """A preview that lacks a part."""


_Steps = list[Mapping[str, Any]]


def _read_document(text: str) -> tuple[_Steps, _Steps, Mapping[str, int]] | None:
    """Return the steps, diagnostics and counts of one JSON object; None if the text is several."""
    try:
        read = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return None
        raise
    if "steps" not in read and "diagnostics" not in read and "changeSummary" not in read:
        return None
    return read.get("steps") or [], read.get("diagnostics") or [], read.get("changeSummary") or {}


def _read_events(text: str) -> tuple[_Steps, _Steps, Mapping[str, int]]:
    counts: Mapping[str, int] = {}
    steps: _Steps = []
    diagnostics: _Steps = []
    ended = False
    for event in (json.loads(line) for line in text.splitlines() if line.strip()):
        if "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            renamed = {"oldState": step.get("old"), "newState": step.get("new"), "diffReasons": step.get("diffs")}
            steps.append({**step, **renamed})
        elif "diagnosticEvent" in event:
            said = event["diagnosticEvent"]
            diagnostics.append({**said, "message": f"{said.get('prefix') or ''}{said['message']}"})
        elif "summaryEvent" in event:
            ended, counts = True, event["summaryEvent"].get("resourceChanges") or {}
            if event["summaryEvent"].get("result", "succeeded") != "succeeded":
                diagnostics.append({"severity": "error", "message": "the preview failed"})
        elif "sequence" not in event:
            raise ValueError
    if not ended:
        raise _Incomplete("its last event is missing")
    return steps, diagnostics, counts


def _build_plan(steps: _Steps, diagnostics: _Steps, counts: Mapping[str, int]) -> Plan:
    for op in ("delete", "replace", "update"):
        if sum(step["op"] == op for step in steps) < counts.get(op, 0):
            raise _Incomplete(f"it counts more steps of the kind {op} than it has")
    said: dict[str, list[str]] = {}
    plan = Plan()
    for one in diagnostics:
        line = " ".join(str(one["message"]).split())
        if one["severity"] == "error":
            plan.errors.append(line)
        if one["severity"] != "debug":
            said.setdefault(one.get("urn") or "", []).append(line)
    replaced = {step["urn"] for step in steps if step["op"] in _REPLACES}
    held, seen = set(), set()
    for step in steps:
        plan.stack = plan.stack or step["urn"].split("::")[0].removeprefix("urn:pulumi:")
        old = step.get("oldState") or {}
        if old.get("type") != TYPE or old.get("external") or not old.get("id"):
            continue
        held.add(old["id"])
        change = _read_change(step, replaced, said.get(step["urn"], []))
        if change.kind and (step["urn"], old["id"]) not in seen:
            seen.add((step["urn"], old["id"]))
            plan.changes.append(change)
    # By default, steps that change nothing are counted, but left out.
    plan.backends = len(held) if counts and len(steps) >= sum(counts.values()) else None
    return plan


def _read_change(step: Mapping[str, Any], replaced: set[str], said: Sequence[str]) -> Change:
    """Return what a step on a backend does; its kind is "" if it changes nothing that matters here."""
    old = step["oldState"]
    outputs, inputs = old.get("outputs") or {}, old.get("inputs") or {}
    new = (step.get("newState") or {}).get("inputs") or {}
    before, after = _read_labels(outputs.get("labels")), _read_labels(new.get("labels"))
    account = inputs.get("account", outputs.get("account"))
    kind = _find_kind(step, replaced, before is not None and after is not None and before != after)
    return Change(
        step["urn"],
        old["id"],
        kind,
        HIDDEN if isinstance(account, Mapping) else account,
        outputs.get(FINGERPRINT),
        before,
        after if kind == "labels" else {},
        said,
        str(outputs.get("created_at") or ""),
    )


def _find_kind(step: Mapping[str, Any], replaced: set[str], has_other_labels: bool) -> str:
    if step["op"] in _HARMLESS:
        return ""
    if step["op"] == "update":
        paths = [*(step.get("detailedDiff") or ()), *(step.get("diffReasons") or ())]
        return "labels" if has_other_labels or any("labels" in path for path in paths) else ""
    if step["oldState"].get("retainOnDelete"):
        return "keep"
    # A step that is not known here counts as a replacement.
    return "delete" if step["op"] in _DELETES and step["urn"] not in replaced else "replace"


def _read_labels(labels: Any) -> dict[str, str] | None:
    """Return labels; None if a part of them is a secret or unknown."""
    if labels is None:
        return {}
    if not isinstance(labels, Mapping) or holds_secret(labels):
        return None
    hides = any(not isinstance(value, str) or value in (HIDDEN, _UNKNOWN) for value in labels.values())
    return None if hides else dict(labels)
