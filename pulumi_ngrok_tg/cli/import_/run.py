"""Runs an import: selects backends, writes the module, makes the program load it, prints the next steps."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import click

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.import_ import module, report, terraform
from pulumi_ngrok_tg.cli.import_.names import choose_resource_names
from pulumi_ngrok_tg.cli.import_.program import Program, ProgramError, SourceFile, find_program, read_source
from pulumi_ngrok_tg.cli.import_.selection import Selection, select
from pulumi_ngrok_tg.cli.managers import find_managers
from pulumi_ngrok_tg.cli.session import FOUND, Session
from pulumi_ngrok_tg.cli.stack import shorten


def run(
    *,
    labels: Mapping[str, str],
    ids: Sequence[str],
    state: BinaryIO | None,
    protect: bool,
    yes: bool,
    this_stack: bool,
    as_json: bool,
    cwd: Path,
    stack: str | None,
    account: str | None,
) -> None:
    """Run the import; the arguments are the command's options."""
    instances = terraform.read_instances(state.read(), state.name) if state is not None else []
    program = find_program(cwd)
    session = Session(cwd, stack, account)
    project = session.project_stack
    backends = session.list_backends()
    session.require_own_key(backends)
    others, unread = session.find_managed_elsewhere(this_stack)
    sources = list(program.files())
    home = next((source for source in sources if source.path == program.folder / module.FILE), None)
    own = f"{program.project}/{shorten(project.name)}"
    if home is not None and (owner := module.find_stack(home.tree)) not in (None, own):
        raise ProgramError(
            f"Nothing was written: {home.path} belongs to the stack {owner}, not to {own}. If you renamed the stack, "
            f'write STACK = "{own}" in that file. Otherwise rename the file and the line that imports it. Then run the '
            "import again."
        )
    declared = {
        id_: f"{source.path.relative_to(program.folder)}, line {line}"
        for source in sources
        for id_, line in module.find_declared(source.tree).items()
    }
    managing = find_managers(backends, project.find_managed(), others, bool(unread))
    names = {instance.id: instance.name for instance in instances}
    selection = select(backends, managing, declared, labels, ids, names)
    named = _name(session, sources, backends, names)
    new = {named[backend.id]: backend for backend in reversed(selection.taken)}
    written = [_write(program, own, new, account, protect)] if new else []
    index = session.list_references() if new else None
    if index and not as_json:
        report.tell_written(session, selection.taken, named, index, written[0], existed=home is not None)
    in_module = any(where.startswith(module.FILE) for where in selection.declared.values())
    loaded = not (written or in_module) or module.loads_module(
        (program.get_module_name(source.path), source.tree) for source in sources
    )
    if not loaded and (entry := _load(session, program, project.siblings, yes, as_json)):
        written.append(entry)
        loaded = True
    kept = [*selection.taken, *selection.managed, *_find_declared(backends, selection)]
    done = report.Report(selection, named, written, loaded, terraform.find_released(instances, kept), index)
    if as_json:
        report.print_all(done)
    else:
        report.tell(session, done, project.siblings)
    if unread or (index and index.unlisted) or any(id_ in selection.left_out for id_ in (*ids, *names)):
        raise SystemExit(FOUND)


def _find_declared(backends: Sequence[Backend], selection: Selection) -> list[Backend]:
    return [backend for backend in backends if backend.id in selection.declared]


def _name(
    session: Session, sources: Sequence[SourceFile], backends: Sequence[Backend], preferred: Mapping[str, str]
) -> dict[str, str]:
    """Name all backends of the account, so that names do not depend on the selection."""
    stack = session.project_stack
    listed = {backend.id for backend in backends}
    in_program: dict[str, str | None] = {}
    for source in sources:
        in_program |= module.find_names(source.tree)
    given = {id_: name for name, id_ in in_program.items() if id_ in listed}
    given |= {managed.id: managed.name for managed in stack.find_managed() if managed.id in listed}
    return choose_resource_names(backends, given, preferred, {*stack.find_names(), *in_program})


def _write(program: Program, stack: str, new: Mapping[str, Backend], account: str | None, protect: bool) -> Path:
    """Write the module; return its path."""
    source = read_source(program.folder / module.FILE)
    _ = source.tree  # raises for a file that is no Python
    try:
        text = module.add_declarations(source.text, new, account, protect, stack)
    except module.ModuleError as error:
        raise ProgramError(f"{source.path} {error}, then run this again. Nothing was written.") from error
    source.write(text)
    return source.path


def _load(session: Session, program: Program, siblings: Sequence[str], yes: bool, as_json: bool) -> Path | None:
    """Make the program load the module, if the user agrees; return the changed file, or None."""
    entry = read_source(program.entry)
    if not entry.path.exists():
        return None
    text = module.add_import(entry.text, siblings)
    asked = not as_json and session.asks
    question = f"Add `import {module.MODULE}` to {entry.path}?"
    if not yes and not (asked and click.confirm(question, default=True)):
        return None
    entry.write(text)
    return entry.path
