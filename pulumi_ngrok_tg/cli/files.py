"""The files that an import writes: looked at first, all of them, and then written."""

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli import program


class FileError(click.ClickException):
    """A file that is in the way or cannot be read, in one line."""


def json_text(content: Mapping[str, Any]) -> str:
    """Returns the text of a JSON file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def import_text(path: Path, content: Mapping[str, Any], managed: Collection[str], force: bool) -> str:
    """Returns the text of an import file to be written.

    Args:
        path: where it is to go.
        content: the import file.
        managed: the ids that the stack manages: what an older import file says of them has done its work.
        force: whether any other file may be overwritten.

    Raises:
        FileError: another file is there.
    """
    text = json_text(content)
    if path.exists() and not force and not _ids(_read(path)) <= {*managed} | _ids(text):
        raise FileError(f"{path} is there already and would be overwritten. Use --force, or --out for another folder.")
    return text


def _ids(text: str) -> set[str]:
    """Returns the ids in an import file; an empty one stands for what is none."""
    try:
        return {str(resource["id"]) for resource in json.loads(text)["resources"] if not resource.get("component")}
    except (ValueError, KeyError, TypeError):
        return {""}


def module_in(path: Path, force: bool) -> str:
    """Returns the text of the module that an import adds to; "" where there is none.

    Args:
        path: where it is.
        force: whether a file that was not written by an import may be overwritten.

    Raises:
        FileError: such a file is there, or the module is no Python.
    """
    text = _read(path) if path.exists() else ""
    if not program.is_ours(text):
        if not force:
            raise FileError(f"{path} is there already and was not written by an import. Use --force, or --out.")
        return ""
    try:
        program.declared_in(text)
    except SyntaxError as error:
        raise FileError(f"{path} is no Python any more (line {error.lineno}). Mend it first.") from error
    return text


def module_text(
    path: Path, old: str, backends: Mapping[str, Backend], account: str | None, protect: bool, force: bool
) -> str | None:
    """Returns the text of the module to be written; None where it is as it should be.

    Args:
        path: where it is to go.
        old: what it holds so far; what is not about these backends stays as it is.
        backends: what it has to declare, by resource name.
        account: the account's name.
        protect: whether they are protected from being deleted.
        force: whether declarations that are not up to date may be overwritten.

    Raises:
        FileError: it declares one of them otherwise than ngrok holds it.
    """
    text, new = old, dict(backends)
    there = program.declared_in(old)
    for name, backend in backends.items():
        if declared := there.get(backend.id):
            del new[name]
            now = program.declaration(declared.variable, name, backend, account, protect)
            if now != declared.text and not force:
                raise FileError(
                    f"{path} declares {name} ({backend.id}) otherwise than it would be written now. Take that "
                    "declaration out, or have it overwritten with --force."
                )
            text = text.replace(declared.text, now)
    if new:
        text = program.declared(new, account, protect, text)
    return text if text != old else None


def write(path: Path, text: str, private: bool) -> None:
    """Writes a file, and the folders that it is in; where that fails, the file stays as it was.

    Args:
        path: where.
        text: what.
        private: whether nobody else may read it.

    Raises:
        FileError: it cannot be written.
    """
    target = path.resolve()
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new.touch(mode=0o600 if private else 0o666, exist_ok=False)
        if target.exists() and not private:
            shutil.copymode(target, new)
        new.write_text(text, encoding="utf-8")
        new.replace(target)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            new.unlink()


@contextmanager
def loadable(module: Path) -> Iterator[None]:
    """Has the module there meanwhile, with nothing in it, where it is still to be written: a program may load it."""
    if module.exists():
        yield
        return
    write(module, "", private=False)
    try:
        yield
    finally:
        module.unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error
