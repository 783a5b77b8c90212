"""The README and the examples, as a reader would try them."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_ngrok_tg.api.settings import Settings
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.emulator.control import PATHS, PREFIX
from tests.conftest import KEY, ROOT
from tests.e2e.stack import Stack


def test_the_program_in_the_readme_runs(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    stack = new_stack("")
    (stack.folder / "__main__.py").write_text(program)
    stack.up()
    (backend,) = emulator.account(KEY).backends.values()
    assert stack.output("web_backend_id") == backend.id
    assert backend.metadata == '{"team":"storefront"}'


def test_the_page_about_traffic_knows_how_long_a_look_may_take() -> None:
    assert f"after {Settings.look_seconds:g} seconds no" in (ROOT / "docs/traffic.md").read_text()


def test_the_readme_names_every_setting_of_the_code() -> None:
    readme = (ROOT / "README.md").read_text()
    code = (ROOT / "pulumi_ngrok_tg/config.py").read_text()
    for setting, namespace in ((r'text\("(\w+)"', "ngrok"), (r'(?:number\("|\{OPTIONS\}:)(\w+)"', "pulumi-ngrok-tg")):
        settings = set(re.findall(setting, code))
        assert settings
        assert settings == set(re.findall(rf"^\| `{namespace}:(\w+)`", readme, re.MULTILINE))


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in ROOT.glob("examples/*/Pulumi.yaml")), ids=lambda p: p.name
)
def test_each_example_names_itself_and_compiles(folder: Path) -> None:
    assert "runtime: python" in (folder / "Pulumi.yaml").read_text()
    compile((folder / "__main__.py").read_text(), str(folder), "exec")


def test_the_program_in_the_emulators_page_runs(new_stack: Callable[..., Stack]) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/emulator.md").read_text(), re.DOTALL)

    def run_a_stack() -> None:
        ngrok = scope["ngrok"]
        settings = {"NGROK_API_KEY": "test-key", "NGROK_API_BASE_URL": ngrok.url}
        new_stack('TunnelGroupBackend("web")', environment=settings).up()

    scope: dict[str, Any] = {"run_a_stack": run_a_stack}
    assert "    ...  # run a stack" in program
    exec(program.replace("    ...  # run a stack", "    run_a_stack()  # run a stack"), scope)  # noqa: S102


def test_the_emulators_page_names_every_control_path() -> None:
    page = (ROOT / "docs/emulator.md").read_text()
    told = re.findall(r"^\| `(\w+) (/_emulator/[^`]+)` \|", page, re.MULTILINE)
    assert sorted(told) == sorted((method, PREFIX + path) for path, methods in PATHS.items() for method in methods)


def test_the_page_about_testing_holds_a_test_that_passes(new_stack: Callable[..., Stack]) -> None:
    tests, program = re.findall(r"```python\n(.*?)```", (ROOT / "docs/testing.md").read_text(), re.DOTALL)
    stack = new_stack(program, environment={})
    (stack.folder / "test_stack.py").write_text(tests)
    said = stack.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_stack.py")
    assert "3 passed" in said


# Bringing in what exists ----------------------------------------------------------------------------------------------


def commands_in(page: str, heading: str) -> list[str]:
    """The commands of a section's indented blocks, without those that install something."""
    section = (ROOT / page).read_text().partition(heading + "\n")[2].partition("\n## ")[0]
    lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    return [line for line in lines if not line.startswith(("pip install", "git clone"))]


@pytest.mark.parametrize(
    ("page", "heading"), [("docs/bringing-in.md", "## All at once"), ("README.md", "## Bringing in what exists")]
)
def test_the_way_in_is_as_it_is_written(
    new_stack: Callable[..., Stack], emulator: Emulator, page: str, heading: str
) -> None:
    made = [emulator.account(KEY).create({"labels": {"n": str(n)}}) for n in range(3)]
    stack = new_stack("")
    commands = commands_in(page, heading)
    assert len(commands) >= 3
    for command in commands:
        stack.run("sh", "-c", command)
    assert {resource["id"] for resource in stack.resources()} == {backend.id for backend in made}
    assert {request.method for request in emulator.requests} == {"GET"}


def test_the_programs_about_bringing_in_run(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    page = (ROOT / "docs/bringing-in.md").read_text()
    adoption, look_up = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    web = emulator.account(KEY).create({"labels": {"app": "web", "dc": "fra"}})
    tunnel = emulator.account(KEY).connect_tunnel({"app": "web", "dc": "fra"})
    stack = new_stack(re.sub(r"bkdtg_\w+", web.id, adoption).replace("web = ", "adopted = ") + look_up)
    stack.up()
    assert stack.output("web_tunnels") == [tunnel]
    assert stack.output("in_fra") == [web.id]
    assert stack.resource("web")["id"] == web.id


def test_the_page_of_the_command_tells_what_it_does(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    page = (ROOT / "docs/cli.md").read_text()
    stack = new_stack('TunnelGroupBackend("web", labels={"app": "web"})')
    listed = re.findall(r"^  (\w+) ", stack.tool("--help").text.partition("Commands:")[2], re.MULTILINE)
    assert listed == sorted(re.findall(r"^\| `(\w+)(?: ID\.\.\.)?` \| (?:nothing|files|ngrok)", page, re.MULTILINE))

    emulator.account(KEY).create({"labels": {"app": "api"}})
    emulator.account(KEY).connect_tunnel({"app": "api"})
    stack.up()
    (resource,) = stack.resources()
    del emulator.account(KEY).backends[resource["id"]]
    shape = page.partition("## JSON")[2]
    for command, code in (("list --tunnels", 0), ("orphans", 3), ("import", 0)):
        told = json.loads(stack.tool(*command.split(), "--json", code=code).text)
        assert keys(told)
        assert {key for key in keys(told) if f"`{key}`" not in shape} == set()
    (pipe,) = commands_in("docs/cli.md", "## JSON")
    assert stack.run("sh", "-c", pipe).split() == list(emulator.account(KEY).backends)

    (bash,) = (line.partition("   ")[0] for line in commands_in("docs/cli.md", "## Shell completion") if "bash" in line)
    tab = "COMP_WORDS=(pulumi-ngrok-tg imp); COMP_CWORD=1; _pulumi_ngrok_tg_completion pulumi-ngrok-tg"
    completion = f"{bash}; {tab}; echo $COMPREPLY"
    assert stack.run("bash", "-c", completion).strip() == "import"


def keys(value: Any) -> set[str]:
    """The keys of all objects, but for labels."""
    if isinstance(value, list):
        return {key for item in value for key in keys(item)}
    if not isinstance(value, dict):
        return set()
    return {*value} | {key for name, item in value.items() if name != "labels" for key in keys(item)}
