"""What a change does to traffic: which of the tunnels online leave a backend, stay in it or join it, and in what words.

A tunnel is in a backend when it carries all of its labels, case-sensitive; in one without labels there is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pulumi_ngrok_tg.api.models import Ref, Tunnel
from pulumi_ngrok_tg.config import ON_TRAFFIC_LOSS

UNKNOWN = "which online tunnels leave or join is not known before `pulumi up`: the new labels depend on other resources"
"""The line for labels that a preview does not know yet."""
_NAMED = 5  # tunnels in one line
_ALLOW = f"or allow it with `pulumi config set {ON_TRAFFIC_LOSS} warn`"


class Refused(Exception):
    """A change that was not made for the traffic that it would cost, said in one line that ends in what to do."""


class Moves(NamedTuple):
    """What the tunnels online do when a backend's labels change."""

    leaving: tuple[Tunnel, ...]
    staying: tuple[Tunnel, ...]
    joining: tuple[Tunnel, ...]


def carries(tunnel: Tunnel, labels: Mapping[str, str]) -> bool:
    """Tells whether a tunnel is in a backend with these labels."""
    return bool(labels) and labels.items() <= tunnel.labels.items()


def moves(before: Mapping[str, str], after: Mapping[str, str], tunnels: Iterable[Tunnel]) -> Moves:
    """Returns who leaves, stays and joins.

    Args:
        before: the labels of the backend now.
        after: the labels to come; none where the backend goes.
        tunnels: those online in the account.
    """
    there = [(tunnel, carries(tunnel, before), carries(tunnel, after)) for tunnel in tunnels]
    return Moves(
        tuple(tunnel for tunnel, was, will in there if was and not will),
        tuple(tunnel for tunnel, was, will in there if was and will),
        tuple(tunnel for tunnel, was, will in there if will and not was),
    )


def told(moved: Moves) -> str:
    """Returns the line that tells of the moves, "" where nothing moves."""
    leaving, staying, joining = moved
    if leaving:
        who = f"{len(leaving)} of {len(leaving) + len(staying)} online tunnels {_verb(leaving, 'leave')}"
        if not staying:
            who = f"ALL {len(leaving)} online tunnels leave" if len(leaving) > 1 else "the ONLY online tunnel leaves"
        end = "" if staying or joining else ": NOTHING is left to serve the traffic of this backend"
        return f"{who} ({_named(leaving)}), {_counted(staying, 'stay')}, {_joining(joining)}{end}"
    if joining:
        who = f"{len(joining)} online tunnel{'s' if len(joining) > 1 else ''} {_verb(joining, 'join')}"
        return f"{who} ({_named(joining)}), {_counted(staying, 'stay')}"
    return ""


def not_found_out(last_seen: int, why: Exception) -> str:
    """Returns the line for a change of which nobody can tell what it does.

    Args:
        last_seen: how many tunnels were online when the backend was last read.
        why: what kept the tunnels from being listed.
    """
    reason = str(why).rstrip(".")
    if last_seen == 0:
        return f"no tunnel was online when it was last read; whether one is now could not be found out ({reason})"
    seen = "1 tunnel was" if last_seen == 1 else f"{last_seen} tunnels were"
    which = "whether it carries" if last_seen == 1 else "which of them carry"
    return f"{seen} online when it was last read; {which} the new labels could not be found out ({reason})"


def refused_change(line: str) -> str:
    """Returns the line for a change of labels that was refused; ``line`` is what it would do."""
    return (
        f'Not changed, as {ON_TRAFFIC_LOSS} is "refuse": {line}. First have the tunnels carry the new labels, too '
        f"(they may carry more than their backend asks for), or stop those that leave; {_ALLOW}."
    )


def refused_replacement(line: str) -> str:
    """Returns the line for a replacement that was refused; ``line`` is what it would do."""
    return f'Not replaced, as {ON_TRAFFIC_LOSS} is "refuse": {line}. Stop the tunnels first, {_ALLOW}.'


def refused_delete(id_: str, online: Sequence[Ref]) -> str:
    """Returns the line for a delete that was refused.

    Args:
        id_: the backend's.
        online: the tunnels in it.
    """
    there = "1 tunnel is" if len(online) == 1 else f"{len(online)} tunnels are"
    return (
        f'{id_} was not deleted, as {ON_TRAFFIC_LOSS} is "refuse": {there} online in it ({_named(online)}). Stop '
        f"{'it' if len(online) == 1 else 'them'} first, {_ALLOW} (a `pulumi destroy` heeds that with --run-program)."
    )


def _named(tunnels: Sequence[Tunnel | Ref]) -> str:
    names = ", ".join(map(_name, tunnels[:_NAMED]))
    return names + (f" and {len(tunnels) - _NAMED} more" if len(tunnels) > _NAMED else "")


def _name(tunnel: Tunnel | Ref) -> str:
    upstream = tunnel.forwards_to if isinstance(tunnel, Tunnel) else ""
    return f"{tunnel.id} -> {upstream}" if upstream else tunnel.id


def _joining(tunnels: Sequence[Tunnel]) -> str:
    return _counted(tunnels, "join") + (f" ({_named(tunnels)})" if tunnels else "")


def _counted(tunnels: Sequence[Tunnel], verb: str) -> str:
    return f"{len(tunnels) or 'none'} {_verb(tunnels, verb)}"


def _verb(tunnels: Sequence[Tunnel], verb: str) -> str:
    """The verb for so many tunnels; none takes the singular."""
    return verb if len(tunnels) > 1 else f"{verb}s"
