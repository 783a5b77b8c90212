"""Finds a program's entry file, and writes files whole or not at all."""

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import yaml

from pulumi_ngrok_tg.cli.session import NO_PROJECT, find_project


class ProgramError(click.ClickException):
    """A program cannot be read or written. The message is one line."""


@dataclass(frozen=True)
class File:
    """A file as it was read."""

    path: Path
    content: bytes | None
    """None if it does not exist."""

    def write(self, content: bytes) -> None:
        """Replace the file's content.

        Raises:
            ProgramError: it has changed since it was read, or cannot be written; it stays as it is.
        """
        target = self.path.resolve()
        new = target.with_name(f".{target.name}.{os.getpid()}.new")
        try:
            with new.open("xb") as file:
                file.write(content)
            if target.exists():
                shutil.copymode(target, new)
                if not os.access(target, os.W_OK):
                    raise ProgramError(f"{self.path} is write-protected. The file is unchanged.")
            if read_file(self.path).content != self.content:
                raise ProgramError(f"{self.path} has changed in the meantime. Run the import again.")
            new.replace(target)
        except OSError as error:
            raise ProgramError(f"{self.path} cannot be written: {error.strerror}. The file is unchanged.") from error
        finally:
            with suppress(OSError):
                new.unlink()


@dataclass(frozen=True)
class Program:
    """Where a project's program is."""

    folder: Path
    """The folder from which Pulumi runs it."""
    project: str
    """The project's name."""
    entry: File | None
    """The file that Pulumi runs; None if there is none in the folder, as with the Automation API."""


def find_program(cwd: Path) -> Program:
    """Find the program of the project that a folder is in.

    Raises:
        ProgramError: there is no project, or it is not in Python.
    """
    file = find_project(cwd)
    if file is None:
        raise ProgramError(NO_PROJECT)
    try:
        project = yaml.safe_load(file.read_text(encoding="utf-8-sig"))  # JSON is YAML, too
        runtime = project["runtime"]
        name = runtime["name"] if isinstance(runtime, dict) else runtime
        main = file.parent / str(project.get("main") or "")
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ProgramError(f"{file} cannot be read.") from error
    if name != "python":
        raise ProgramError(f"{file} says that the runtime is {name}; an import writes Python.")
    folder = main if main.is_dir() else main.parent
    entry = read_file(main / "__main__.py") if main.is_dir() else None
    return Program(folder, str(project["name"]), entry if entry and entry.content is not None else None)


def read_file(path: Path) -> File:
    """Read a file; raise ProgramError if it is there and cannot be read."""
    if not path.exists() and not path.is_symlink():
        return File(path, None)
    try:
        if not path.is_file():
            raise ProgramError(f"{path} is no file. Nothing was written.")
        return File(path, path.read_bytes())
    except OSError as error:
        raise ProgramError(f"{path} cannot be read: {error.strerror}. Nothing was written.") from error


def names_module(content: bytes, name: str) -> bool:
    """Tell whether a program names a module, as a whole word."""
    return re.search(rb"(?<![\w.])" + re.escape(name).encode() + rb"(?!\w)", content) is not None


def append_line(content: bytes, code: str) -> bytes:
    """Return a program with code as its last lines, in its own line ends, and without one at its end if it had none."""
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    is_open = content != b"" and not content.endswith((b"\n", b"\r"))
    added = newline.join(line.encode() for line in code.split("\n"))
    return content + (newline if is_open else b"") + added + (b"" if is_open else newline)
