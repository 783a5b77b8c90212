"""What the commands share: the stack and the account they are about, and how they speak to the user."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from pulumi_ngrok_tg import advice, config
from pulumi_ngrok_tg.accounts import Account, Clients, connect
from pulumi_ngrok_tg.api.errors import NgrokError
from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.cli.project import project_root
from pulumi_ngrok_tg.cli.show import printable

if TYPE_CHECKING:
    from pulumi_ngrok_tg.cli.stack import Managed, Stack

NOT_LOOKED_AT = "Other stacks were not looked at; --all-stacks does."
FOUND = 3
"""Exit code of a command that has run well and found what it was to look for, or could not do all of it."""


class Session:
    """A command's account, its stack where it has one, and its terminal.

    Args:
        cwd: the project's folder.
        stack: the stack's name; None is the selected one.
        account: the account's name; None is the default account.
        needs_stack: whether there has to be a stack; else a folder without a project will do, with the key from the
            environment.
    """

    def __init__(self, cwd: Path, stack: str | None, account: str | None, needs_stack: bool = True) -> None:
        self._messages = Console(stderr=True, highlight=False, emoji=False)
        self.account_name = account
        self.stack = self._open(cwd, stack, needs_stack)
        try:
            get = self.stack.config if self.stack else lambda _key: None
            self.account = Account(account, get, Clients(lambda settings: connect(settings, self)))
        except config.ConfigError as error:
            raise click.ClickException(str(error)) from error
        self.client = self.account.client

    def _open(self, cwd: Path, name: str | None, needed: bool) -> "Stack | None":
        if not needed and name is None and project_root(cwd) is None:
            return None
        from pulumi_ngrok_tg.cli.stack import Stack  # here, because it takes a moment to load

        with self.working("Reading the stack"):
            return Stack(cwd, name)

    @property
    def project_stack(self) -> "Stack":
        """The stack, of a command that needs one."""
        if self.stack is None:
            raise TypeError("This command was to need a stack.")
        return self.stack

    def managed_elsewhere(self) -> "tuple[list[Managed], bool]":
        """Returns what the other stacks manage, and whether one of them could not be read, which is said."""
        unread: list[str] = []
        with self.working("Reading the other stacks"):
            managed = self.project_stack.managed_elsewhere(unread.append)
        for line in unread:
            self.say(line)
        return managed, bool(unread)

    def backends(self) -> list[Backend]:
        """Returns all backends of the account, newest first."""
        found: list[Backend] = []
        with self.explained(), self.working("Reading the account") as working:
            for page in self.client.pages():
                found += page
                working(f"Reading the account: {len(found)} backends")
        return found

    def tunnels(self) -> list[Tunnel]:
        """Returns all tunnels online in the account, newest first."""
        with self.explained(), self.working("Reading the tunnels online"):
            return self.client.tunnels()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns what ngrok has to say about a failure into one line that ends in what to do."""
        try:
            yield
        except NgrokError as error:
            raise click.ClickException(advice.explain(error, self.account.source)) from error

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        """Shows, on a terminal, what is going on; yields a function that says it anew."""
        with self._messages.status(what) as status:
            yield status.update

    def say(self, line: str) -> None:
        """Tells the user something that is no result."""
        self._messages.print(printable(line), markup=False, soft_wrap=True)

    # What a client tells (pulumi_ngrok_tg.api.reporting.Reporter).

    def debug(self, line: str) -> None:
        """Shows nothing of single requests."""

    status = say
    warn = say


def stack_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that choose stack and account; the command gets them as ``cwd``, ``stack``, ``account``."""
    folder = click.Path(exists=True, file_okay=False, path_type=Path)
    options = [
        click.option("-s", "--stack", metavar="NAME", help="The stack; else the one selected in the project."),
        click.option("-C", "--cwd", type=folder, default=".", help="The project's folder; else the current one."),
        click.option("--account", metavar="NAME", help='The ngrok account: "eu" uses the config ngrok-eu:apiKey.'),
    ]
    return functools.reduce(lambda decorated, option: option(decorated), reversed(options), command)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")


def _labels(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Reads labels as the command line gives them; a label key never contains "="."""
    labels = {}
    for value in values:
        key, equals, rest = value.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{value!r} is not of the form KEY=VALUE.", param=option)
        labels[key] = rest
    return labels


label_option = click.option(
    "--label",
    "labels",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_labels,
    help="Backends that carry this label; repeat for those that carry several.",
)
