"""The rules of the properties, over all the values they can meet."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import Unknown

from pulumi_ngrok_tg.rules import properties

EMPTY = st.sampled_from([None, "", {}])
TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, JSON, min_size=1, max_size=4)
LABELS = st.dictionaries(
    TEXT.filter(lambda key: key and "=" not in key), TEXT.filter(lambda value: "=" not in value), max_size=4
)
INPUTS = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXT | EMPTY,
        "metadata": TEXT | EMPTY | OBJECTS.map(json.dumps),
        "labels": LABELS | EMPTY,
        "account": st.sampled_from(["eu", "us-1", None]),
    },
)
WILD = st.fixed_dictionaries(
    {},
    optional={name: JSON | st.builds(Unknown) for name in ("description", "metadata", "labels", "account", "other")},
)


def spellings(value: Any) -> st.SearchStrategy[str]:
    """JSON texts of one meaning."""
    return st.builds(
        lambda order, indent: json.dumps(shuffled(value, order), indent=indent, ensure_ascii=False),
        st.booleans(),
        st.sampled_from([None, 0, 2]),
    )


def shuffled(value: Any, order: bool) -> Any:
    if isinstance(value, dict):
        items = [(key, shuffled(inner, order)) for key, inner in value.items()]
        return dict(reversed(items) if order else items)
    return [shuffled(inner, order) for inner in value] if isinstance(value, list) else value


@given(INPUTS)
def test_valid_inputs_have_no_problems_and_check_is_idempotent(inputs: dict[str, Any]) -> None:
    normal, problems = properties.check(inputs)
    assert problems == []
    assert properties.check(normal) == (normal, [])
    assert properties.take_contents(normal) == properties.take_contents(inputs)


@given(WILD)
def test_any_input_is_judged_without_a_crash_and_problems_name_their_property(inputs: dict[str, Any]) -> None:
    normal, problems = properties.check(inputs)
    assert set(normal) <= {"description", "metadata", "labels", "account"}
    for problem in problems:
        assert problem.reason.startswith(problem.property)
        assert "\n" not in problem.reason


@given(INPUTS)
def test_equal_meaning_never_differs(inputs: dict[str, Any]) -> None:
    normal, _ = properties.check(inputs)
    assert properties.find_changes(inputs, inputs) == {}
    assert properties.find_changes(inputs, normal) == properties.find_changes(normal, inputs) == {}
    full = {"description": "", "metadata": "", "labels": {}, **normal}
    assert properties.find_changes(full, inputs) == {}


@given(OBJECTS.flatmap(lambda value: st.tuples(spellings(value), spellings(value))))
def test_metadata_of_equal_json_never_differs(texts: tuple[str, str]) -> None:
    assert properties.find_changes({"metadata": texts[0]}, {"metadata": texts[1]}) == {}
    kept = properties.keep_spelling({"metadata": texts[0], "uri": "x"}, {"metadata": texts[1], "uri": "y"})
    assert kept == {"metadata": texts[1], "uri": "x"}


@given(OBJECTS)
def test_metadata_as_a_mapping_equals_its_json(value: dict[str, Any]) -> None:
    encoded = properties.encode_metadata(value)
    assert properties.encode_metadata(encoded) == encoded
    assert json.loads(encoded) == json.loads(json.dumps(value))
    assert (
        properties.find_changes({"metadata": json.dumps(value, indent=1, ensure_ascii=False)}, {"metadata": encoded})
        == {}
    )


@given(INPUTS, INPUTS)
def test_a_patch_holds_exactly_the_differences(olds: dict[str, Any], news: dict[str, Any]) -> None:
    patch = properties.find_changes(olds, news)
    patched = {**properties.take_contents(olds), **patch}
    assert properties.find_changes(patched, news) == {}
    wanted: dict[str, Any] = {**properties.take_contents(news)}
    for name, value in patch.items():
        assert value == wanted[name]
        assert value != {**properties.take_contents(olds)}[name]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1.10", "1.1"),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": 1}', '{"a": "1"}'),
        ("[1, 2]", "[2, 1]"),
        ("{}", ""),
        ('{"a": 1', '{"a":1'),
        ("null", ""),
        pytest.param("[" * 100_000, "[", id="nested"),
        ('{"a": NaN}', '{"a":NaN}'),
        ('{"v": 1.10}', '{"v": 1.1}'),
        ('{"v": 1.0}', '{"v": 1}'),
        ('{"v": 1e2}', '{"v": 100}'),
        ('{"v": 0.1}', '{"v": 0.10000000000000000001}'),
        ('{"v": 9007199254740993}', '{"v": 9007199254740992}'),
        ('{"v": -0}', '{"v": 0}'),
        ('{"a": 1, "a": 2}', '{"a": 2}'),
        ('{"a": 1, "a": 2}', '{"a":1,"a":2}'),
        ('{"a": {"b": 1, "b": 1}}', '{"a": {"b": 1}}'),
        ('{"a": "number"}', '{"a": ["number"]}'),
        ('{"a": "\\n"}', '{"a": "\\t"}'),
        ('{"a": "\\n"}', '{"a": "n"}'),
    ],
)
def test_metadata_of_another_meaning_differs(before: str, after: str) -> None:
    assert properties.find_changes({"metadata": before}, {"metadata": after}) == {"metadata": after}
    assert properties.keep_spelling({"metadata": before}, {"metadata": after}) == {"metadata": before}


def test_tunnels_and_what_ngrok_sets_never_differ() -> None:
    assert properties.find_changes({"tunnels": [], "uri": "a", "created_at": "b"}, {"tunnels": [1]}) == {}


def test_an_unknown_input_passes_and_counts_as_a_change() -> None:
    inputs = {
        "labels": {"a": Unknown(), "b": "c"},
        "description": Unknown(),
        "metadata": Unknown(),
        "account": Unknown(),
    }
    normal, problems = properties.check(inputs)
    assert normal == inputs
    assert problems == []
    assert set(properties.find_changes({"labels": {"a": "x", "b": "c"}}, normal)) == {
        "labels",
        "description",
        "metadata",
    }


# What is wrong with an input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"labels": ["app"]}, 'labels must be a mapping such as {"app": "web"}, not a list.'),
        ({"labels": ("app",)}, 'labels must be a mapping such as {"app": "web"}, not a tuple.'),
        ({"labels": "app"}, 'labels must be a mapping such as {"app": "web"}, not a string.'),
        ({"labels": 1.5}, 'labels must be a mapping such as {"app": "web"}, not a number.'),
        ({"labels": {"": "web"}}, "labels: a key must not be empty. Name the label or drop it."),
        ({"labels": {"a=b": "c"}}, "labels: the key 'a=b' must not contain \"=\" (ERR_NGROK_6531). Rename it."),
        ({"labels": {"a": "b=c"}}, "labels: the value of 'a' must not contain \"=\" (ERR_NGROK_6531). Change it."),
        ({"labels": {"a": 5}}, "labels: the value of 'a' must be a string, not a number. Quote it."),
        ({"labels": {"a": True}}, "labels: the value of 'a' must be a string, not a bool. Quote it."),
        ({"labels": {"a": None}}, "labels: the value of 'a' must be a string, not None. Quote it."),
        ({"labels": {"a": {"b": "c"}}}, "labels: the value of 'a' must be a string, not a mapping. Quote it."),
        ({"labels": {"a": b"b"}}, "labels: the value of 'a' must be a string, not bytes. Quote it."),
        ({"description": 5}, "description must be a string, not a number."),
        (
            {"description": "ü" * 256},
            "description may have at most 255 characters, and this has 256. Shorten it.",
        ),
        ({"metadata": "x" * 4097}, "metadata may have at most 4096 characters, and this has 4097. Shorten it."),
        ({"metadata": ["a"]}, "metadata must be a string or a mapping, not a list."),
        (
            {"metadata": {"a": 1}},
            "metadata must be a string, not a mapping, if a transform sets it. Use Output.json_dumps.",
        ),
        (
            {"account": "e u"},
            'account must be a name of letters, digits, "-" and "_", such as "eu" for the config ngrok-eu:apiKey.',
        ),
        (
            {"account": 5},
            'account must be a name of letters, digits, "-" and "_", such as "eu" for the config ngrok-eu:apiKey.',
        ),
    ],
)
def test_each_problem_is_named_with_its_remedy(inputs: dict[str, Any], reason: str) -> None:
    labels = inputs.get("labels")
    (problem,) = properties.check(inputs, labels if isinstance(labels, dict) else ())[1]
    assert problem.reason == reason
    assert reason.startswith(problem.property)


@pytest.mark.parametrize("account", ["eu", "EU-1", "a_b", "9"])
def test_account_names(account: str) -> None:
    assert properties.check({"account": account})[1] == []


@pytest.mark.parametrize("account", ["-eu", "_eu", "e:u", "é", "eu\n"])
def test_malformed_account_names(account: str) -> None:
    assert len(properties.check({"account": account})[1]) == 1


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({1: "x"}, "labels: the key 1 must be a string, not a number. Put it in quotes."),
        ({None: "x"}, "labels: the key None must be a string, not None. Put it in quotes."),
        ({"a": None}, "labels: the value of 'a' must be a string, not None. Give it one or drop the label."),
        ({"\ud800": "x"}, "labels: a key holds half of a surrogate pair, which is no character. Remove it."),
        ({"a": "\udfff"}, "labels: the value of 'a' holds half of a surrogate pair, which is no character. Remove it."),
    ],
)
def test_a_value_that_the_wire_drops_is_named(labels: dict[Any, Any], reason: str) -> None:
    ((key, value),) = labels.items()
    with pytest.raises(ValueError, match="labels") as error:
        (properties.require_label_key(key, plain=True), properties.require_label_value(key, value, plain=True))
    assert str(error.value) == reason


def test_metadata_is_written_as_canonical_json() -> None:
    assert properties.encode_metadata({"b": "ü", "a": [1, None]}) == '{"a":[1,null],"b":"ü"}'
    assert properties.encode_metadata({}) == ""
    assert properties.require_label_value("a", "b") == "b"
    assert properties.require_text("description", "ü") == "ü"
    assert properties.require_text("description", None) is None


@pytest.mark.parametrize("value", [b"x", {"a"}, {"a": "b"}, ["a"], ("a",), object(), 10**400, 1j], ids=type)
@pytest.mark.parametrize("name", ["description", "account", "metadata", "label", "labels"])
def test_a_value_of_another_type_is_named_at_once(name: str, value: object) -> None:
    """The engine could not carry some of them, and the program would end in a traceback."""
    rules: dict[str, Callable[[Any], Any]] = {
        "metadata": properties.encode_metadata,
        "label": partial(properties.require_label_value, "a", plain=True),
    }
    if isinstance(value, dict) and name in ("metadata", "labels"):
        return
    with pytest.raises(ValueError, match=rf"^{name}.* must be a (string|mapping)[^.]*, not "):
        rules.get(name, partial(properties.require_text, name))(value)


def test_half_a_surrogate_pair_is_an_error() -> None:
    for name, value in (("description", "\ud800"), ("metadata", "x\udbff")):
        with pytest.raises(ValueError, match=f"^{name} holds half of a surrogate pair, which is no character"):
            properties.require_text(name, value)
    with pytest.raises(ValueError, match=r"^metadata holds half of a surrogate pair"):
        properties.encode_metadata("\ud800")
    with pytest.raises(ValueError, match=r"^metadata cannot be written as JSON: metadata holds half"):
        properties.encode_metadata({"a": "\ud800"})


@pytest.mark.parametrize("value", [{"a": object()}, {"a": float("nan")}, {(1, 2): "a"}, {1: "a", "b": "c"}])
def test_metadata_that_json_cannot_express_is_named(value: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^metadata cannot be written as JSON: .+\. Use strings, numbers, lists, mappings\.$"
    ):
        properties.encode_metadata(value)


# What an update changes, as a diff shows it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("olds", "news", "differences"),
    [
        ({}, {}, {}),
        ({"description": ""}, {"description": None}, {}),
        ({"description": "a"}, {"description": "b"}, {"description": "UPDATE"}),
        ({"description": ""}, {"description": "b"}, {"description": "ADD"}),
        ({"metadata": "a"}, {}, {"metadata": "DELETE"}),
        ({"metadata": '{"a": 1}'}, {"metadata": '{"a":1}'}, {}),
        ({"metadata": " [1, 2]"}, {"metadata": "[1,2]"}, {}),
        ({"metadata": '{"a": 1}'}, {"metadata": Unknown()}, {"metadata": "UPDATE"}),
        ({"metadata": '{"a": 1}'}, {"metadata": 5}, {"metadata": "UPDATE"}),
        ({"metadata": 5}, {"metadata": '{"a": 1}'}, {"metadata": "UPDATE"}),
        ({}, {"labels": {"Ab_9": "x", "A9": "y"}}, {"labels.Ab_9": "ADD", "labels.A9": "ADD"}),
        ({"labels": {"a": "1"}}, {"labels": {"a": "2"}}, {"labels.a": "UPDATE"}),
        ({"labels": {"a": "1"}}, {"labels": {"b": "1"}}, {"labels.a": "DELETE", "labels.b": "ADD"}),
        ({"labels": {"a": "1", "b": "2"}}, {}, {"labels.a": "DELETE", "labels.b": "DELETE"}),
        ({}, {"labels": {"a": ""}}, {"labels.a": "ADD"}),
        ({"labels": {"a": ""}}, {"labels": {"a": "1"}}, {"labels.a": "UPDATE"}),
        ({"labels": {"a": ""}}, {}, {"labels.a": "DELETE"}),
        ({"labels": {"a": "1"}}, {"labels": {"a": Unknown()}}, {"labels.a": "UPDATE"}),
        ({"labels": {"a": "1"}}, {"labels": Unknown()}, {"labels": "UPDATE"}),
        ({}, {"labels": Unknown()}, {"labels": "ADD"}),
        ({}, {"labels": {"a.b": "x"}}, {'labels["a.b"]': "ADD"}),
        ({}, {"labels": {'q"x': "x"}}, {'labels["q\\"x"]': "ADD"}),
        ({"labels": {"a": "1"}}, {"labels": {"a": "1", "b\\": "2"}}, {"labels": "UPDATE"}),
        ({"labels": {"b\\": "1"}}, {}, {"labels": "DELETE"}),
        ({"account": "eu"}, {"account": "us"}, {"account": "UPDATE_REPLACE"}),
        ({}, {"account": "us"}, {"account": "ADD_REPLACE"}),
        ({"account": "eu"}, {}, {"account": "DELETE_REPLACE"}),
        ({"tunnels": [], "uri": "x", "created_at": "x", "__key_fingerprint": "x"}, {}, {}),
    ],
)
def test_a_difference_is_named_by_its_path_and_kind(
    olds: dict[str, Any], news: dict[str, Any], differences: dict[str, str]
) -> None:
    plain = [key for one in (olds, news) for key in (one.get("labels") if isinstance(one.get("labels"), dict) else ())]
    assert properties.find_differences(olds, news, plain) == differences


@given(INPUTS, INPUTS, st.lists(st.text(max_size=2)))
def test_a_label_key_that_may_be_a_secret_is_not_named(
    olds: dict[str, Any], news: dict[str, Any], plain: list[str]
) -> None:
    paths = {properties.format_label_path(key) for key in plain} | {"labels", "description", "metadata", "account"}
    assert properties.find_differences(olds, news, plain).keys() <= paths


@given(INPUTS, INPUTS)
def test_differences_and_patch_name_the_same_properties(olds: dict[str, Any], news: dict[str, Any]) -> None:
    named = {path.partition(".")[0].partition("[")[0] for path in properties.find_differences(olds, news)}
    assert named - {"account"} == set(properties.find_changes(olds, news))
    assert properties.find_differences(olds, olds) == {}


OUTPUT = "Calling __str__ on an Output[T] is not supported."


@pytest.mark.parametrize(
    ("inputs", "property_", "named"),
    [
        ({"description": OUTPUT}, "description", "description"),
        ({"metadata": f"of {OUTPUT}"}, "metadata", "metadata"),
        ({"account": OUTPUT}, "account", "account"),
        ({"labels": {"of": OUTPUT}}, "labels", "labels: the value of 'of'"),
        ({"labels": {"a": "calling-str-on-an-output-t"}}, "labels", "labels: the value of the key of 1 characters"),
        ({"labels": {OUTPUT: "a"}}, "labels", "labels: a key"),
    ],
)
def test_an_output_in_a_string_is_named_with_its_remedy(inputs: dict[str, Any], property_: str, named: str) -> None:
    reason = (
        f"{named} holds an Output that was put into a string, as in an f-string. Its value is not known there: use "
        "pulumi.Output.format, pulumi.Output.concat or .apply."
    )
    assert properties.check(inputs, ["of"])[1] == [properties.Problem(property_, reason)]


HELD = {"description": "a", "labels": {"n": "1"}}


@pytest.mark.parametrize(
    ("olds", "news", "adopts", "held"),
    [
        (HELD, HELD, False, ["description", "labels"]),
        (HELD, {**HELD, "description": "b"}, False, ["labels"]),
        (HELD, {**HELD, "account": "eu"}, False, []),
        ({**HELD, "account": "eu"}, {**HELD, "account": "eu"}, False, ["description", "labels"]),
        ({}, {}, False, []),
        ({}, HELD, True, ["description", "metadata", "labels"]),
    ],
)
def test_ngrok_holds_already_what_no_request_writes(
    olds: dict[str, Any], news: dict[str, Any], adopts: bool, held: list[str]
) -> None:
    assert properties.find_unwritten(olds, news, adopts) == held


def test_a_text_that_ngrok_holds_already_is_not_judged() -> None:
    text = "Calling __str__ on an Output[T] is not supported."
    for name, value in (("description", text), ("metadata", "x" * 5000), ("labels", {"a": text})):
        assert properties.check({name: value})[1]
        assert properties.check({name: value}, unwritten=[name])[1] == []
    assert properties.check({"description": 5, "labels": {"a=b": "c"}}, unwritten=["description", "labels"])[1]
