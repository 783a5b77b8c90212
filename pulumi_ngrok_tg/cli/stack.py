"""The stack of a Pulumi project: its settings, what its state holds, and how to preview and import.

All of it comes from the Pulumi CLI, through Pulumi's Automation API.
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pulumi.automation import CommandError, LocalWorkspace, PulumiCommand

from pulumi_ngrok_tg.api.models import is_id
from pulumi_ngrok_tg.cli.diagnostics import one_line
from pulumi_ngrok_tg.cli.preview import Preview, Wanted, name_of, plain
from pulumi_ngrok_tg.cli.project import project_root
from pulumi_ngrok_tg.state import FINGERPRINT, TYPE

_EXPORTS_AT_ONCE = 8


class StackError(click.ClickException):
    """Something that Pulumi refuses or cannot find, in one line."""


@dataclass(frozen=True)
class Managed:
    """A tunnel group backend in a stack's state."""

    id: str
    urn: str
    stack: str
    fingerprint: str | None
    """Of the key that saw it last, where the state holds it."""

    @property
    def name(self) -> str:
        """The resource's name."""
        return name_of(self.urn)


class Stack:
    """One stack of the project in a folder.

    Args:
        cwd: the project's folder.
        name: the stack's name; None is the selected one.

    Raises:
        StackError: there is no such project or stack, or no Pulumi CLI.
    """

    def __init__(self, cwd: Path, name: str | None) -> None:
        self.folder = cwd
        try:
            self._command = PulumiCommand()
            self._workspace = LocalWorkspace(work_dir=str(cwd), pulumi_command=self._command)
        except (RuntimeError, FileNotFoundError) as error:
            raise StackError(f"The Pulumi CLI cannot be run: {one_line(str(error))}") from error
        with _failures_told():
            selected = name or next((s.name for s in self._workspace.list_stacks() if s.current), None)
        if selected is None:
            raise StackError("No stack is selected. Run `pulumi stack select`, or name one with --stack.")
        self.name = selected
        with _failures_told():
            self._settings = self._workspace.get_all_config(self.name)
            self._state = json.loads(self._run("stack", "export", "--show-secrets", "--stack", self.name))["deployment"]

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor version of the Pulumi CLI."""
        parts = re.match(r"v?(\d+)\.(\d+)", self._workspace.pulumi_version)
        return (int(parts[1]), int(parts[2])) if parts else (0, 0)

    @property
    def program_folder(self) -> Path:
        """Where ``__main__.py`` is: the project's folder, or what its ``main`` names."""
        root = project_root(self.folder) or self.folder
        main = root / (LocalWorkspace(work_dir=str(root), pulumi_command=self._command).project_settings().main or "")
        return main if main.is_dir() else main.parent

    def config(self, key: str) -> str | None:
        """Returns a value of the stack's config by its full key, secrets in the clear."""
        value = self._settings.get(key)
        return value.value if value else None

    def managed(self) -> list[Managed]:
        """Returns the backends that this stack manages."""
        return list(_managed(self._state, self.name))

    def names(self) -> set[str]:
        """Returns the names of all backends in the state, those that are only read, too."""
        return {name_of(r["urn"]) for r in self._state.get("resources") or () if r["type"] == TYPE}

    def pending(self) -> list[Wanted]:
        """Returns the creates of backends that an interrupted update has left in the state."""
        return [
            Wanted(operation["resource"]["urn"], plain(operation["resource"].get("inputs") or {}))
            for operation in self._state.get("pending_operations") or ()
            if operation["type"] == "creating" and operation["resource"]["type"] == TYPE
        ]

    def managed_elsewhere(self, tell: Callable[[str], None]) -> list[Managed]:
        """Returns the backends that the other stacks of the state's backend manage.

        Args:
            tell: hears of each stack that cannot be read.
        """
        with _failures_told():
            stacks = [stack.name for stack in self._workspace.list_stacks(include_all=True)]

        def export(name: str) -> list[Managed]:
            try:
                # Without its secrets: another stack may have another passphrase.
                return list(_managed(json.loads(self._run("stack", "export", "--stack", name))["deployment"], name))
            except (CommandError, ValueError, KeyError) as error:
                tell(f"The stack {name} could not be read: {one_line(str(error))}")
                return []

        # This stack may be listed by another name than it was given; it is known by what it holds.
        own = {(managed.id, managed.urn) for managed in self.managed()}
        others = [name for name in stacks if name != self.name]
        with ThreadPoolExecutor(_EXPORTS_AT_ONCE) as pool:
            found = [managed for resources in pool.map(export, others) for managed in resources]
        return [managed for managed in found if (managed.id, managed.urn) not in own]

    def preview(self) -> Preview:
        """Runs the program in a preview.

        Raises:
            StackError: it failed.
        """
        with _failures_told(), tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "import.json"
            plan = Path(folder) / "plan.json"
            # Only a plan holds secrets in the clear; they decide which backend is the one that is declared.
            arguments = ("--import-file", str(file), "--save-plan", str(plan), "--show-secrets", "--stack", self.name)
            try:
                steps = json.loads(self._run("preview", "--json", "--show-sames", *arguments))["steps"]
            except ValueError as error:
                raise StackError("What `pulumi preview --json` prints is no JSON.") from error
            return Preview(steps, _json_in(file), _json_in(plan).get("resourcePlans", {}))

    def import_file(self, file: Path, protect: bool) -> None:
        """Runs ``pulumi import`` of a file."""
        options = ("--yes", "--generate-code=false", f"--protect={str(protect).lower()}", "--stack", self.name)
        with _failures_told():
            self._run("import", "--file", str(file.resolve()), *options)

    def _run(self, *arguments: str) -> str:
        # The other form of --json is a line for each event.
        environment = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "false"}
        return self._command.run([*arguments], str(self.folder), environment).stdout


def _json_in(file: Path) -> dict[str, Any]:
    """Returns what a file of the CLI's holds; nothing where an older CLI has not written it."""
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return read


def _managed(deployment: Mapping[str, Any], stack: str) -> Iterator[Managed]:
    """Finds what a stack manages, whichever provider it uses for it."""
    for resource in deployment.get("resources") or ():
        if is_id(resource.get("id")) and resource.get("custom") and not resource.get("external"):
            outputs = resource.get("outputs") or {}
            yield Managed(resource["id"], resource["urn"], stack, outputs.get(FINGERPRINT))


@contextmanager
def _failures_told() -> Iterator[None]:
    """Turns what the CLI has to say about a failure into one line."""
    try:
        yield
    except CommandError as error:
        raise StackError(one_line(str(error))) from error
