"""Finds out what previewed changes do to traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_ngrok_tg.api.errors import NgrokError, NotFound, Unsettled
from pulumi_ngrok_tg.api.models import TUNNELS, Backend, Tunnel
from pulumi_ngrok_tg.cli.plan import HIDDEN, Change
from pulumi_ngrok_tg.cli.session import Session
from pulumi_ngrok_tg.rules import traffic
from pulumi_ngrok_tg.rules.reference_index import ReferenceIndex, describe_use
from pulumi_ngrok_tg.rules.wording import join_names

_MOST_MISSING = 20  # backends that were not listed and are read one by one


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
    is_gone: bool = False
    """Whether ngrok does not have the backend any more."""

    @property
    def verdict(self) -> str:
        """``in use`` (``stops traffic`` for labels), ``unknown``, or ``safe``."""
        if self.change.kind == "keep" or self.is_gone:
            return "safe"
        if self.stops or (self.is_referred_to and self.change.kind != "labels"):
            return "stops traffic" if self.change.kind == "labels" else "in use"
        return "unknown" if self.unknown else "safe"


def judge(changes: Sequence[Change], cwd: Path, stack: str | None) -> list[Finding]:
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
    absent = [change for change in risky if change.id not in backends]
    missing = {change.id: _explain_missing(session, change) for change in absent[:_MOST_MISSING]}
    findings = []
    for change in changes:
        if change.kind == "keep":
            findings.append(Finding(change))
        elif change.id in backends:
            findings.append(_judge_one(session, change, backends[change.id], index, tunnels, failure))
        else:
            why = missing.get(change.id, "ngrok did not list it, and it was not read by itself")
            findings.append(Finding(change, unknown=[why] if why else [], is_gone=not why))
    return findings


def _explain_missing(session: Session, change: Change) -> str:
    """Return why it is unknown what becomes of a backend that was not listed; "" if it is gone."""
    if change.fingerprint != session.account.fingerprint:
        return "this key does not find it, and the state does not say that this key ever saw it"
    with session.explain_errors():
        try:
            session.client.get(change.id, change.created_at)
        except NotFound:
            return ""
        except Unsettled as error:
            return str(error)
    return "ngrok did not list it, but has it; run this again"


def _judge_one(
    session: Session,
    change: Change,
    backend: Backend,
    index: ReferenceIndex,
    tunnels: Sequence[Tunnel],
    failure: NgrokError | None,
) -> Finding:
    """Return what a change does to a backend that ngrok has."""
    known = {tunnel.id for tunnel in tunnels}
    named = sorted({session.client.clean(ref.id) for ref in backend.tunnels or ()})
    # Labels that the plan hides are not read from ngrok either.
    labels = [change.before, backend.labels] if change.before is not None else []
    members = traffic.find_members(change.id, named, labels or [{}], tunnels)
    unknown = []
    named_by_list = any(tunnel.backends for tunnel in tunnels)
    tunnels_unknown = backend.tunnels is None and (failure is not None or not (labels or named_by_list))
    if tunnels_unknown:
        unknown.append(f"which tunnels are online ({failure or 'ngrok does not say it'})")
    if change.kind == "labels":
        if change.after is None or (members and change.before is None):
            unknown.append("which tunnels match the new labels, because the plan does not show them")
            stops: Sequence[Tunnel] = ()
        elif unseen := [one.id for one in members if one.id not in known]:
            unknown.append(f"whether {join_names(unseen)} match the new labels ({failure})")
            stops = ()
        else:
            stops = traffic.find_moves(members, change.after, tunnels).leaving
    else:
        stops = members
        unknown += [f"whether the {kind}s use it" for kind in index.unlisted]
    return Finding(
        change,
        None if tunnels_unknown and not members else members,
        stops,
        describe_use(index, change.id),
        bool(index.find_steps(change.id)),
        unknown,
    )
