"""One import, step by step: match with the program, write the files, import, check."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli import files, import_files, program
from pulumi_ngrok_tg.cli.choice import Choice
from pulumi_ngrok_tg.cli.matching import Matches, matched
from pulumi_ngrok_tg.cli.names import resource_names
from pulumi_ngrok_tg.cli.preview import Preview, name_of
from pulumi_ngrok_tg.cli.session import Session
from pulumi_ngrok_tg.cli.show import counted
from pulumi_ngrok_tg.state import TYPE


class Import:
    """What is brought under code.

    Args:
        session: the stack and the account.
        choice: the backends.
        account: all backends of the account.
        preferred: names that some are to get, by id.
        folder: where the module is, or is to be.
        protect: whether they are protected from being deleted.
    """

    def __init__(
        self,
        session: Session,
        choice: Choice,
        account: Sequence[Backend],
        preferred: Mapping[str, str],
        folder: Path,
        protect: bool,
    ) -> None:
        self._session = session
        self._stack = session.project_stack
        self._account = account
        self._preferred = preferred
        self._preview: Preview | None = None
        self._folder = folder
        self._path = folder / program.FILE
        self._module = ""
        self.protect = protect
        self.choice = choice
        self.matches = Matches()
        self.names: dict[str, str] = {}
        """Of all backends of the account, by id."""
        self.written: list[Path] = []
        self.not_imported: list[str] = []
        """What the module declares beside what was imported: the next update would create it."""

    @property
    def new(self) -> dict[str, Backend]:
        """The backends that no program declares yet, by the names they get."""
        declared = {backend.id for backend in self.matches.certain.values()}
        return {self.names[b.id]: b for b in reversed(self.choice.taken) if b.id not in declared}

    def match(self, force: bool) -> None:
        """Looks at the module that an import has written before, and names the backends.

        Args:
            force: whether a file that was not written by an import may be overwritten.
        """
        self._module = files.module_in(self._path, force)
        declared = program.declared_in(self._module)
        wanted = self._preview.creates() if self._preview else []
        by_name = {one.name: id_ for id_, one in declared.items()}
        self.matches = matched(wanted, self.choice.taken, by_name, self._session.account_name)
        for urn, candidates in self.matches.doubtful.items():
            for backend in candidates:
                if backend in self.choice.taken:
                    why = f"it may be what the program declares as {name_of(urn)}; say so there, with import_"
                    self.choice.leave(backend, why)
        given = {
            **{id_: one.name for id_, one in declared.items()},
            **{managed.id: managed.name for managed in self._stack.managed()},
            **{backend.id: name_of(urn) for urn, backend in self.matches.certain.items()},
        }
        taken = {*self._stack.names(), *program.names_in(self._module), *(one.name for one in wanted)}
        listed = {backend.id for backend in self._account}
        given = {id_: name for id_, name in given.items() if id_ in listed}
        self.names = resource_names(self._account, given, self._preferred, taken)

    def preview(self) -> None:
        """Looks at what the program declares already, whose state was lost or never was."""
        with files.loadable(self._path), self._session.working("Previewing the program"):
            self._preview = self._stack.preview()

    def complete(self, path: Path) -> None:
        """Fills in the placeholders of a file that ``pulumi preview --import-file`` has written."""
        try:
            text = files.json_text(self._completed(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise click.ClickException(f"{path} is no import file of Pulumi's: {error}") from error
        self.choice.taken = list(self.matches.certain.values())
        self._write({path: text})

    def write(self, force: bool) -> None:
        """Writes the import file, and the module for what no program declares yet."""
        if not self.choice.taken:
            return
        taken = {backend.id for backend in self.choice.taken}
        content = import_files.only(self._completed(self._preview.placeholders), taken) if self._preview else {}
        account, fingerprint = self._session.account_name, self._session.account.fingerprint
        entries = [import_files.entry(name, backend, account, fingerprint) for name, backend in self.new.items()]
        content["resources"] = [*content.get("resources", ()), *entries]
        managed = {resource.id for resource in self._stack.managed()}
        path = self._folder / import_files.FILE
        text = files.import_text(path, content, managed, force)
        code = files.module_text(self._path, self._module, self.new, account, self.protect, force)
        self._write({path: text, self._path: code})

    def run(self, file: Path) -> None:
        """Imports into the stack, and checks that a preview shows no change of what was imported."""
        text = file.read_text(encoding="utf-8")
        if import_files.PLACEHOLDER in text:
            raise click.ClickException(f"{file} has placeholders left. Fill them in, then run `pulumi import --file`.")
        urns = {*self.matches.certain, *self._declared_now()}
        with self._session.working(f"Importing {counted(len(urns))}"):
            self._stack.import_file(file, self.protect)
        if import_files.has_secrets(text) and file.name == import_files.FILE:
            file.unlink()  # it has done its work, and the state encrypts them
            self.written.remove(file)
        with self._session.working("Previewing the program"):
            preview = self._stack.preview()
        changes = {urn: preview.change_of(urn) for urn in urns}
        if changed := [f"{name_of(urn)} ({change})" for urn, change in changes.items() if change != "same"]:
            raise click.ClickException(
                f"Imported, but a preview shows changes: {', '.join(changed)}. See `pulumi preview --diff`."
            )
        module = program.names_in(files.module_in(self._path, force=True))
        self.not_imported = [one.name for one in preview.creates() if one.name in module]

    def _declared_now(self) -> list[str]:
        """Returns the URNs of what is new, once the program has it, too."""
        if not self.new:
            return []
        with self._session.working("Previewing the program"):
            creates = self._stack.preview().creates()
        urns = {one.name: one.urn for one in creates if one.urn.split("::")[2] == TYPE}
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
            if text is not None:
                files.write(path, text, private=import_files.has_secrets(text))
                self.written.append(path)
