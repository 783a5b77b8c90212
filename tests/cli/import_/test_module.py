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
NAME = "tunnel_group_backends"
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
        exec(compile(module, modules.FILE, "exec"), {"__file__": modules.FILE})  # noqa: S102

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
    module = modules.add_declarations("", backends, account, protect, STACK, NAME)
    inputs = run(module)
    assert inputs.keys() == backends.keys()
    for name, backend in backends.items():
        held = {**backend.contents, "account": account}
        assert properties.find_differences(held, properties.check(inputs[name])[0]) == {}
    assert modules.find_ids(module).keys() >= {backend.id for backend in backends.values()}
    ruff("check", given=module)
    assert ruff("format", given=module) == module
    assert ruff("format", "--line-length", "120", given=module) == module


@pytest.mark.nightly
def test_the_code_satisfies_mypy_strict(tmp_path: Path) -> None:
    metadata = json.dumps({"team": "a", "ports": [80, {"tls": None}], "empty": {}, "on": True, "rate": 0.5})
    made = Backend("bkdtg_1", "", "", 'Says "hi"\n', metadata, {"app": "web"})
    module = tmp_path / modules.FILE
    backends = {"web": made, "text": Backend("bkdtg_2", "", "", metadata="x")}
    module.write_text(modules.add_declarations("", backends, "eu", True, STACK, NAME))
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
    module = modules.add_declarations(
        "", {"web": Backend("bkdtg_1", "", "", metadata=metadata)}, None, True, STACK, NAME
    )
    assert ("metadata={\n" in module) == mapping


def declare(text: str = "", **descriptions: str) -> str:
    backends = {name: Backend(f"bkdtg_{name}", "", "", described) for name, described in descriptions.items()}
    return modules.add_declarations(text, backends, None, True, STACK, NAME)


def test_added_declarations_change_nothing_and_reuse_no_name() -> None:
    module = declare(web="One") + "web_2 = web.id  # mine\n"
    added = declare(module, Web="One", WEB="Two")
    assert added.startswith(module)
    names = [node.targets[0].id for node in ast.parse(added).body if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    assert names == ["STACK", "web", "web_2", "web_3", "web_4"]


@pytest.mark.parametrize(("project", "stack"), [("project", "prod"), ("shop", "dev")])
def test_another_stack_is_refused_before_anything_is_declared(project: str, stack: str) -> None:
    mocks = Registered()
    pulumi.runtime.set_mocks(mocks, stack=stack, project=project, preview=False)
    with pytest.raises(pulumi.RunError) as error:
        exec(compile(declare(web="One"), modules.FILE, "exec"), {"__file__": "/x/backends.py"})  # noqa: S102
    assert str(error.value) == (
        f"/x/backends.py belongs to the stack project/dev, not to {project}/{stack}. If you renamed project/dev to "
        f'{project}/{stack}, write STACK = "{project}/{stack}" in that file. If {project}/{stack} is another stack, '
        "load the module in its own stack only. In __main__.py, write: "
        "if (pulumi.get_project(), pulumi.get_stack()) == ('project', 'dev'): import tunnel_group_backends"
    )
    assert mocks.inputs == {}


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ('STACK = "shop/dev"\n', "shop/dev"),
        ("import x\nSTACK: str = 'shop/dev'  # mine\n", "shop/dev"),
        ('# STACK = "shop/dev"\n', None),
        ('OTHER_STACK = "shop/dev"\n', None),
        ("", None),
    ],
)
def test_a_module_says_to_which_stack_it_belongs(text: str, stack: str | None) -> None:
    assert modules.find_stack(text) == stack


def test_what_a_module_holds_is_found_in_any_form() -> None:
    module = declare(web="One", api="Two").replace("import_=", "\n# moved\nimport_ = ")
    assert modules.find_ids(module).keys() == {"bkdtg_web", "bkdtg_api"}
    assert modules.find_names(module) == {"web", "api"}
    ids = modules.find_ids("x = 'bkdtg_a'\n# bkdtg_b\nf(import_='bkdtg_c')\ndescription='stands in for bkdtg_d'\n")
    assert ids == {"bkdtg_c": 3}, "an id that is only mentioned is held by nobody"


def test_the_line_that_loads_a_module_depends_on_the_number_of_stacks() -> None:
    assert modules.build_import("infra.eu", "shop/dev", is_only=True) == "import infra.eu  # the backends of shop/dev"
    code = modules.build_import("infra.eu", "shop/dev", is_only=False)
    assert code.endswith('if (pulumi.get_project(), pulumi.get_stack()) == ("shop", "dev"):\n    import infra.eu')
    assert ruff("format", given=f"{code}\n") == f"{code}\n"
