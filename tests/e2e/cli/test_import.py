"""``pulumi-ngrok-tg import``, then ``pulumi up``: what exists comes under code, and nothing at ngrok is touched."""

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.cli.importing import held, make, module
from tests.e2e.stack import Stack

PROGRAM = ""


@pytest.mark.nightly
def test_hundreds_of_backends_are_imported_without_a_write(stack: Stack, emulator: Emulator) -> None:
    made = make(emulator, 250)
    said = stack.tool("import", "--yes").text
    assert re.search(r"^Wrote .*tunnel_group_backends\.py\.\nWrote .*__main__\.py\.$", said, re.MULTILINE)
    assert "  pulumi preview    # says how many backends it adopts, and how many it creates\n" in said
    assert held(stack) == set()
    emulator.requests.clear()
    previewed = stack.preview().text
    assert "+ 251 to create" in previewed
    assert all(f"adopts {backend.id}, which exists" in previewed for backend in made)
    assert previewed.partition("Diagnostics:")[2].count("adopts bkdtg_") == 6
    assert "(Further adoptions show only while they happen. A line of the stack counts all of them.)" in previewed
    assert "New in this program: 250 to adopt, 0 to create at ngrok. Pulumi shows" in previewed
    assert emulator.requests.methods == ["GET"] * math.ceil(250 / 100)

    emulator.requests.clear()
    assert "250 adopted, 0 created at ngrok. Pulumi shows adoptions as creates." in stack.up().text
    assert held(stack) == {backend.id for backend in made}
    assert emulator.requests.methods == ["GET"] * (math.ceil(250 / 100) + 250), "a listing to check, a GET to adopt"
    stack.preview("--refresh", "--expect-no-changes")
    # Ten runs later, the same bytes.
    before = module(stack), (stack.folder / "__main__.py").read_text()
    for _ in range(2):
        assert "Skipped 250 backends that this stack manages already.\nNothing to import." in stack.tool("import").text
    assert before == (module(stack), (stack.folder / "__main__.py").read_text())
    # They are protected.
    assert "cannot be deleted" in stack.destroy(fails=True).text
    assert emulator.requests.writes == []


def test_an_import_that_no_up_followed_declares_nothing_twice(stack: Stack, emulator: Emulator) -> None:
    make(emulator, 3)
    stack.tool("import", "--yes")
    said = stack.tool("import").text
    assert "Skipped 3 backends that the module holds already: bkdtg_" in said
    assert "(tunnel_group_backends.py, line " in said
    stack.up()
    stack.up("--expect-no-changes", "--refresh")
    assert emulator.requests.writes == []
    # The state is lost; the module finds all of it again.
    stack.pulumi("stack", "rm", "--yes", "--force", "dev")
    stack.pulumi("stack", "init", "dev")
    stack.up()
    assert held(stack) == set(emulator.account(KEY).backends)
    assert emulator.requests.writes == []


