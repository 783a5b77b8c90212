"""Runs an import: selects backends, writes the module and the line that loads it, prints the next steps."""

import importlib.util
import keyword
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import click

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.doubles import find_twins
from pulumi_ngrok_tg.cli.import_ import module, report, terraform
from pulumi_ngrok_tg.cli.import_.files import (
    File,
    Program,
    ProgramError,
    append_line,
    find_program,
    names_module,
    read_file,
)
from pulumi_ngrok_tg.cli.import_.names import choose_resource_names
from pulumi_ngrok_tg.cli.import_.selection import select
from pulumi_ngrok_tg.cli.managers import find_managers
from pulumi_ngrok_tg.cli.options import format_project_options
from pulumi_ngrok_tg.cli.session import FOUND, Session
from pulumi_ngrok_tg.cli.show import count_backends
from pulumi_ngrok_tg.cli.stack import shorten
from pulumi_ngrok_tg.rules.wording import join_labels

_FULL = 2
"""Slashes in a stack's full name, organization/project/stack."""


def run(
    *,
    labels: Mapping[str, str],
    ids: Sequence[str],
    states: Sequence[BinaryIO],
    protect: bool,
    module_path: Path | None,
    dry_run: bool,
    yes: bool,
    this_stack: bool,
    as_json: bool,
    cwd: Path,
    stack: str | None,
    account: str | None,
) -> None:
    """Run the import; the arguments are the command's options."""
    if dry_run and as_json:
        raise click.UsageError("--dry-run prints Python, and --json prints JSON. Choose one of them.")
    instances = [one for state in states for one in terraform.read_instances(state.read(), state.name)]
    program = find_program(cwd)
    home = read_file(module_path or program.folder / module.FILE)
    import_name = _find_import_name(program, home.path)
    session = Session(cwd, stack, account)
    project = session.project_stack
    own = f"{program.project}/{shorten(project.name)}"
    if project.name.count("/") == _FULL and project.name.split("/")[1] != program.project:
        raise ProgramError(f"{project.name} is a stack of another project than {program.project}. Nothing was written.")
    text = _read_module(home, own)
    backends = session.list_backends()
    session.require_own_key(backends)
    others, unread = session.read_others(this_stack)
    held = {id_: f"{home.path.name}, line {line}" for id_, line in module.find_ids(text).items()}
    managing = find_managers(backends, project.claims, others, unread)
    names = {instance.id: instance.name for instance in instances}
    selection = select(backends, managing, held, labels, ids, names)
    nothing = bool(labels) and not any(labels.items() <= backend.labels.items() for backend in backends)
    if nothing:
        session.say(f"No backend in this account carries {join_labels(labels)}. See `pulumi-ngrok-tg list`.")
    elif not backends:
        session.say("This account has no backends.")
    named = _name(session, text, backends, names)
    new = {named[backend.id]: backend for backend in reversed(selection.taken)}
    added = module.add_declarations(text, new, account, protect, own, import_name) if new else text
    if b"\r\n" in (home.content or b""):
        added = added.replace("\n", "\r\n")
    if dry_run:
        click.echo(added if new else "Nothing to import.", nl=not new)
        raise SystemExit(FOUND if nothing else 0)
    index = session.list_references() if new else None
    if index and not as_json:
        report.show_taken(session, selection.taken, named, index, find_twins(backends))
    writes = [(home, added.encode())] if new else []
    code = module.build_import(import_name, own, is_only=not project.siblings)
    line = "none"
    if program.entry and (new or selection.declared):
        content = program.entry.content or b""
        line = "present" if names_module(content, import_name) else "added"
        if line == "added":
            writes.append((program.entry, append_line(content, code)))
        elif not as_json and code.encode() not in content.replace(b"\r\n", b"\n"):
            session.say(f"{program.entry.path} names {import_name} already, so no line was added.")
            session.say("If the preview adopts nothing, that does not load it. Then add:", *code.split("\n"))
    if new and not protect and project.siblings:
        session.say(
            "Without protection, a renamed stack loses these backends, because the line loads the module in "
            f"{own} only: write the new name into the line and the module first."
        )
    if writes:
        _confirm(session, writes, len(new), yes, as_json)
        _write(writes)
    if (new or selection.declared) and program.entry is None:
        session.say(*report.explain_loading(program.folder, code))
    kept = [*selection.taken, *selection.managed, *(one for one in backends if one.id in selection.declared)]
    written = [file.path for file, _ in writes]
    released = terraform.find_released(instances, kept)
    options = format_project_options(cwd, stack)
    done = report.Report(selection, named, written, line, released, index, options)
    if as_json:
        report.print_all(done)
    else:
        report.show(session, done)
    if unread or nothing or any(id_ in selection.left_out for id_ in (*ids, *names)):
        raise SystemExit(FOUND)


