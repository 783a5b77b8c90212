"""Finds and describes what a change does to traffic: which online tunnels leave a backend, stay or join.

A tunnel is in a backend if it carries all of the backend's labels, case-sensitive. A backend without labels has none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pulumi_ngrok_tg.accounts.stack_config import ON_TRAFFIC_LOSS
from pulumi_ngrok_tg.api.models import Tunnel
from pulumi_ngrok_tg.rules.wording import join_names

UNKNOWN_LABELS = (
    "which online tunnels lose traffic is known only in `pulumi up`, because the new labels depend on other resources"
)
"""The line for labels that are unknown in a preview."""
UNKNOWN_ACCOUNT = (
    "whether all online tunnels lose traffic is known only in `pulumi up`, because the account depends on other "
    "resources"
)
"""The line for an account that is unknown in a preview."""
UNLESS_RETAINED = ", unless an earlier update has recorded retain_on_delete: Pulumi goes by the option in the state"
"""What follows the line about a replacement by a resource with ``retain_on_delete``."""
_LONGEST = 100  # characters of a name
_ALLOW = f"or allow it with `pulumi config set {ON_TRAFFIC_LOSS} warn`"
_DESTROY = (
    "So that the new setting applies, add --run-program to `pulumi destroy`; if the program declares no backend any "
    "more, declare this one again for one `pulumi up`."
)


class Refused(Exception):
    """A change was refused because it would stop traffic. The message is one line that ends in what to do."""


class Moves(NamedTuple):
    """The online tunnels that leave, stay and join when a backend's labels change."""

    leaving: tuple[Tunnel, ...]
    staying: tuple[Tunnel, ...]
    joining: tuple[Tunnel, ...]


def carries(tunnel: Tunnel, labels: Mapping[str, str]) -> bool:
    """Tell whether a tunnel is in a backend with these labels."""
    return bool(labels) and labels.items() <= tunnel.labels.items()


def find_serving(id_: str, labels: Mapping[str, str], tunnels: Sequence[Tunnel]) -> list[Tunnel]:
    """Return which of an account's tunnels are in a backend.

    If the API names the backends of tunnels, that counts: somebody may have changed labels at ngrok since the last
    refresh. Else the labels count.
    """
    named = any(tunnel.backends for tunnel in tunnels)
    return [tunnel for tunnel in tunnels if (id_ in tunnel.backends if named else carries(tunnel, labels))]


def find_members(
    id_: str, named: Iterable[str], labels: Iterable[Mapping[str, str]], tunnels: Sequence[Tunnel]
) -> list[Tunnel]:
    """Return the tunnels in a backend: those that it names, and those that the list of tunnels assigns to it.

    Args:
        id_: the backend's id.
        named: the ids of the tunnels that it names. Of one that is not in ``tunnels``, only the id is known.
        labels: the labels that it has or may have.
        tunnels: the tunnels online, as far as they are known.
    """
    known = {tunnel.id: tunnel for tunnel in tunnels}
    members = {one: known.get(one, Tunnel(one)) for one in named}
    for some in labels:
        members |= {tunnel.id: tunnel for tunnel in find_serving(id_, some, tunnels)}
    return list(members.values())


def find_moves(members: Iterable[Tunnel], after: Mapping[str, str], tunnels: Iterable[Tunnel]) -> Moves:
    """Return the tunnels that leave, stay and join.

    Args:
        members: the tunnels that are in the backend now.
        after: the new labels; empty if the backend is deleted.
        tunnels: the tunnels online in the account. A member that is not among them counts as leaving.
    """
    now, online = {tunnel.id: tunnel for tunnel in members}, {tunnel.id: tunnel for tunnel in tunnels}
    everyone = [*online.values(), *(tunnel for id_, tunnel in now.items() if id_ not in online)]
    there = [(tunnel, tunnel.id in now, carries(tunnel, after)) for tunnel in everyone]
    return Moves(
        tuple(tunnel for tunnel, was, will in there if was and not will),
        tuple(tunnel for tunnel, was, will in there if was and will),
        tuple(tunnel for tunnel, was, will in there if will and not was),
    )


def describe_moves(moved: Moves, sees_all: bool = True) -> str:
    """Return the line about the online tunnels that lose and get traffic; "" if nothing changes.

    Without ``sees_all``, only the tunnels in the backend are known, so that others may join.
    """
    leaving, staying, joining = moved
    if leaving:
        if staying:
            stops = f"{len(leaving)} of {len(leaving) + len(staying)} online tunnels"
        else:
            stops = f"ALL {len(leaving)} online tunnels" if len(leaving) > 1 else "the ONLY online tunnel"
        line = f"stops traffic to {stops} ({_name_tunnels(leaving)})"
        if not sees_all:
            return f"{line}; {_count_serving(staying)}, and others may be added"
        if not staying and not joining:
            return f"{line}: NOTHING is left to serve this backend"
        added = f"{_count(joining)} added" + (f" ({_name_tunnels(joining)})" if joining else "")
        return f"{line}; {_count_serving(staying)}, {added}"
    if joining:
        tunnels = "tunnel" if len(joining) == 1 else "tunnels"
        return f"adds {len(joining)} online {tunnels} ({_name_tunnels(joining)}); {_count_serving(staying)}"
    return ""


