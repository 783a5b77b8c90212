"""Where a Pulumi project is."""

from pathlib import Path


def project_root(folder: Path) -> Path | None:
    """Returns the folder of the project that a folder is in, as the Pulumi CLI finds it: here, or above."""
    for at in (folder, *folder.resolve().parents):
        if any((at / f"Pulumi.{end}").exists() for end in ("yaml", "yml", "json")):
            return at
    return None