def _find_import_name(program: Program, path: Path) -> str:
    """Return the name with which the program imports a module; raise ProgramError if it cannot."""
    try:
        parts = path.resolve().relative_to(program.folder.resolve()).with_suffix("").parts
    except ValueError:
        parts = ()
    if path.suffix != ".py" or not parts or not all(map(_is_plain_name, parts)):
        raise ProgramError(
            f"{path} is no module that the program can import. Name a .py file in {program.folder} or below, with "
            "letters from a to z, digits and underscores."
        )
    found = importlib.util.find_spec(parts[0])
    if found is not None and found.origin and not Path(found.origin).is_relative_to(program.folder.resolve()):
        raise ProgramError(f"{path} would hide the installed module {parts[0]}. Name another file with --module.")
    return ".".join(parts)


def _is_plain_name(part: str) -> bool:
    return part.isidentifier() and part.isascii() and not keyword.iskeyword(part)


def _read_module(home: File, own: str) -> str:
    """Return the module's text, "" if it does not exist; raise ProgramError if it is no module of this stack."""
    try:
        text = (home.content or b"").decode()
    except UnicodeDecodeError as error:
        raise ProgramError(f"{home.path} is not in UTF-8. Nothing was written.") from error
    owner = module.find_stack(text)
    if owner is None and text.strip():
        raise ProgramError(
            f"{home.path} was not written by an import, as it does not say which STACK it belongs to. Move it, or name "
            "another file with --module. Nothing was written."
        )
    if owner not in (None, own):
        raise ProgramError(
            f"Nothing was written: {home.path} belongs to the stack {owner}, not to {own}. If you renamed {owner} to "
            f'{own}, write STACK = "{own}" in that file. If {own} is another stack, name its own module with --module.'
        )
    return text.replace("\r\n", "\n")


def _name(session: Session, text: str, backends: Sequence[Backend], preferred: Mapping[str, str]) -> dict[str, str]:
    """Name all backends of the account, so that names do not depend on the selection."""
    stack = session.project_stack
    listed = {backend.id for backend in backends}
    given = {managed.id: managed.name for managed in stack.claims.managed if managed.id in listed}
    return choose_resource_names(backends, given, preferred, {*stack.find_names(), *module.find_names(text)})


def _confirm(session: Session, writes: Sequence[tuple[File, bytes]], count: int, yes: bool, as_json: bool) -> None:
    """Ask whether to write; end the command if not."""
    if yes:
        return
    paths = " and ".join(str(file.path) for file, _ in writes)
    what = f"{count_backends(count)} to {paths}" if count else f"the line that loads the module to {paths}"
    if as_json or not session.asks:
        raise click.ClickException(f"Nothing was written: add --yes to write {what}, or --dry-run to print the module.")
    if not click.confirm(f"Write {what}?", default=True):
        raise click.ClickException("Nothing was written.")


def _write(writes: Sequence[tuple[File, bytes]]) -> None:
    """Write all files, or none."""
    done: list[File] = []
    try:
        for file, content in writes:
            file.write(content)
            done.append(file)
    except ProgramError:
        for file in done:
            if file.content is None:
                file.path.unlink()
            else:
                file.path.write_bytes(file.content)
        raise
