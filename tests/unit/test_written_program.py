"""The code that an import writes: it runs as it stands, and declares exactly what the API holds."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg import properties
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli import program

pytestmark = pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning")

TOOLS = Path(sys.executable).parent
CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS) | st.text(st.sampled_from("\"'\\\n\r\t{}=#é\u200b\u2028\x00\x7faN1 "))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
METADATA = (
    TEXT
    | st.dictionaries(TEXT, JSON).map(json.dumps)
    | JSON.map(lambda value: json.dumps(value, ensure_ascii=False, indent=1))
    | st.sampled_from(
        [
            "{}",
            "[]",
            '{"a": 1, "a": 2}',
            '{"v": 1.10}',
            '{"big": 1e400}',
            '{"nan": NaN}',
            '{"half": "\\ud800"}',
            '{"a":' * 100 + "1" + "}" * 100,
            '{"deep":' + "[" * 150 + "]" * 150 + "}",
            "x" * 4096,
            '{"long": "' + "é" * 2000 + '"}',
            '{"n": 1E16, "m": -0.0, "o": 1e-7}',
        ]
    )
)
NAMES = st.text(CHARACTERS, min_size=1) | st.sampled_from(
    ["class", "1st", "print", "pulumi", "web", "Web", "ResourceOptions", "x" * 200, "0" * 49]
)
BACKENDS = st.dictionaries(
    NAMES,
    st.builds(
        lambda number, labels, description, metadata: Backend(
            f"bkdtg_{number:027}", "", "", description, metadata, labels
        ),
        st.integers(0, 10**9),
        st.dictionaries(TEXT.filter(bool), TEXT, max_size=4),
        TEXT,
        METADATA,
    ),
    min_size=1,
    max_size=4,
).filter(lambda backends: len({backend.id for backend in backends.values()}) == len(backends))


class Registered(pulumi.runtime.Mocks):
    """Keeps what a program registers."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.inputs[args.name] = args.inputs
        return "bkdtg_1", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}


def run(module: str) -> dict[str, dict[str, Any]]:
    """Runs a module as Pulumi does, and returns what it registers by name."""
    mocks = Registered()
    pulumi.runtime.set_mocks(mocks, preview=False)

    @pulumi.runtime.test
    def declare() -> None:
        exec(compile(module, program.FILE, "exec"), {})  # noqa: S102

    declare()
    return mocks.inputs


def ruff(*arguments: str, given: str) -> str:
    command = [TOOLS / "ruff", *arguments, "--isolated", "-"]
    done = subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


@given(BACKENDS, st.booleans(), st.sampled_from([None, "eu"]))
def test_random_backends_become_code_that_shows_no_change(
    backends: dict[str, Backend], protect: bool, account: str | None
) -> None:
    module = program.declared(backends, account, protect)
    inputs = run(module)
    assert inputs.keys() == backends.keys()
    for name, backend in backends.items():
        held = {**backend.contents, "account": account}
        assert properties.differences(held, properties.check(inputs[name])[0]) == {}
    declared = program.declared_in(module)
    assert {id_: one.name for id_, one in declared.items()} == {b.id: name for name, b in backends.items()}
    assert all(one.text in module for one in declared.values())
    ruff("check", given=module)
    assert ruff("format", given=module) == module


def test_the_code_satisfies_mypy_strict(tmp_path: Path) -> None:
    metadata = json.dumps({"team": "a", "ports": [80, {"tls": None}], "empty": {}, "on": True, "rate": 0.5})
    made = Backend("bkdtg_1", "", "", 'Says "hi"\n', metadata, {"app": "web"})
    module = tmp_path / program.FILE
    module.write_text(program.declared({"web": made, "text": Backend("bkdtg_2", "", "", metadata="x")}, "eu", True))
    done = subprocess.run(
        [TOOLS / "mypy", "--strict", "--cache-dir", tmp_path / "cache", module],
        cwd=tmp_path,  # as its user: what is installed is not judged
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("metadata", "mapping"),
    [
        ('{"team": "a"}', True),
        ('{"v": 1.1}', True),
        ('{"v": 1.10}', False),
        ("{}", False),
        ("[1]", False),
        ("text", False),
        ('{"a": 1, "a": 2}', False),
        ('{"a": 1e400}', False),
        ('{"a":' * 30 + "1" + "}" * 30, False),
        ("[" * 100_000, False),
    ],
)
def test_json_metadata_is_written_as_a_mapping_where_it_means_the_same(metadata: str, mapping: bool) -> None:
    module = program.declared({"web": Backend("bkdtg_1", "", "", metadata=metadata)}, None, True)
    assert ("metadata={\n" in module) == mapping


def test_what_is_added_leaves_what_is_there_and_takes_no_name_of_it() -> None:
    one = Backend("bkdtg_1", "", "", "One")
    module = program.declared({"web": one}, None, True) + "web_2 = web.id  # mine\n"
    added = program.declared({"Web": one, "web": one}, None, False, module)
    assert added.startswith(module)
    names = [node.targets[0].id for node in ast.parse(added).body if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    assert names == ["web", "web_2", "web_3", "web_4"]
    assert program.names_in(added) == {"web", "Web"}
    assert program.is_ours(added)
    assert not program.is_ours("import pulumi\n")


def test_what_was_edited_is_no_more_what_was_written() -> None:
    module = program.declared({"web": Backend("bkdtg_1", "", "", "One")}, None, True)
    assert program.declared_in(module)["bkdtg_1"].name == "web"
    for edited in (module.replace("# bkdtg_1\n", ""), module.replace('    "web",', "    NAME,")):
        assert program.declared_in(edited) == {}
    with pytest.raises(SyntaxError):
        program.declared_in("x = (")


def test_a_comment_after_a_declaration_takes_nothing_else_into_it() -> None:
    module = program.declared({"x": Backend("bkdtg_x", "", "", "X"), "y": Backend("bkdtg_y", "", "", "Y")}, None, True)
    declared = program.declared_in(module.replace(")\n\n# bkdtg_y", ")  # the shop's\n\n# bkdtg_y"))
    assert {id_: one.name for id_, one in declared.items()} == {"bkdtg_x": "x", "bkdtg_y": "y"}
    assert "bkdtg_y" not in declared["bkdtg_x"].text
    edited = module.replace('    description="X"', '\n# the shop\'s\n    description="X"').replace(
        ")\n\n# bk", ")  \n\n# bk"
    )
    assert {id_: one.name for id_, one in program.declared_in(edited).items()} == {"bkdtg_x": "x", "bkdtg_y": "y"}
    odd = program.declared_in(module.replace(")\n\n# bkdtg_y", "); x2 = x\n\n# bkdtg_y"))
    assert [*odd] == ["bkdtg_y"]


def test_an_empty_file_may_be_written_to() -> None:
    assert program.is_ours("\n")
    assert program.declared({"web": Backend("bkdtg_1", "", "")}, None, True, "\n").startswith('"""ngrok tunnel')
