"""Where a Pulumi project is."""

from pathlib import Path

NO_PROJECT = "There is no Pulumi project here or above. Go to the project's folder, or name it with --cwd."


def find_project(folder: Path) -> Path | None:
    """Returns the project file that the Pulumi CLI finds from a folder: there, or above."""
    for at in (folder, *folder.resolve().parents):
        for end in ("yaml", "yml", "json"):
            if (file := at / f"Pulumi.{end}").exists():
                return file
    return None