@pytest.mark.nightly
@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('    description="Web 0"', '\n\n    # the website\n    description="Web 0"'),
        lambda text: text.replace("web_0 = Tunnel", "web_0: TunnelGroupBackend = Tunnel"),
        lambda text: text.replace("\nweb_0 = ", "\ndef declare():\n  return ").replace("web_1", "\ndeclare()\nweb_1"),
        lambda text: (
            subprocess.run(
                [
                    str(Path(sys.executable).parent / "ruff"),
                    "format",
                    "--line-length",
                    "200",
                    "--config",
                    "format.skip-magic-trailing-comma=true",
                    "-",
                ],
                input=text,
                text=True,
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        ),
    ],
)
def test_after_small_edits_a_second_import_declares_nothing_again(
    stack: Stack, emulator: Emulator, edit: Callable[[str], str]
) -> None:
    make(emulator, 2)
    stack.tool("import", "--yes")
    edited = edit(module(stack))
    (stack.folder / "tunnel_group_backends.py").write_text(edited)
    assert "that the module holds already" in stack.tool("import", "--yes").text
    assert module(stack) == edited
    stack.up()
    new = emulator.account(KEY).create({"labels": {"app": "api"}})
    stack.tool("import", "--yes")
    assert module(stack).startswith(edited.rstrip())
    stack.up()
    assert held(stack) == set(emulator.account(KEY).backends)
    assert stack.resource("api")["id"] == new.id
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_nothing_is_written_without_consent(stack: Stack, emulator: Emulator) -> None:
    make(emulator, 1)
    program = (stack.folder / "__main__.py").read_bytes()
    before = {path.name for path in stack.folder.iterdir()}
    for more in ((), ("--json",)):
        said = stack.tool("import", *more, code=1).text
        assert "Nothing was written: add --yes to write 1 backend to " in said
    printed = stack.tool("import", "--dry-run").text
    assert {path.name for path in stack.folder.iterdir()} == before
    assert (stack.folder / "__main__.py").read_bytes() == program
    stack.tool("import", "--yes")
    assert module(stack) == printed
    assert (
        stack.folder / "__main__.py"
    ).read_bytes() == program + b"import tunnel_group_backends  # the backends of shop/dev\n"
    # Another run, with or without something new, adds no second line.
    for count in (0, 1):
        make(emulator, count)
        stack.tool("import", "--yes")
        assert (stack.folder / "__main__.py").read_text().count("import tunnel_group_backends") == 1
    stack.up()
    assert len(held(stack)) == 2
    assert emulator.requests.writes == []


def test_another_stack_of_the_project_adopts_nothing(stack: Stack, emulator: Emulator) -> None:
    make(emulator, 2)
    stack.pulumi("stack", "init", "prod")
    stack.pulumi("stack", "select", "dev")
    stack.tool("import", "--yes", "--no-protect")
    stack.up()
    # The line loads the module in dev only.
    stack.pulumi("stack", "select", "prod")
    assert "adopts" not in stack.up().text
    said = stack.tool("import", "--yes", code=1).text
    assert "belongs to the stack shop/dev, not to shop/prod" in said
    # prod gets its own module, as the message says.
    assert "name its own module with --module" in said
    new = emulator.account(KEY).create({"description": "Prod"})
    stack.tool("import", "--yes", "--module", "prod_backends.py")
    stack.up()
    assert held(stack) == {new.id}
    stack.pulumi("stack", "select", "dev")
    stack.up("--expect-no-changes", "--refresh")
    assert len(held(stack)) == 2
    assert emulator.requests.writes == []


def test_a_renamed_stack_loses_nothing(stack: Stack, emulator: Emulator) -> None:
    """The project has one stack, so the line is plain, and the module says what a rename needs."""
    make(emulator, 2)
    stack.tool("import", "--yes", "--no-protect")
    stack.up()
    stack.pulumi("stack", "rename", "live")
    said = stack.up(fails=True).text
    assert "Traceback" not in said
    renamed = 'If you renamed shop/dev to shop/live, write STACK = "shop/live" in that file.'
    assert renamed in " ".join(said.split())
    path = stack.folder / "tunnel_group_backends.py"
    path.write_text(path.read_text().replace('STACK = "shop/dev"', 'STACK = "shop/live"'))
    stack.up("--expect-no-changes")
    assert len(held(stack)) == 2
    assert emulator.requests.writes == []


OUTPUT = "Calling __str__ on an Output[T] is not supported.\n\nTo get the value of an Output[T] as an Output[str] ..."


@pytest.mark.nightly
def test_the_text_of_an_output_is_adopted_and_can_be_mended(stack: Stack, emulator: Emulator) -> None:
    account = emulator.account(KEY)
    web = account.create({"description": OUTPUT[:250], "metadata": OUTPUT, "labels": {"app": "web"}})
    stack.tool("import", "--yes")
    assert f"adopts {web.id}, which exists" in stack.preview().text
    stack.up()
    stack.up("--refresh", "--expect-no-changes")
    assert emulator.requests.writes == []
    # It may stay, but no more of it is written.
    text = module(stack)
    path = stack.folder / "tunnel_group_backends.py"
    path.write_text(text.replace("description=", 'description="x" + '))
    assert "description holds an Output that was put into a string" in stack.preview(fails=True).text
    path.write_text(re.sub(r"description=.*", 'description="Website",', text))
    stack.up()
    assert (account.backends[web.id].description, account.backends[web.id].metadata) == ("Website", OUTPUT)


