"""``pulumi-ngrok-tg review``: says what a previewed change would do to traffic."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click

from pulumi_ngrok_tg.api.errors import NgrokError, NotFound
from pulumi_ngrok_tg.api.models import TUNNELS, Backend, Tunnel
from pulumi_ngrok_tg.api.text import escape
from pulumi_ngrok_tg.cli.options import json_option, project_options
from pulumi_ngrok_tg.cli.plan import HIDDEN, Change, Plan, read_plan
from pulumi_ngrok_tg.cli.session import FOUND, Session, find_project
from pulumi_ngrok_tg.cli.show import count_backends, print_json
from pulumi_ngrok_tg.rules import traffic
from pulumi_ngrok_tg.rules.references import ReferenceIndex, describe_use
from pulumi_ngrok_tg.rules.text import join_names

_WORDS = {
    "delete": "deletes it",
    "replace": "replaces it",
    "labels": "changes its labels",
    "keep": "leaves it at ngrok (retain_on_delete)",
}


@dataclass(frozen=True)
class Finding:
    """What a change does to traffic."""

    change: Change
    tunnels: Sequence[Tunnel] | None = None
    """The tunnels online in the backend; None if they are unknown."""
    stops: Sequence[Tunnel] = ()
    """Those that lose traffic."""
    used_by: str = "unknown"
    is_referred_to: bool = False
    unknown: Sequence[str] = ()
    """What could not be found out, and why."""

    @property
    def verdict(self) -> str:
        """``in use`` (``stops traffic`` for labels), ``unknown``, or ``safe``."""
        if self.change.kind == "keep":
            return "safe"
        if self.stops or (self.is_referred_to and self.change.kind != "labels"):
            return "stops traffic" if self.change.kind == "labels" else "in use"
        return "unknown" if self.unknown else "safe"


def _read_most(_context: click.Context, option: click.Parameter, text: str | None) -> Callable[[int], float] | None:
    """Return the most deletes for a number of backends: a number, or a percentage of them."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})(%?)", text)
    if not found or (found[2] and int(found[1]) > 100):
        raise click.BadParameter(
            f"{text!r} is neither a number, such as 5, nor a percentage, such as 30%.", param=option
        )
    most, percent = int(found[1]), bool(found[2])
    return lambda backends: backends * most / 100 if percent else most


