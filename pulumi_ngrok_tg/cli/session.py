"""The stack, the account and the terminal of a command."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.accounts.clients import Account, Clients, connect
from pulumi_ngrok_tg.api.errors import NgrokError
from pulumi_ngrok_tg.api.models import BACKENDS, TUNNELS, Backend, Collection, Tunnel
from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.api.references import Referrer, list_references
from pulumi_ngrok_tg.cli.managers import is_other_accounts_key
from pulumi_ngrok_tg.rules import advice
from pulumi_ngrok_tg.rules.reference_index import ReferenceIndex, describe_unlisted

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Claims, Stack

OTHERS_NOT_READ = "Only this stack was checked. Without --this-stack, all of them are."
OTHER_BACKENDS = "Stacks in another state backend (pulumi login) cannot be seen from here."
NO_PROJECT = "There is no Pulumi project here or above. Go to the project's folder, or name it with --cwd."
FOUND = 3
"""Exit code of a command that succeeded but found something that needs attention, or could not do all of it."""


class Session:
    """The account of a command, its stack if there is one, and its terminal.

    Args:
        cwd: the project's folder.
        stack: the stack's name; None is the selected one.
        account: the account's name; None is the default account.
        needs_stack: whether a stack is required. If not, a folder without a project is enough, with the key from the
            environment.
    """

    def __init__(self, cwd: Path, stack: str | None, account: str | None, needs_stack: bool = True) -> None:
        self._messages = Console(stderr=True, highlight=False, emoji=False)
        self.account_name = account
        self.stack = self._open(cwd, stack, needs_stack)
        try:
            get = self.stack.read_config if self.stack else lambda _key: None
            self.say(*stack_config.find_misspelled_variables(os.environ, get))
            self.account = Account(account, get, Clients(lambda settings: connect(settings, self)))
        except stack_config.ConfigError as error:
            raise click.ClickException(str(error)) from error
        self.client = self.account.client

    def _open(self, cwd: Path, name: str | None, needed: bool) -> "Stack | None":
        if find_project(cwd) is None:
            if needed or name is not None:
                raise click.ClickException(NO_PROJECT)
            return None
        from pulumi_ngrok_tg.cli.stack import Stack  # here, because it takes a moment to load

        with self.show_progress("Reading the stack"):
            return Stack(cwd, name)

    @property
    def project_stack(self) -> "Stack":
        """The stack, for commands that require one."""
        if self.stack is None:
            raise TypeError("This command was to need a stack.")
        return self.stack

    @property
    def asks(self) -> bool:
        """Whether the command can ask questions."""
        return sys.stdin is not None and sys.stdin.isatty()

    def read_others(self, this_stack: bool) -> "tuple[Claims | None, bool]":
        """Return what the other stacks claim, and whether one could not be read; print which.

        None if there is no stack, or only ``this_stack`` is to be read.
        """
        if this_stack or self.stack is None:
            return None, False
        unread: list[str] = []
        with self.show_progress("Reading the other stacks") as working:
            claims = self.stack.read_others(working, unread)
        for line in unread:
            self.say(line)
        return claims, bool(unread)

    def require_own_key(self, backends: Sequence[Backend]) -> None:
        """End the command if the key belongs to another account, which would make every backend look gone."""
        if line := self.describe_other_account(backends):
            raise click.ClickException(line)

    def describe_other_account(self, backends: Sequence[Backend]) -> str:
        """Return a line if the key belongs to another account than the stack's backends, else ""."""
        managed = self.stack.claims.managed if self.stack else []
        listed = {backend.id: backend for backend in backends}
        if not is_other_accounts_key(managed, listed, self.account_name, self.account.fingerprint):
            return ""
        return (
            f"This key sees none of the backends that the stack {self.project_stack.name} manages, and another key saw "
            "them last. It probably belongs to another account. It comes from "
            f"{self.account.source.api_key}. Use the stack's key, or name the account with --account."
        )

    def list_backends(self) -> list[Backend]:
        """Return all backends of the account, newest first."""
        with self.explain_errors(), self.show_progress("Reading the account"):
            return list(self.client.list(BACKENDS))

    def list_tunnels(self) -> list[Tunnel]:
        """Return all tunnels online in the account, newest first."""
        with self.explain_errors(), self.show_progress("Reading the tunnels online"):
            return list(self.client.list(TUNNELS))

    def list_references(self) -> ReferenceIndex:
        """Return what refers to the account's backends; print what could not be listed."""
        with self.show_progress("Reading who refers to backends") as progress:

            def list_(collection: Collection[Referrer]) -> Sequence[Referrer]:
                progress(f"Reading who refers to backends: {collection.path}")
                return self.client.list(collection)

            found = list_references(list_)
        for line in describe_unlisted(found.unlisted):
            self.say(line)
        return ReferenceIndex(found)

    @contextmanager
    def explain_errors(self) -> Iterator[None]:
        """Turn an error of ngrok's API into one line that ends in what to do."""
        try:
            yield
        except NgrokError as error:
            raise click.ClickException(self.explain(error)) from error

    def explain(self, error: NgrokError) -> str:
        """Return an error as one line that ends in what to do."""
        return advice.explain(error, self.account.source)

    @contextmanager
    def show_progress(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show on a terminal what is going on; yield a function that changes the line."""
        with self._messages.status(what) as status:
            yield status.update

    def say(self, *lines: str) -> None:
        """Print lines that are not part of the result."""
        for line in lines:
            self._messages.print(escape(line), markup=False, soft_wrap=True)

    # As the client's Reporter (pulumi_ngrok_tg.api.reporting):

    def debug(self, line: str) -> None:
        """Do not print single requests."""

    status = say
    info = say
    warn = say


def find_project(folder: Path) -> Path | None:
    """Return the project file that the Pulumi CLI finds from a folder: there, or above."""
    for at in (folder, *folder.resolve().parents):
        for end in ("yaml", "yml", "json"):
            if (file := at / f"Pulumi.{end}").exists():
                return file
    return None
