"""A Pulumi stack on a local state folder, driven by the real CLI."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRELUDE = "import pulumi\nfrom pulumi_ngrok_tg import TunnelGroupBackend\n"


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what the terminal said."""

    code: int
    text: str

    @property
    def errors(self) -> list[str]:
        """The lines under "Diagnostics" that tell of errors, without the engine's own closing ones."""
        diagnostics = self.text.split("Diagnostics:", 1)[-1] if "Diagnostics:" in self.text else ""
        ours = (line.strip() for line in diagnostics.splitlines() if line.strip().startswith("error: "))
        engine = ("update failed", "preview failed", "an unhandled error occurred", "Resource monitor has terminated")
        return [line[7:] for line in ours if not line[7:].startswith(engine)]


class Stack:
    """One stack: a program, its settings, and the commands a user would give."""

    def __init__(
        self, engine: Path, home: Path, folder: Path, project: str, program: str | Path, environment: Mapping[str, str]
    ) -> None:
        """Makes a project of a program, or of a folder that holds one."""
        self.folder = folder / project
        if isinstance(program, Path):
            shutil.copytree(program, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            self.folder.mkdir()
        (folder / "state").mkdir(exist_ok=True)
        self.environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(engine), "/usr/bin", "/bin"]),
            "HOME": str(folder),
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "GOGC": "off",  # each command is short; collecting its garbage takes a sixth of its time
            **environment,
        }
        if isinstance(program, str):
            (self.folder / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
            self.program(program)
        if (self.folder / "Pulumi.yaml").exists():
            self.pulumi("stack", "init", "dev")

    def program(self, text: str) -> None:
        """Replaces the program; ``pulumi`` and ``TunnelGroupBackend`` are imported."""
        # Python takes a program of the same length and second for the one it has compiled.
        shutil.rmtree(self.folder / "__pycache__", ignore_errors=True)
        (self.folder / "__main__.py").write_text(PRELUDE + textwrap.dedent(text))

    def pulumi(self, *arguments: str, fails: bool = False) -> Outcome:
        """Runs the CLI, and expects it to succeed, or to fail."""
        code, said = self._run("pulumi", *arguments, "--non-interactive", "--color=never")
        assert bool(code) == fails, said
        return Outcome(code, said)

    def tool(self, *arguments: str, code: int = 0, given: str | None = None) -> Outcome:
        """Runs ``pulumi-ngrok-tg``, and expects an exit code; an error of its own is one line."""
        ended, said = self._run("pulumi-ngrok-tg", *arguments, given=given)
        assert ended == code, said
        assert "Traceback" not in said
        return Outcome(ended, said)

    def run(self, *command: str, given: str | None = None) -> str:
        """Runs another command in the project's folder, and expects it to succeed."""
        code, said = self._run(*command, given=given)
        assert code == 0, said
        return said

    def start(self, *command: str, stdin: int | None = None, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Starts another command in the project's folder, in a session of its own, so that a signal meets it alone."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _run(self, *command: str, given: str | None = None) -> tuple[int, str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        return done.returncode, done.stdout

    def up(self, *arguments: str, fails: bool = False) -> Outcome:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, fails=fails)

    def preview(self, *arguments: str, fails: bool = False) -> Outcome:
        return self.pulumi("preview", *arguments, fails=fails)

    def refresh(self, *arguments: str, fails: bool = False) -> Outcome:
        return self.pulumi("refresh", "--yes", "--skip-preview", *arguments, fails=fails)

    def destroy(self, *arguments: str, fails: bool = False) -> Outcome:
        return self.pulumi("destroy", "--yes", "--skip-preview", *arguments, fails=fails)

    def output(self, name: str) -> Any:
        """An output's value, secrets included."""
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").text)[name]

    def resources(self) -> list[dict[str, Any]]:
        """The backends in the state, as the state file holds them, without what the engine keeps for itself."""
        files = [*(self.folder.parent / "state/.pulumi/stacks" / self.folder.name).glob("*.json")]
        if len(files) == 1:
            latest = json.loads(files[0].read_text())["checkpoint"]["latest"]
        else:
            latest = json.loads(self.pulumi("stack", "export").text)["deployment"]
        resources = (latest or {}).get("resources") or []
        return [
            {name: r.get(name) for name in ("urn", "id", "inputs", "outputs")}
            for r in resources
            if r["type"] == "pulumi-python:dynamic/ngrok:TunnelGroupBackend"
        ]

    def age(self, created_at: str = "2025-01-21T18:19:53Z") -> None:
        """Make the backends in the state as old as most are: of a new one, ngrok's "not found" proves nothing."""
        exported = json.loads(self.pulumi("stack", "export").text)
        for resource in exported["deployment"]["resources"]:
            if "created_at" in (resource.get("outputs") or {}):
                resource["outputs"]["created_at"] = created_at
        (self.folder / "aged.json").write_text(json.dumps(exported))
        self.pulumi("stack", "import", "--file", "aged.json")

    def resource(self, name: str) -> dict[str, Any]:
        """The backend of that name in the state."""
        return next(r for r in self.resources() if r["urn"].endswith(f"::{name}"))