def describe_unknown(seen: int | None, after: Mapping[str, str], why: Exception) -> str:
    """Return the line about a change whose effect on traffic is unknown.

    Args:
        seen: how many tunnels were online when the backend was last read; None if that is unknown, too.
        after: the new labels; empty if the backend is deleted.
        why: why the tunnels could not be listed.
    """
    reason = str(why).rstrip(".")
    if seen is None:
        return f"ngrok did not say how many tunnels are online ({reason})"
    if seen == 0:
        return f"no tunnel was online when it was last read; ngrok did not say whether one is now ({reason})"
    there = "1 tunnel was" if seen == 1 else f"{seen} tunnels were"
    if not after:
        return f"stops traffic to all online tunnels: {there} online when it was last read ({reason})"
    which = "whether it matches" if seen == 1 else "which of them match"
    return f"{there} online when it was last read; ngrok did not say {which} the new labels ({reason})"


def refuse_change(line: str) -> str:
    """Return the line for a refused change of labels; ``line`` says what it would do."""
    return (
        f'Not changed, because {ON_TRAFFIC_LOSS} is "refuse": {line}. First restart the agents with labels that match '
        f'the old and the new labels (docs: "Changing labels without a gap"), or stop them, {_ALLOW}.'
    )


def refuse_replacement(line: str) -> str:
    """Return the line for a refused replacement; ``line`` says what it would do."""
    return (
        f'Not replaced, because {ON_TRAFFIC_LOSS} is "refuse": {line}. Declare a second backend, put its id into what '
        f"refers to this one, and move the tunnels; then remove this one. Or stop the tunnels, {_ALLOW}."
    )


def refuse_delete(id_: str, reasons: Sequence[str]) -> str:
    """Return the line for a refused delete; each of ``reasons`` is a clause about what uses the backend."""
    return (
        f'{id_} was not deleted, because {ON_TRAFFIC_LOSS} is "refuse": {"; ".join(reasons)}. Stop the tunnels and put '
        f"another backend into what refers to it first, {_ALLOW}. {_DESTROY}"
    )


def describe_online(tunnels: Sequence[Tunnel], seen_now: bool = True) -> str:
    """Return the clause about the tunnels that are online in a backend, or were when it was last read."""
    count = f"{len(tunnels)} tunnel{'' if len(tunnels) == 1 else 's'}"
    if seen_now:
        return f"{count} {'is' if len(tunnels) == 1 else 'are'} online in it ({_name_tunnels(tunnels)})"
    was = "was" if len(tunnels) == 1 else "were"
    return f"{count} {was} online in it when it was last read ({_name_tunnels(tunnels)})"


def describe_referrers(referrers: Sequence[str]) -> str:
    """Return the clause about what refers to a backend."""
    return f"{join_names(referrers)} {'refers' if len(referrers) == 1 else 'refer'} to it"


def describe_delete(id_: str, uses: Sequence[str], unknown: Exception | None = None) -> str:
    """Return the line about a delete of a backend, with each of its uses as a clause; "" if nothing is known to use it.

    Args:
        id_: the backend's id.
        uses: the clauses.
        unknown: why not everything that may use it could be listed.
    """
    rest = f"; ngrok did not list everything that may use it ({str(unknown).rstrip('.')})" if unknown else ""
    return f"deletes {id_} while {' and '.join(uses)}{rest}" if uses else ""


def describe_delete_unseen(id_: str, why: Exception) -> str:
    """Return the line about deletes of which it is unknown what they stop; it stands for all of a run."""
    reason = str(why).rstrip(".")
    line = f"ngrok did not say whether something uses {id_}, which is deleted ({reason})"
    return f"{line}; nor of others for which no use is named"


def refuse_create_unread(why: str) -> str:
    """Return the line for a refused create of which it is unknown whether it replaces a backend."""
    return (
        f'Not created, because {ON_TRAFFIC_LOSS} is "refuse" and it is unknown whether this replaces a backend: the '
        f"stack's state could not be read ({why}). Try again later, {_ALLOW}."
    )


def refuse_delete_unseen(id_: str, why: Exception) -> str:
    """Return the line for a delete that was refused because it is unknown which tunnels are online."""
    return (
        f'{id_} was not deleted, because {ON_TRAFFIC_LOSS} is "refuse": ngrok did not say which tunnels are online in '
        f"it ({str(why).rstrip('.')}). Try again later, {_ALLOW}. {_DESTROY}"
    )


def _name_tunnels(tunnels: Sequence[Tunnel]) -> str:
    return join_names([name_tunnel(tunnel) for tunnel in tunnels])


def name_tunnel(tunnel: Tunnel) -> str:
    """Return a tunnel's id and upstream, shortened."""
    name = f"{tunnel.id} -> {tunnel.forwards_to}" if tunnel.forwards_to else tunnel.id
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def _count_serving(tunnels: Sequence[Tunnel]) -> str:
    return f"{len(tunnels) or 'none'} {'keep' if len(tunnels) > 1 else 'keeps'} serving"


def _count(tunnels: Sequence[Tunnel]) -> str:
    return f"{len(tunnels) or 'none'} {'are' if len(tunnels) > 1 else 'is'}"
