"""What a change does to traffic: which of the tunnels online leave a backend, stay in it or join it, and in what words.

A tunnel is in a backend when it carries all of its labels, case-sensitive; in one without labels there is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pulumi_ngrok_tg.accounts.config import ON_TRAFFIC_LOSS
from pulumi_ngrok_tg.api.models import Tunnel
from pulumi_ngrok_tg.rules.text import join_names

UNKNOWN_LABELS = (
    "which online tunnels leave or join is not known before `pulumi up`: the new labels depend on other resources"
)
"""The line for labels that a preview does not know yet."""
UNKNOWN_ACCOUNT = (
    "whether all online tunnels leave is not known before `pulumi up`: the account depends on other resources"
)
"""The line for an account that a preview does not know yet."""
_LONGEST = 100  # characters of a name
_ALLOW = f"or allow it with `pulumi config set {ON_TRAFFIC_LOSS} warn`"
_DESTROY = "For `pulumi destroy`, add --run-program so that the new setting applies."


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


def find_serving(id_: str, labels: Mapping[str, str], tunnels: Sequence[Tunnel]) -> list[Tunnel]:
    """Returns which of an account's tunnels are in a backend: as the API says, or by the rule where it does not say.

    The API's word holds also where the labels were changed behind the stack's back.
    """
    said = any(tunnel.backends for tunnel in tunnels)
    return [tunnel for tunnel in tunnels if (id_ in tunnel.backends if said else carries(tunnel, labels))]


def find_moves(members: Iterable[Tunnel], after: Mapping[str, str], tunnels: Iterable[Tunnel]) -> Moves:
    """Returns who leaves, stays and joins.

    Args:
        members: the tunnels that are in the backend now.
        after: the labels to come; none where the backend goes.
        tunnels: those online in the account. A member that is none of them counts as one that leaves.
    """
    now, online = {tunnel.id: tunnel for tunnel in members}, {tunnel.id: tunnel for tunnel in tunnels}
    everyone = [*online.values(), *(tunnel for id_, tunnel in now.items() if id_ not in online)]
    there = [(tunnel, tunnel.id in now, carries(tunnel, after)) for tunnel in everyone]
    return Moves(
        tuple(tunnel for tunnel, was, will in there if was and not will),
        tuple(tunnel for tunnel, was, will in there if was and will),
        tuple(tunnel for tunnel, was, will in there if will and not was),
    )


def describe_moves(moved: Moves) -> str:
    """Returns the line that tells of the moves, "" where nothing moves."""
    leaving, staying, joining = moved
    if leaving:
        who = f"{len(leaving)} of {len(leaving) + len(staying)} online tunnels {_inflect(leaving, 'leave')}"
        if not staying:
            who = f"ALL {len(leaving)} online tunnels leave" if len(leaving) > 1 else "the ONLY online tunnel leaves"
        end = "" if staying or joining else ": NOTHING is left to serve the traffic of this backend"
        return f"{who} ({_name_tunnels(leaving)}), {_count(staying, 'stay')}, {_describe_joining(joining)}{end}"
    if joining:
        who = f"{len(joining)} online tunnel{'s' if len(joining) > 1 else ''} {_inflect(joining, 'join')}"
        return f"{who} ({_name_tunnels(joining)}), {_count(staying, 'stay')}"
    return ""


def describe_unknown(seen: int | None, after: Mapping[str, str], why: Exception) -> str:
    """Returns the line for a change of which nobody can tell what it does.

    Args:
        seen: how many tunnels were online when the backend was last read; None where that is not known either.
        after: the labels to come; none where the backend goes.
        why: what kept the tunnels from being listed.
    """
    reason = str(why).rstrip(".")
    if seen is None:
        return f"how many tunnels are online could not be found out ({reason})"
    if seen == 0:
        return f"no tunnel was online when it was last read; whether one is now could not be found out ({reason})"
    there = "1 tunnel was" if seen == 1 else f"{seen} tunnels were"
    if not after:
        return f"{there} online when it was last read, and ALL leave; which are now could not be found out ({reason})"
    which = "whether it carries" if seen == 1 else "which of them carry"
    return f"{there} online when it was last read; {which} the new labels could not be found out ({reason})"


def refuse_change(line: str) -> str:
    """Returns the line for a change of labels that was refused; ``line`` is what it would do."""
    return (
        f'Not changed, as {ON_TRAFFIC_LOSS} is "refuse": {line}. First start the tunnels with labels that fit both '
        f"(where a value changes, go by way of a label that both carry), or stop those that leave; {_ALLOW}."
    )


def refuse_replacement(line: str) -> str:
    """Returns the line for a replacement that was refused; ``line`` is what it would do."""
    return f'Not replaced, as {ON_TRAFFIC_LOSS} is "refuse": {line}. Stop the tunnels first, {_ALLOW}.'


def refuse_delete(id_: str, online: Sequence[Tunnel]) -> str:
    """Returns the line for a delete that was refused.

    Args:
        id_: the backend's.
        online: the tunnels in it.
    """
    there = "1 tunnel is" if len(online) == 1 else f"{len(online)} tunnels are"
    return (
        f'{id_} was not deleted, as {ON_TRAFFIC_LOSS} is "refuse": {there} online in it ({_name_tunnels(online)}). '
        f"Stop {'it' if len(online) == 1 else 'them'} first, {_ALLOW}. {_DESTROY}"
    )


def refuse_create_unread(why: str) -> str:
    """Returns the line for a resource of which nobody knows whether its create replaces a backend."""
    return (
        f'Not created, as {ON_TRAFFIC_LOSS} is "refuse" and the stack\'s state could not be read to see whether this '
        f"replaces a backend ({why}). Try again later, {_ALLOW}."
    )


def refuse_delete_unseen(id_: str, why: Exception) -> str:
    """Returns the line for a delete that was refused because nobody knows which tunnels are online."""
    return (
        f'{id_} was not deleted, as {ON_TRAFFIC_LOSS} is "refuse": which tunnels are online in it could not be found '
        f"out ({str(why).rstrip('.')}). Try again later, {_ALLOW}. {_DESTROY}"
    )


def _name_tunnels(tunnels: Sequence[Tunnel]) -> str:
    return join_names([_name_tunnel(tunnel) for tunnel in tunnels])


def _name_tunnel(tunnel: Tunnel) -> str:
    name = f"{tunnel.id} -> {tunnel.forwards_to}" if tunnel.forwards_to else tunnel.id
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def _describe_joining(tunnels: Sequence[Tunnel]) -> str:
    return _count(tunnels, "join") + (f" ({_name_tunnels(tunnels)})" if tunnels else "")


def _count(tunnels: Sequence[Tunnel], verb: str) -> str:
    return f"{len(tunnels) or 'none'} {_inflect(tunnels, verb)}"


def _inflect(tunnels: Sequence[Tunnel], verb: str) -> str:
    """The verb for so many tunnels; none takes the singular."""
    return verb if len(tunnels) > 1 else f"{verb}s"
