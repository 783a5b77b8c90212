"""``pulumi-ngrok-tg review``: says what a previewed change would do to traffic."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.cli.findings import Finding, judge
from pulumi_ngrok_tg.cli.options import json_option, project_options
from pulumi_ngrok_tg.cli.plan import Plan, read_plan
from pulumi_ngrok_tg.cli.session import FOUND, find_project
from pulumi_ngrok_tg.cli.show import count_backends, print_block, print_json
from pulumi_ngrok_tg.rules import traffic
from pulumi_ngrok_tg.rules.wording import join_names

_WORDS = {
    "delete": "deletes it",
    "replace": "replaces it",
    "labels": "changes its labels",
    "keep": "leaves it at ngrok (retain_on_delete)",
}
_MOST_SHOWN = 100  # in Markdown; a comment on GitHub has at most 65,536 characters


def _read_most(
    _context: click.Context, option: click.Parameter, text: str | None
) -> Callable[[int | None], float] | None:
    """Return the most deletes for a number of backends: a number, or a percentage of them."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})(%?)", text)
    if not found or (found[2] and int(found[1]) > 100):
        raise click.BadParameter(
            f"{text!r} is neither a number, such as 5, nor a percentage, such as 30%.", param=option
        )
    most, percent = int(found[1]), bool(found[2])

    def find_most(backends: int | None) -> float:
        if not percent:
            return most
        if backends is None:
            raise click.ClickException(
                "--max-deletes with a percentage needs all backends of the stack in the plan. Add --show-sames to "
                "`pulumi preview`."
            )
        return backends * most / 100

    return find_most


@click.command()
@click.argument("plan", metavar="PLAN", type=click.File("rb"))
@click.option(
    "--max-deletes",
    "most",
    metavar="N|P%",
    callback=_read_most,
    help="Exit with 3 if more backends are deleted or replaced, in use or not. P% is of the stack's backends; it needs "
    "a plan with --show-sames.",
)
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
@json_option
@project_options
def review(
    plan: BinaryIO,
    most: Callable[[int | None], float] | None,
    markdown: bool,
    as_json: bool,
    cwd: Path,
    stack: str | None,
) -> None:
    """Say what a previewed change would do to traffic.

    PLAN is what `pulumi preview --json` prints; - reads the standard input. For each backend that the plan deletes,
    replaces or gives other labels, shows the tunnels online in it, the edges and backends that refer to it, and what
    the preview says. Reads ngrok, and changes nothing. Exits with 3 if something in use is deleted or replaced, if
    traffic stops, or if that is unknown.

    \b
    Examples:
      pulumi preview --json | pulumi-ngrok-tg review -
      pulumi destroy --preview-only --json | pulumi-ngrok-tg review -
      pulumi preview --json | pulumi-ngrok-tg review --max-deletes 5 --markdown -
    """
    if markdown and as_json:
        raise click.UsageError("--markdown and --json exclude each other. Choose one of them.")
    read = read_plan(plan.read(), "the standard input" if plan.name == "<stdin>" else plan.name)
    deletes = sum(change.kind in ("delete", "replace") for change in read.changes)
    exceeded = most is not None and deletes > most(read.backends)
    findings: list[Finding] = []
    for account in dict.fromkeys(change.account for change in read.changes):
        of_account = [change for change in read.changes if change.account == account]
        findings += judge(of_account, cwd, stack or (read.stack if find_project(cwd) else None))
    findings.sort(key=lambda one: ["in use", "stops traffic", "unknown", "safe"].index(one.verdict))
    if as_json:
        print_json(_convert(read, findings, deletes, exceeded))
    else:
        shown = findings[:_MOST_SHOWN] if markdown else findings
        for finding in shown:
            (_show_markdown if markdown else _show)(finding)
        if more := len(findings) - len(shown):
            click.echo(f"- {more} more; --json has all of them")
        if markdown:
            click.echo()
        for line in _summarize(read, findings, deletes, exceeded):
            click.echo(_quote(line) if markdown else escape(line))
    if exceeded or read.errors or any(one.verdict != "safe" for one in findings):
        raise SystemExit(FOUND)


def _list_rows(finding: Finding) -> list[tuple[str, str]]:
    """Return what is shown of a finding, as names and texts."""
    rows = [("gone", "ngrok does not have it any more")] if finding.is_gone else []
    if finding.change.kind != "keep" and not finding.is_gone:
        named = [traffic.name_tunnel(tunnel) for tunnel in finding.tunnels or ()]
        none = "unknown" if finding.tunnels is None else "none online"
        rows.append(("tunnels", f"{len(named)} online: {join_names(named)}" if named else none))
        rows.append(("used by", finding.used_by))
    if finding.change.kind == "labels" and finding.stops:
        rows.append(("stops", join_names([traffic.name_tunnel(tunnel) for tunnel in finding.stops])))
    rows += [("unknown", text) for text in finding.unknown]
    return rows + [("preview", line) for line in finding.change.said]


def _show(finding: Finding) -> None:
    change = finding.change
    print_block(f"{change.name} ({change.id}): {_WORDS[change.kind]}, {finding.verdict}", _list_rows(finding))


def _show_markdown(finding: Finding) -> None:
    change = finding.change
    click.echo(f"- **{_quote(change.name)}** ({change.id}): {_WORDS[change.kind]}, **{finding.verdict}**")
    for name, text in _list_rows(finding):
        click.echo(f"  - {name}: {_quote(text)}")


def _quote(text: str) -> str:
    """Return a text as Markdown shows it as it is."""
    return re.sub(r"([\\`*_#\[\]<>|~])", r"\\\1", escape(text).replace("&", "&amp;")).replace("@", "&#64;")


def _summarize(plan: Plan, findings: Sequence[Finding], deletes: int, exceeded: bool) -> list[str]:
    """Return the last lines, which count."""
    counts = {verdict: sum(one.verdict == verdict for one in findings) for verdict in ("safe", "unknown")}
    risky = len(findings) - sum(counts.values())
    shown = {line for one in findings for line in one.change.said}
    failed = "The preview failed, so it may not show every change"
    lines = [f"{failed}: {error}" for error in plan.errors if error not in shown][:5]
    lines = lines or [f"{failed}: see above."] * bool(plan.errors)
    changes = f"{len(findings)} change{'' if len(findings) == 1 else 's'}"
    line = f"{changes}: {risky} in use or stopping traffic, {counts['unknown']} unknown, {counts['safe']} safe."
    more = ", more than --max-deletes allows" if exceeded else ""
    gone = count_backends(deletes) if plan.backends is None else f"{deletes} of {count_backends(plan.backends)}"
    return [*lines, f"{line} {gone} {'is' if deletes == 1 else 'are'} deleted or replaced{more}."]


def _convert(plan: Plan, findings: Sequence[Finding], deletes: int, exceeded: bool) -> Mapping[str, Any]:
    """Return the result for programs."""
    return {
        "changes": [
            {
                "name": one.change.name,
                "urn": one.change.urn,
                "id": one.change.id,
                "account": one.change.account,
                "kind": one.change.kind,
                "verdict": one.verdict,
                "tunnels": None
                if one.tunnels is None
                else [{"id": tunnel.id, "forwards_to": tunnel.forwards_to} for tunnel in one.tunnels],
                "stops": [tunnel.id for tunnel in one.stops],
                "used_by": one.used_by,
                "unknown": list(one.unknown),
                "preview": list(one.change.said),
            }
            for one in findings
        ],
        "deletes": deletes,
        "backends": plan.backends,
        "exceeded": exceeded,
        "errors": plan.errors,
    }
