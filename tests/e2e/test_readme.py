"""The README and the examples, as a reader would try them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
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


def test_the_readme_names_every_setting_of_the_code() -> None:
    readme = (ROOT / "README.md").read_text()
    code = (ROOT / "pulumi_ngrok_tg/config.py").read_text()
    for reader, namespace in (("text", "ngrok"), ("number", "pulumi-ngrok-tg")):
        settings = set(re.findall(rf'{reader}\("(\w+)"', code))
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
    page, code = (ROOT / "docs/emulator.md").read_text(), (ROOT / "pulumi_ngrok_tg/emulator/control.py").read_text()
    paths = {path.replace("<id_>", "{id}") for path in re.findall(r'f"\{PREFIX\}(/[^"]+)"', code)}
    assert len(paths) == 5
    assert all(f"/_emulator{path}`" in page for path in paths)