LAYOUTS = {
    "a type check": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\n",
    "a function that nobody calls": "def load():\n    import os\n",
    "a package of the same name beside it": "import a\n",
    "a coding line, and no newline at the end": "# coding: latin-1\nx = '\xe9'",
    "an import that ends in a backslash": "import os, \\\n    sys\n",
    "a carriage return in a string": 'x = """a\rb"""\n',
    "Windows line ends": "import os\r\nx = 1\r\n",
    "the id in a look-up": 'TunnelGroupBackend.get("theirs", id="{id}")\n',
}


@pytest.mark.nightly
@pytest.mark.parametrize("program", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_program_of_any_layout_adopts_what_is_imported(stack: Stack, emulator: Emulator, program: str) -> None:
    (web,) = make(emulator, 1)
    coding, _, rest = program.partition("\n") if program.startswith("# coding") else ("", "", program)
    head = "import pulumi\nfrom pulumi_ngrok_tg import TunnelGroupBackend\n"
    text = (f"{coding}\n" if coding else "") + head + rest.replace("{id}", web.id)
    before = text.encode("latin-1")
    (stack.folder / "__main__.py").write_bytes(before)
    (stack.folder / "a").mkdir()
    (stack.folder / "a" / "__init__.py").write_text("from . import tunnel_group_backends\n")
    (stack.folder / "a" / "tunnel_group_backends.py").write_text("")
    for name, content in ((".#lock.py", None), ("template.py", b"{{ x }}\n"), ("old.py", b"print 'x'\n")):
        path = stack.folder / name
        path.symlink_to("nowhere") if content is None else path.write_bytes(content)
    stack.tool("import", "--yes")
    assert (stack.folder / "__main__.py").read_bytes().startswith(before)
    assert f"adopts {web.id}, which exists" in stack.preview().text
    stack.up()
    assert web.id in held(stack)
    assert emulator.requests.writes == []


@pytest.mark.nightly
@pytest.mark.parametrize("main", ["app.py", "src/app.py"])
def test_what_is_printed_for_another_entry_file_works(stack: Stack, emulator: Emulator, main: str) -> None:
    (web,) = make(emulator, 1)
    stack.pulumi("stack", "init", "prod")
    stack.pulumi("stack", "select", "dev")
    (stack.folder / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\nmain: {main}\n")
    (stack.folder / "__main__.py").unlink()
    entry = stack.folder / main
    entry.parent.mkdir(exist_ok=True)
    lines = stack.tool("import", "--yes").text.splitlines()
    entry.write_text(
        "\n".join(lines[lines.index("import os, sys") : lines.index("    import tunnel_group_backends") + 1])
    )
    stack.up()
    assert held(stack) == {web.id}
    assert emulator.requests.writes == []


@pytest.mark.nightly
@pytest.mark.parametrize("path", ["lambda.py"])
def test_a_module_that_the_program_cannot_import_is_not_written(stack: Stack, emulator: Emulator, path: str) -> None:
    make(emulator, 1)
    before = {one.name: one.read_bytes() for one in stack.folder.iterdir() if one.is_file()}
    said = stack.tool("import", "--yes", "--module", path, code=1).text
    assert "Name a .py file in" in said or "would hide the installed module pulumi" in said
    assert before == {one.name: one.read_bytes() for one in stack.folder.iterdir() if one.is_file()}


@pytest.mark.nightly
def test_two_imports_at_once_write_one_module(stack: Stack, emulator: Emulator) -> None:
    make(emulator, 20)
    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(stack.start, "pulumi-ngrok-tg", "import", "--yes") for _ in range(4)]
        for one in started:
            one.result().wait(240)
    stack.tool("import", "--yes")
    assert (stack.folder / "__main__.py").read_text().count("import tunnel_group_backends") == 1
    stack.up()
    assert held(stack) == set(emulator.account(KEY).backends)
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_labels_ids_and_owners_select(stack: Stack, emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    web, api = make(emulator, 2)
    said = stack.tool("import", "--label", "app=nope", code=3).text
    assert said == "No backend in this account carries app=nope. See `pulumi-ngrok-tg list`.\nNothing to import.\n"
    operators = emulator.account(KEY).create({"metadata": '{"owned-by":"ngrok-operator"}', "labels": {"app": "web"}})
    theirs = new_stack('TunnelGroupBackend("theirs", labels={"app": "web"})', "other")
    theirs.up()
    managed = theirs.resource("theirs")["id"]
    said = json.loads(stack.tool("import", "--label", "app=web", "--label", "n=0", "--yes", "--json").text)
    assert ([taken["id"] for taken in said["taken"]], said["left_out"]) == ([web.id], [])
    missing = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
    arguments = ["--id", api.id, "--id", managed, "--id", missing, "--label", "app=web", "--yes", "--json"]
    said = json.loads(stack.tool("import", *arguments, code=3).text)
    assert [taken["id"] for taken in said["taken"]] == [api.id]
    assert [declared["id"] for declared in said["declared"]] == [web.id]
    reasons = {left_out["id"]: left_out["reason"] for left_out in said["left_out"]}
    assert reasons.keys() == {missing, managed, operators.id}
    assert reasons[missing].startswith("this account does not have it")
    assert reasons[managed].startswith("the stack organization/other/dev manages it, as theirs.")
    assert reasons[operators.id] == "ngrok's Kubernetes operator owns it; to import it anyway, name it with --id"
    said = json.loads(stack.tool("import", "--id", operators.id, "--yes", "--json").text)
    assert [taken["id"] for taken in said["taken"]] == [operators.id]


@pytest.mark.nightly
def test_identical_backends_are_named(stack: Stack, emulator: Emulator) -> None:
    one, two, _ = (emulator.account(KEY).create({"labels": {"app": app}}) for app in ("web", "web", "api"))
    said = stack.tool("import", "--yes").text
    assert f"{two.id}, {one.id} are identical: the same labels, description and metadata." in said
    assert said.count("are identical") == 1


@pytest.mark.nightly
def test_a_project_with_its_program_in_a_folder_of_its_own(stack: Stack, emulator: Emulator) -> None:
    (web,) = make(emulator, 1)
    (stack.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nmain: infra\n")
    (stack.folder / "infra").mkdir()
    (stack.folder / "__main__.py").rename(stack.folder / "infra" / "__main__.py")
    (stack.folder / "deep" / "er").mkdir(parents=True)
    stack.tool("import", "--yes", "--cwd", "deep/er")
    assert (stack.folder / "infra" / "tunnel_group_backends.py").exists()
    stack.up()
    assert stack.resource("web-0")["id"] == web.id
    assert "web-0" in stack.run("sh", "-c", "cd deep/er && pulumi-ngrok-tg list")


@pytest.mark.nightly
def test_another_accounts_key_imports_nothing(stack: Stack, emulator: Emulator) -> None:
    stack.program('TunnelGroupBackend("web", labels={"app": "web"})')
    stack.up()
    with Emulator(api_keys=("test-other-key",)) as other:
        other.account("test-other-key").create({"description": "Theirs"})
        stack.environment |= {"NGROK_API_KEY": "test-other-key", "NGROK_API_BASE_URL": other.url}
        for command in (
            ("import", "--yes"),
            ("orphans",),
            ("delete", "--yes", *other.account("test-other-key").backends),
        ):
            assert (
                "It probably belongs to another account. It comes from NGROK_API_KEY."
                in stack.tool(*command, code=1).text
            )
        assert "It probably belongs to another account." in stack.tool("list", code=3).text
        assert other.requests.writes == []
    assert not (stack.folder / "tunnel_group_backends.py").exists()
