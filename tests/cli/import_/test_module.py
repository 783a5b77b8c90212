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

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.import_ import module as modules
from pulumi_ngrok_tg.rules import properties

pytestmark = pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning")

STACK = "project/dev"
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
    pulumi.runtime.set_mocks(mocks, stack="dev", project="project", preview=False)

    @pulumi.runtime.test
    def declare() -> None:
        exec(compile(module, modules.FILE, "exec"), {})  # noqa: S102

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
    module = modules.add_declarations("", backends, account, protect, STACK)
    inputs = run(module)
    assert inputs.keys() == backends.keys()
    for name, backend in backends.items():
        held = {**backend.contents, "account": account}
        assert properties.find_differences(held, properties.check(inputs[name])[0]) == {}
    tree = ast.parse(module)
    assert modules.find_declared(tree).keys() == {backend.id for backend in backends.values()}
    assert modules.find_names(tree) == {name: backend.id for name, backend in backends.items()}
    ruff("check", given=module)
    assert ruff("format", given=module) == module
    assert ruff("format", "--line-length", "120", given=module) == module
    # What is there already is found, whatever became of its form.
    reformatted = "# a note\n" + ast.unparse(tree)
    assert modules.find_declared(ast.parse(reformatted)).keys() == {backend.id for backend in backends.values()}


@pytest.mark.nightly
def test_the_code_satisfies_mypy_strict(tmp_path: Path) -> None:
    metadata = json.dumps({"team": "a", "ports": [80, {"tls": None}], "empty": {}, "on": True, "rate": 0.5})
    made = Backend("bkdtg_1", "", "", 'Says "hi"\n', metadata, {"app": "web"})
    module = tmp_path / modules.FILE
    backends = {"web": made, "text": Backend("bkdtg_2", "", "", metadata="x")}
    module.write_text(modules.add_declarations("", backends, "eu", True, STACK))
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
def test_json_metadata_becomes_a_mapping_if_that_keeps_its_meaning(metadata: str, mapping: bool) -> None:
    module = modules.add_declarations("", {"web": Backend("bkdtg_1", "", "", metadata=metadata)}, None, True, STACK)
    assert ("metadata={\n" in module) == mapping


def declare(text: str = "", **descriptions: str) -> str:
    backends = {name: Backend(f"bkdtg_{name}", "", "", described) for name, described in descriptions.items()}
    return modules.add_declarations(text, backends, None, True, STACK)


