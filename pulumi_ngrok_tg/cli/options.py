"""The options that commands share."""

import functools
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg.cli.show import format_options

_CONFIG_FILE = "pulumi_ngrok_tg.config_file"


def _check_account(_context: click.Context, option: click.Parameter, name: str | None) -> str | None:
    if name is not None:
        from pulumi_ngrok_tg.rules import properties  # here, because it takes a moment to load

        _, problems = properties.check({"account": name or " "})
        if problems:
            raise click.BadParameter(f"{name!r} is not the name of an account, such as eu.", param=option)
    return name


def _use_config_file(context: click.Context, _option: click.Parameter, file: str | None) -> None:
    if file is not None:
        context.meta[_CONFIG_FILE] = file
        os.environ["PULUMI_OPTION_CONFIG_FILE"] = file  # the Pulumi CLI reads it for its own option


def format_project_options(cwd: Path, stack: str | None) -> str:
    """Return the options with which the Pulumi CLI, or this command, uses the same project, stack and config file."""
    folder = "" if str(cwd) == "." else str(cwd)
    file = click.get_current_context().meta.get(_CONFIG_FILE)
    return format_options(("-C", folder), ("-s", stack), ("--config-file", file))


def _complete_stacks(context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the project's stacks for shell completion; none if the Pulumi CLI fails."""
    command = ["pulumi", "stack", "ls", "--json"]
    try:
        listed = subprocess.run(command, cwd=context.params.get("cwd") or ".", capture_output=True, timeout=10).stdout  # noqa: S603
        names = [one["name"] for one in json.loads(listed)]
    except (OSError, ValueError, LookupError, TypeError, subprocess.SubprocessError):
        return []
    return [name for name in names if name.startswith(incomplete)]


def project_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose a stack; the command gets them as ``cwd`` and ``stack``."""
    folder = click.Path(exists=True, file_okay=False, path_type=Path)
    options = [
        click.option(
            "-s",
            "--stack",
            metavar="NAME",
            shell_complete=_complete_stacks,
            help="The stack. Default: PULUMI_STACK, or the selected one.",
        ),
        click.option("-C", "--cwd", type=folder, default=".", help="The project's folder. Default: the current one."),
        click.option(
            "--config-file",
            metavar="FILE",
            callback=_use_config_file,
            expose_value=False,
            help="The stack's config file, as for `pulumi up`.",
        ),
    ]
    return functools.reduce(lambda decorated, option: option(decorated), reversed(options), command)


def stack_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose stack and account; the command gets them as ``cwd``, ``stack``, ``account``."""
    account = click.option(
        "--account",
        metavar="NAME",
        callback=_check_account,
        help='The ngrok account: "eu" uses ngrok-eu:apiKey.',
    )
    return project_options(account(command))


def _require_ids(_context: click.Context, option: click.Parameter, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Check that each is an id of a tunnel group backend."""
    from pulumi_ngrok_tg.api.models import is_id  # here, because it takes a moment to load

    for id_ in ids:
        if not is_id(id_):
            raise click.BadParameter(f"{id_!r} is not the id of a tunnel group backend (bkdtg_...).", param=option)
    return ids


id_option = click.option(
    "--id", "ids", metavar="ID", multiple=True, callback=_require_ids, help="Select this backend; repeat for several."
)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
this_stack_option = click.option(
    "--this-stack", is_flag=True, help="Read no other stack. Backends that other stacks manage count as unmanaged."
)


def _read_labels(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read labels of the form KEY=VALUE; a key never contains "="."""
    labels: dict[str, str] = {}
    for value in values:
        key, equals, rest = value.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{value!r} is not of the form KEY=VALUE.", param=option)
        if labels.get(key, rest) != rest:
            raise click.BadParameter(f"the label {key!r} cannot have two values.", param=option)
        labels[key] = rest
    return labels


label_option = click.option(
    "--label",
    "labels",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_read_labels,
    help="Select backends that carry this label; if repeated, all of these labels.",
)
