"""What a preview says of the backends: read to its end, or refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.cli.plan import HIDDEN, PlanError, read_plan
from tests.cli.plans import SECRET, as_document, as_events, make_step

WHOLE = as_document(make_step("delete", "bkdtg_1"), make_step("update", "bkdtg_2", after={"app": "x"}, name="api"))


@pytest.mark.parametrize("form", [as_document, as_events])
def test_both_forms_say_the_same(form: Any) -> None:
    steps = [
        make_step("delete", "bkdtg_1", name="gone"),
        make_step("update", "bkdtg_2", {"app": "web"}, {"app": "new"}, name="labels"),
        make_step("update", "bkdtg_3", name="description"),
        make_step("same", "bkdtg_4", name="same"),
        make_step("create-replacement", "bkdtg_5", name="twice"),
        make_step("replace", "bkdtg_5", name="twice"),
        make_step("delete-replaced", "bkdtg_5", name="twice"),
        make_step("delete", "bkdtg_6", name="kept", retainOnDelete=True),
        make_step("delete", "bkdtg_7", name="read", external=True),
        make_step("delete", "bkdtg_8", name="other", type="aws:s3:Bucket"),
    ]
    plan = read_plan(form(*steps).encode(), "-")
    assert [(one.name, one.id, one.kind, one.before, one.after) for one in plan.changes] == [
        ("gone", "bkdtg_1", "delete", {"app": "web"}, {}),
        ("labels", "bkdtg_2", "labels", {"app": "web"}, {"app": "new"}),
        ("twice", "bkdtg_5", "replace", {"app": "web"}, {}),
        ("kept", "bkdtg_6", "keep", {"app": "web"}, {}),
    ]
    assert (plan.stack, plan.backends, plan.errors) == ("dev", 6, [])


@pytest.mark.parametrize(
    "labels", ["[secret]", SECRET, {"app": "[secret]"}, {"app": SECRET}, "04da6b54-80e4-46f7-96ec-b56ff0331ba9"]
)
def test_labels_that_the_plan_hides_are_unknown(labels: Any) -> None:
    (change,) = read_plan(as_document(make_step("update", "bkdtg_1", labels, labels)).encode(), "-").changes
    assert (change.before, change.after) == (None, None)


def test_an_account_that_the_plan_hides_is_unknown() -> None:
    for account in (HIDDEN, SECRET):
        step = make_step("delete", "bkdtg_1", inputs={"account": account})
        assert read_plan(as_document(step).encode(), "-").changes[0].account == HIDDEN
    step = make_step("delete", "bkdtg_1", inputs={"account": "eu"})
    assert read_plan(as_document(step).encode(), "-").changes[0].account == "eu"


def test_what_the_preview_said_is_with_its_resource() -> None:
    step = make_step("delete", "bkdtg_1")
    said = [
        {"urn": step["urn"], "severity": "warning", "message": "warning: a\n"},
        {"urn": step["urn"], "severity": "debug", "message": "debug: b"},
        {"urn": "urn:other", "severity": "info", "message": "c"},
        {"severity": "error", "message": "error: d\n  e"},
    ]
    plan = read_plan(as_document(step, diagnostics=said).encode(), "-")
    assert plan.changes[0].said == ["warning: a"]
    assert plan.errors == ["error: d e"]
    assert read_plan(as_events(step, result="failed").encode(), "-").errors == ["the preview failed"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Previewing update (dev):\n",
        "[]",
        "5",
        "{}",
        '{"version": 3, "deployment": {}}',
        '{"steps": 5}',
        '{"steps": [5]}',
        WHOLE + WHOLE,
        WHOLE + "x",
        as_events(make_step("delete", "bkdtg_1")) + "{}",
        '{"sequence": 1}\n{"a": 1}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(PlanError, match=r"^the input is not what `pulumi preview --json` prints, or not all of it"):
        read_plan(text.encode(), "the input")
    with pytest.raises(PlanError):
        read_plan(b"\xff" + text.encode(), "the input")


@pytest.mark.parametrize("op", ["delete", "replace", "update"])
def test_a_preview_that_counts_more_than_it_shows_is_refused(op: str) -> None:
    for text in (json.dumps({"changeSummary": {op: 1}}), json.dumps({"steps": [], "changeSummary": {op: 7}})):
        with pytest.raises(PlanError, match=f"it counts more steps of the kind {op} than it has"):
            read_plan(text.encode(), "-")


def test_the_number_of_backends_is_known_only_if_the_plan_has_all_of_them() -> None:
    read = json.loads(as_document(make_step("delete", "bkdtg_1")))
    read["changeSummary"]["same"] = 9  # as it is without --show-sames
    assert read_plan(json.dumps(read).encode(), "-").backends is None
    del read["changeSummary"]
    assert read_plan(json.dumps(read).encode(), "-").backends is None


def test_a_step_that_is_not_known_counts_as_a_replacement() -> None:
    for op in ("vanish", "import-replacement"):
        assert read_plan(as_document(make_step(op, "bkdtg_1")).encode(), "-").changes[0].kind == "replace"
    for op in ("refresh", "import", "discard", "remove-pending-replace"):
        assert read_plan(as_document(make_step(op, "bkdtg_1")).encode(), "-").changes == []


def test_other_labels_are_a_change_whatever_the_plan_says_of_paths() -> None:
    step = make_step("update", "bkdtg_1", {"app": "web"}, {"app": "new"})
    for diff in (None, {'["labels"]': {}}):
        assert read_plan(as_document({**step, "detailedDiff": diff}).encode(), "-").changes[0].kind == "labels"


def test_a_delete_before_its_replacement_is_one_change() -> None:
    steps = [make_step(op, "bkdtg_1") for op in ("delete-replaced", "replace", "create-replacement")]
    assert [one.kind for one in read_plan(as_document(*steps).encode(), "-").changes] == ["replace"]


def test_a_stream_without_its_end_is_refused() -> None:
    with pytest.raises(PlanError, match="its last event is missing"):
        read_plan(as_events(make_step("delete", "bkdtg_1"), ended=False).encode(), "-")


@given(st.integers(0, len(WHOLE) - 1))
def test_a_part_of_a_preview_is_refused(end: int) -> None:
    with pytest.raises(PlanError):
        read_plan(WHOLE[:end].encode(), "-")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["op", "urn", "oldState", "newState", "detailedDiff"]), values, st.booleans())
def test_any_step_is_read_or_refused(name: str, value: Any, inner: bool) -> None:
    step = make_step("update", "bkdtg_1", {"app": "web"}, {"app": "new"})
    if inner:
        step["oldState"] = {**step["oldState"], "outputs": value, "inputs": value}
    else:
        step[name] = value
    for text in (as_document(step), json.dumps({"steps": [step]})):
        try:
            read_plan(text.encode(), "-")
        except PlanError:
            continue
