"""Writes into a wheel that is built in a clone which commit it was built from."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def run_git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, whatever repository a git hook has set in the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


class CommitHook(BuildHookInterface[Any]):
    """Adds ``commit`` to the metadata of the wheel; an editable install has none, as its code may change."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file, if this is a clone and git is there."""
        root = Path(self.root)
        if version == "editable" or not (root / ".git").exists():
            return
        try:
            if Path(run_git(root, "rev-parse", "--show-toplevel")) != root.resolve():
                return
            commit = run_git(root, "describe", "--always", "--dirty", "--exclude=*")
        except (OSError, subprocess.CalledProcessError):
            return
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "commit"
        file.write_text(commit)
        build_data["extra_metadata"][str(file)] = "commit"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the file again."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()
