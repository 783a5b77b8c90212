"""The command ``pulumi-ngrok-tg import``."""

from pathlib import Path
from typing import Any

import click

from pulumi_ngrok_tg.cli.options import id_option, json_option, label_option, stack_options, this_stack_option


@click.command("import")
@label_option
@id_option
@click.option(
    "--from-terraform",
    "states",
    metavar="STATE",
    multiple=True,
    type=click.File("rb"),
    help="Select the backends in a Terraform or OpenTofu state, and keep their names. - reads the standard input.",
)
@click.option("--protect/--no-protect", default=True, help="Whether to protect the backends from being deleted.")
@click.option(
    "--module",
    "module_path",
    metavar="PATH",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The module to write. Default: tunnel_group_backends.py beside __main__.py.",
)
@click.option("--dry-run", is_flag=True, help="Print the module, and write nothing.")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@this_stack_option
@json_option
@stack_options
def import_(**options: Any) -> None:
    """Write program code that adopts backends.

    Writes a module that declares each backend with import_ and its id, so the next `pulumi up` adopts it without a
    write at ngrok, and appends the line that loads the module to __main__.py. This command changes neither ngrok nor
    the stack.

    Select backends with --label, --id and --from-terraform; selections add up. Default: the whole account. Backends
    that a stack manages or the module holds are skipped. Run it again later: it adds what is new.

    \b
    Examples:
      pulumi-ngrok-tg import
      pulumi-ngrok-tg import --label app=web --yes
      terraform state pull | pulumi-ngrok-tg import --yes --from-terraform -
    """
    from pulumi_ngrok_tg.cli.import_.steps import run  # here, because it takes a moment to load

    run(**options)
