"""Reads a program's files as Python does, and writes them whole or not at all."""

import ast
import io
import os
import shutil
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import yaml

from pulumi_ngrok_tg.cli.session import NO_PROJECT, find_project

_SKIPPED = {"site-packages", "node_modules", "__pycache__"}


class ProgramError(click.ClickException):
    """A program cannot be read or written. The message is one line."""


@dataclass(frozen=True)
class SourceFile:
    """A Python file, with its encoding and line ends."""

    path: Path
    text: str
    """Its text; every line ends with a line feed."""
    encoding: str
    newline: str

    @property
    def tree(self) -> ast.Module:
        """The file, parsed.

        Raises:
            ProgramError: it is no Python.
        """
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
            raise ProgramError(
                f"{self.path} is not valid Python{line}. Correct it first. Nothing was written."
            ) from error

    def write(self, text: str) -> None:
        """Replace the file's text, in its own encoding and with its own line ends.

        Raises:
            ProgramError: it cannot be written; the file is unchanged.
        """
        if read_source(self.path) != self:
            raise ProgramError(f"{self.path} has changed in the meantime. Run the import again.")
        target = self.path.resolve()
        new = target.with_name(f".{target.name}.{os.getpid()}.new")
        try:
            content = text.replace("\n", self.newline).encode(self.encoding)
            new.write_bytes(content)
            if target.exists():
                shutil.copymode(target, new)
            new.replace(target)
        except (OSError, UnicodeEncodeError) as error:
            why = error.strerror if isinstance(error, OSError) else f"its encoding is {self.encoding}"
            raise ProgramError(f"{self.path} cannot be written: {why}. The file is unchanged.") from error
        finally:
            with suppress(OSError):
                new.unlink()


@dataclass(frozen=True)
class Program:
    """Where a project's program is."""

    folder: Path
    project: str
    """The project's name."""

    @property
    def entry(self) -> Path:
        """The file that Pulumi runs."""
        return self.folder / "__main__.py"

    def get_module_name(self, path: Path) -> str:
        """Return the last part of the name with which other files import one."""
        is_package = path.name == "__init__.py" or (path.name == "__main__.py" and path != self.entry)
        return path.parent.name if is_package else path.stem

    def files(self) -> Iterator[SourceFile]:
        """Read all Python files of the program, except those in virtual environments and hidden folders."""
        for folder, folders, files in os.walk(self.folder):
            at = Path(folder)
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".") and name not in _SKIPPED and not (at / name / "pyvenv.cfg").exists()
            )
            yield from (read_source(at / name) for name in sorted(files) if name.endswith(".py"))


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
    if not main.is_dir():
        raise ProgramError(
            f"In {file}, main is {main.name}, which is not a folder. Pulumi could not load the module from there. "
            "Set main to the program's folder."
        )
    return Program(main, str(project["name"]))


def read_source(path: Path) -> SourceFile:
    """Read a Python file; one that does not exist is empty.

    Raises:
        ProgramError: it cannot be read.
    """
    if not path.exists() and not path.is_symlink():
        return SourceFile(path, "", "utf-8", "\n")
    try:
        content = path.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except OSError as error:
        raise ProgramError(f"{path} cannot be read: {error.strerror}. Nothing was written.") from error
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise ProgramError(
            f"{path} is not valid Python: it is not in the encoding that it declares. Nothing was written."
        ) from error
    newline = "\r\n" if "\r\n" in text else "\n"
    return SourceFile(path, text.replace("\r\n", "\n"), encoding, newline)