@click.command()
@click.argument("plan", metavar="PLAN", type=click.File("rb"))
@click.option(
    "--max-deletes",
    "most",
    metavar="N|P%",
    callback=_read_most,
    help="Exit with 3 if more backends are deleted or replaced, in use or not; P% is of the stack's backends.",
)
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
@json_option
@project_options
def review(
    plan: BinaryIO,
    most: Callable[[int], float] | None,
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
      pulumi preview --json | pulumi-ngrok-tg review --max-deletes 30% --markdown -
    """
    if markdown and as_json:
        raise click.UsageError("--markdown and --json exclude each other. Choose one of them.")
    read = read_plan(plan.read(), "the standard input" if plan.name == "<stdin>" else plan.name)
    findings: list[Finding] = []
    for account in dict.fromkeys(change.account for change in read.changes):
        of_account = [change for change in read.changes if change.account == account]
        findings += _judge_all(of_account, cwd, stack or (read.stack if find_project(cwd) else None))
    findings.sort(key=lambda one: ["in use", "stops traffic", "unknown", "safe"].index(one.verdict))
    deletes = sum(change.kind in ("delete", "replace") for change in read.changes)
    exceeded = most is not None and deletes > most(read.backends)
    if as_json:
        print_json(_convert(read, findings, deletes))
    else:
        show = _show_markdown if markdown else _show
        for finding in findings:
            show(finding)
        for line in _summarize(read, findings, deletes, exceeded):
            click.echo(escape(line))
    if exceeded or read.errors or any(one.verdict != "safe" for one in findings):
        raise SystemExit(FOUND)


def _judge_all(changes: Sequence[Change], cwd: Path, stack: str | None) -> list[Finding]:
    """Return what changes in one account do; read each list once."""
    risky = [change for change in changes if change.kind != "keep"]
    if not risky:
        return [Finding(change) for change in changes]
    if changes[0].account == HIDDEN:
        return [Finding(change, unknown=["everything, because the plan hides the account"]) for change in changes]
    session = Session(cwd, stack, changes[0].account, needs_stack=False)
    backends = {backend.id: backend for backend in session.list_backends()}
    index = session.list_references()
    failure: NgrokError | None = None
    try:
        tunnels = list(session.client.list(TUNNELS))
    except NgrokError as error:
        failure = error
        refs = [ref for one in risky if one.id in backends for ref in backends[one.id].tunnels or ()]
        tunnels = list(session.client.get_tunnels(refs, error).values())
    return [
        _judge(session, change, backends.get(change.id), index, tunnels, failure)
        if change in risky
        else Finding(change)
        for change in changes
    ]


def _judge(
    session: Session,
    change: Change,
    backend: Backend | None,
    index: ReferenceIndex,
    tunnels: Sequence[Tunnel],
    failure: NgrokError | None,
) -> Finding:
    if backend is None:
        with session.explain_errors():
            try:
                backend = session.client.get(change.id)
            except NotFound as error:
                if change.fingerprint not in (None, session.account.fingerprint):
                    return Finding(
                        change, unknown=[f"another key saw it last, and this one does not find it ({error})"]
                    )
                return Finding(change, (), used_by=describe_use(index, change.id))  # it is gone already
    known = {tunnel.id: tunnel for tunnel in tunnels}
    named = {session.client.clean(ref.id) for ref in backend.tunnels or ()}
    serving = traffic.find_serving(change.id, change.before or {}, tunnels)
    members = {
        **{id_: known.get(id_, Tunnel(id_)) for id_ in sorted(named)},
        **{tunnel.id: tunnel for tunnel in serving},
    }
    unknown = []
    if backend.tunnels is None and (failure or not (change.before or any(tunnel.backends for tunnel in tunnels))):
        unknown.append(f"which tunnels are online ({failure or 'ngrok does not say it'})")
    if change.kind == "labels":
        if change.after is None or (members and change.before is None):
            unknown.append("which tunnels match the new labels, because the plan hides them")
            stops: Sequence[Tunnel] = ()
        elif unseen := [id_ for id_ in members if id_ not in known]:
            unknown.append(f"whether {join_names(unseen)} match the new labels ({failure})")
            stops = ()
        else:
            stops = traffic.find_moves(members.values(), change.after, tunnels).leaving
    else:
        stops = tuple(members.values())
        unknown += [f"whether the {kind}s use it" for kind in index.unlisted]
    return Finding(
        change,
        tuple(members.values()),
        stops,
        describe_use(index, change.id),
        bool(index.find_steps(change.id)),
        unknown,
    )


def _list_rows(finding: Finding) -> list[tuple[str, str]]:
    """Return what is shown of a finding, as names and texts."""
    rows = []
    if finding.change.kind != "keep":
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
    click.echo(escape(f"{change.name} ({change.id}): {_WORDS[change.kind]}, {finding.verdict}"))
    for name, text in _list_rows(finding):
        click.echo(f"  {name:<9}{escape(text)}")
    click.echo()


def _show_markdown(finding: Finding) -> None:
    change = finding.change
    click.echo(f"- **{_quote(change.name)}** ({change.id}): {_WORDS[change.kind]}, **{finding.verdict}**")
    for name, text in _list_rows(finding):
        click.echo(f"  - {name}: {_quote(text)}")


def _quote(text: str) -> str:
    """Return a text as Markdown shows it as it is."""
    return re.sub(r"([\\`*\[\]<>|~])", r"\\\1", escape(text)).replace("@", "&#64;")


def _summarize(plan: Plan, findings: Sequence[Finding], deletes: int, exceeded: bool) -> list[str]:
    """Return the last lines, which count."""
    counts = {verdict: sum(one.verdict == verdict for one in findings) for verdict in ("safe", "unknown")}
    risky = len(findings) - sum(counts.values())
    lines = [f"The preview failed, so it may not show every change: {error}" for error in plan.errors[:5]]
    changes = f"{len(findings)} change{'' if len(findings) == 1 else 's'}"
    line = f"{changes}: {risky} in use or stopping traffic, {counts['unknown']} unknown, {counts['safe']} safe."
    more = ", more than --max-deletes allows" if exceeded else ""
    gone = "is" if deletes == 1 else "are"
    return [*lines, f"{line} Of {count_backends(plan.backends)}, {deletes} {gone} deleted or replaced{more}."]


def _convert(plan: Plan, findings: Sequence[Finding], deletes: int) -> Mapping[str, Any]:
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
        "errors": plan.errors,
    }