def test_added_declarations_change_nothing_and_reuse_no_name() -> None:
    module = declare(web="One") + "web_2 = web.id  # mine\n"
    added = declare(module, Web="One", WEB="Two")
    assert added.startswith(module)
    names = [node.targets[0].id for node in ast.parse(added).body if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    assert names == ["STACK", "web", "web_2", "web_3", "web_4"]


def test_another_stack_is_refused_before_anything_is_declared() -> None:
    mocks = Registered()
    pulumi.runtime.set_mocks(mocks, stack="prod", project="project", preview=False)
    with pytest.raises(pulumi.RunError, match="belongs to the stack project/dev, not to prod"):
        exec(compile(declare(web="One"), modules.FILE, "exec"), {})  # noqa: S102
    assert mocks.inputs == {}


def test_a_module_without_its_imports_is_an_error() -> None:
    module = declare(web="One").replace("from pulumi_ngrok_tg import TunnelGroupBackend", "import pulumi_ngrok_tg as t")
    with pytest.raises(modules.ModuleError, match="does not say `from pulumi_ngrok_tg import TunnelGroupBackend`"):
        declare(module, more="Two")


def test_a_file_that_no_import_wrote_is_an_error() -> None:
    with pytest.raises(modules.ModuleError, match="was not written by an import"):
        declare("import pulumi\n", web="One")


@pytest.mark.parametrize(
    "call",
    [
        'opts = pulumi.ResourceOptions(import_="bkdtg_1")',
        'x: T = TunnelGroupBackend("a", opts=pulumi.ResourceOptions(protect=True, import_ = "bkdtg_1"))',
        "def f():\n  return [B(n, opts=ResourceOptions.merge(o, ResourceOptions(import_='bkdtg_1'))) for n in \"ab\"]",
        'X = {"web": "bkdtg_1"}\nfor n, i in X.items(): B(n, opts=ResourceOptions(import_=i))',
        'x = "bkdtg_1"',
        'async def f():\n  class C:\n    y = g(import_="bkdtg_" "1")  # bkdtg_2',
    ],
)
def test_an_id_in_any_string_counts_as_declared(call: str) -> None:
    assert modules.find_declared(ast.parse(call)).keys() == {"bkdtg_1"}


@pytest.mark.parametrize(
    "text",
    [
        '# "bkdtg_1"',
        'B.get("a", id="bkdtg_1")',
        'get_tunnel_group_backend_output("bkdtg_1")',
        'f(import_="bkdhr_1")',
    ],
)
def test_an_id_in_a_comment_or_a_look_up_does_not_count_as_declared(text: str) -> None:
    assert modules.find_declared(ast.parse(text)) == {}


@pytest.mark.parametrize(
    "text",
    [
        "import tunnel_group_backends",
        "if x:\n    import tunnel_group_backends as t",
        "from tunnel_group_backends import web",
        "from . import tunnel_group_backends",
        "from infra.tunnel_group_backends import web",
        'importlib.import_module("tunnel_group_backends")',
    ],
)
def test_a_program_that_loads_the_module_gets_no_second_line(text: str) -> None:
    assert modules.loads_module([("__main__", ast.parse(text))])
    through = [("__main__", ast.parse("import infra.shop")), ("shop", ast.parse(text)), ("infra", ast.parse(""))]
    assert modules.loads_module(through)
    assert modules.loads_module([*through, ("shop", ast.parse(""))]), "another folder may have a file of that name"
    assert not modules.loads_module(through[1:]), "nothing loads shop"


@pytest.mark.parametrize(
    "text",
    [
        "import pulumi\n# import tunnel_group_backends",
        'TABLE = "tunnel_group_backends"',
        "import a\nimport b",
        'find("tunnel_group_backends")',
    ],
)
def test_a_program_that_only_names_the_module_does_not_load_it(text: str) -> None:
    files = [(name, ast.parse(text)) for name in ("__main__", "a", "b", modules.MODULE)]
    assert not modules.loads_module([*files, ("old", ast.parse("import tunnel_group_backends"))])


@pytest.mark.parametrize(
    ("before", "others", "after"),
    [
        ("", [], "import tunnel_group_backends\n"),
        ('"""Doc."""\nx = 1\n', [], '"""Doc."""\nimport tunnel_group_backends\nx = 1\n'),
        ("import pulumi\nx = 1", [], "import pulumi\nimport tunnel_group_backends\nx = 1"),
        ("import pulumi", [], "import pulumi\nimport tunnel_group_backends\n"),
        (
            '"""A\n\x0c\nB"""\nimport x\ny = 1\n',
            [],
            '"""A\n\x0c\nB"""\nimport x\nimport tunnel_group_backends\ny = 1\n',
        ),
        (
            "from a import (\n    b,\n)\n\nb()\n",
            [],
            "from a import (\n    b,\n)\nimport tunnel_group_backends\n\nb()\n",
        ),
        (
            "import pulumi; x = dict(\n    a=1,\n)\ny = 1\n",
            [],
            "import pulumi; x = dict(\n    a=1,\n)\nimport tunnel_group_backends\ny = 1\n",
        ),
        ('import os; y = """\na"""', [], 'import os; y = """\na"""\nimport tunnel_group_backends\n'),
        ('"""Doc."""; x = (\n1)\n', [], '"""Doc."""; x = (\n1)\nimport tunnel_group_backends\n'),
        (
            "import pulumi\n\nx = 1\n",
            ["prod"],
            "import pulumi\n\nif pulumi.get_stack() not in [\n"
            '    "prod",\n]:\n    import tunnel_group_backends\n\nx = 1\n',
        ),
        (
            "x = 1\n",
            ["b", "a"],
            "import pulumi\n\nif pulumi.get_stack() not in [\n"
            '    "a",\n    "b",\n]:\n    import tunnel_group_backends\n\nx = 1\n',
        ),
    ],
)
def test_the_line_that_loads_the_module_comes_after_the_imports(before: str, others: list[str], after: str) -> None:
    text = modules.add_import(before, others)
    assert text == after
    assert modules.loads_module([("__main__", ast.parse(text))])
    if others:
        assert ruff("format", given=text) == text
