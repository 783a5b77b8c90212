"""One import, step by step: match with the program, write the files, import, check."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg import adoption
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli import files, import_files, program
from pulumi_ngrok_tg.cli.choice import Choice
from pulumi_ngrok_tg.cli.matching import Matches, matched
from pulumi_ngrok_tg.cli.session import Session
from pulumi_ngrok_tg.cli.stack import Preview, name_of


class Import:
    """What is brought under code.

    Args:
        session: the stack and the account.
        choice: the backends.
        names: resource names for all of the account's backends, by id.
        protect: whether they are protected from being deleted.
    """

    def __init__(self, session: Session, choice: Choice, names: Mapping[str, str], protect: bool) -> None:
        self._session = session
        self._stack = session.project_stack
        self.protect = protect
        self._preview: Preview | None = None
        self.choice = choice
        self.names = names
        self.matches = Matches()
        self.written: list[Path] = []

    @property
    def new(self) -> dict[str, Backend]:
        """The backends that no program declares yet, by the names they get."""
        declared = {backend.id for backend in self.matches.certain.values()}
        return {self.names[b.id]: b for b in reversed(self.choice.taken) if b.id not in declared}

    def match(self, folder: Path) -> None:
        """Finds the backends that the program declares already, whose state was lost or never was.

        Args:
            folder: where the module is, or is to be.
        """
        with files.loadable(folder / program.FILE), self._session.working("Previewing the program"):
            self._preview = self._stack.preview()
        account = self._session.account_name
        self.matches = matched(self._preview.creates(), self.choice.taken, self.names, account)
        for urn, candidates in self.matches.doubtful.items():
            for backend in candidates:
                if backend in self.choice.taken:
                    why = f"it may be what the program declares as {name_of(urn)}; say so there, with import_"
                    self.choice.leave(backend, why)

    def complete(self, path: Path) -> None:
        """Fills in the placeholders of a file that ``pulumi preview --import-file`` has written."""
        try:
            file = json.loads(path.read_text(encoding="utf-8"))
            content = self._completed(file)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise click.ClickException(f"{path} is no import file of Pulumi's: {error}") from error
        self.choice.taken = list(self.matches.certain.values())
        self._write({path: files.json_text(content)})

    def write(self, folder: Path, force: bool) -> None:
        """Writes the import file, and the module for what no program declares yet."""
        if not self.choice.taken:
            return
        taken = {backend.id for backend in self.choice.taken}
        content = import_files.only(self._completed(self._preview.placeholders), taken) if self._preview else {}
        account, fingerprint = self._session.account_name, self._session.account.fingerprint
        entries = [import_files.entry(name, backend, account, fingerprint) for name, backend in self.new.items()]
        content["resources"] = [*content.get("resources", ()), *entries]
        managed = {resource.id for resource in self._stack.managed()}
        path, module = folder / import_files.FILE, folder / program.FILE
        text = files.import_text(path, content, managed, force)
        code = files.module_text(module, self.new, account, self.protect, force) if self.new else None
        self._write({path: text, module: code})

    def run(self, file: Path) -> None:
        """Imports into the stack, and checks that a preview shows no change of what was imported."""
        if import_files.PLACEHOLDER in file.read_text(encoding="utf-8"):
            raise click.ClickException(
                f"{file} has placeholders left. Fill them in, then run pulumi import --file {file}"
            )
        urns = {*self.matches.certain, *self._declared_now()}
        with self._session.working(f"Importing {len(urns)} backends"):
            self._stack.import_file(file, self.protect)
        with self._session.working("Previewing the program"):
            preview = self._stack.preview()
        if changes := [f"{name_of(urn)} ({change})" for urn in urns if (change := preview.change_of(urn)) != "same"]:
            raise click.ClickException(
                f"Imported, but a preview shows changes: {', '.join(changes)}. See `pulumi preview --diff`."
            )

    def _declared_now(self) -> list[str]:
        """Returns the URNs of what is new, once the program has it, too."""
        if not self.new:
            return []
        with self._session.working("Previewing the program"):
            creates = self._stack.preview().creates()
        urns = {one.name: one.urn for one in creates if one.urn.split("::")[2] == adoption.TYPE}
        if missing := [name for name in self.new if name not in urns]:
            raise click.ClickException(
                f"The program does not declare {', '.join(missing)}. Add `import {program.MODULE}` to __main__.py, and "
                "run this again. Nothing was imported."
            )
        return [urns[name] for name in self.new]

    def _completed(self, file: Mapping[str, Any]) -> dict[str, Any]:
        if self._preview is None:
            raise TypeError("There is no preview yet.")
        account = self._session.account
        return import_files.completed(
            file, self._preview, self.matches.certain, self._session.account_name, account.fingerprint
        )

    def _write(self, texts: Mapping[Path, str | None]) -> None:
        for path, text in texts.items():
            if text is None:
                continue
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
            self.written.append(path)
