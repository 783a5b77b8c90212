"""The commands of ``pulumi-ngrok-tg``."""

import click

from pulumi_ngrok_tg.cli.delete import delete
from pulumi_ngrok_tg.cli.emulator import emulator
from pulumi_ngrok_tg.cli.import_.command import import_
from pulumi_ngrok_tg.cli.list_ import list_
from pulumi_ngrok_tg.cli.orphans import orphans
from pulumi_ngrok_tg.cli.review import review
from pulumi_ngrok_tg.installation import describe_version


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(f"pulumi-ngrok-tg, version {describe_version()}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Tools for ngrok tunnel group backends under Pulumi.

    Run them in the folder of a Pulumi project. The API key comes from the stack's config (ngrok:apiKey), else from
    NGROK_API_KEY.

    \b
    Exit codes: 0 done; 1 failed; 2 wrong usage;
    3 done, but something needs attention.
    """


for command in (list_, import_, orphans, review, delete, emulator):
    cli.add_command(command)
