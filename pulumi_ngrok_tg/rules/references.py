"""Who refers to a backend, directly or through failover and weighted backends, and in what words."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.references import BACKENDS_ONLY, LISTS, References, Referrer, Target
from pulumi_ngrok_tg.rules.text import join_names

_SHOWN = 3  # paths of a backend that a line names


class Step(NamedTuple):
    """One reference: what refers, and the part of it that does."""

    referrer: Referrer
    target: Target


Path = tuple[Step, ...]
"""The references from a backend outwards: what refers to it, what refers to that, and so on."""


class ReferenceIndex:
    """The references of an account, by what they lead to.

    Args:
        references: what the account's lists say.
    """

    def __init__(self, references: References) -> None:
        self.unlisted = references.unlisted
        self._steps: dict[str, list[Step]] = {}
        for referrer in references.referrers:
            for target in referrer.targets:
                self._steps.setdefault(target.id, []).append(Step(referrer, target))
        self._paths: dict[str, list[Path]] = {}

    def find_paths(self, id_: str) -> list[Path]:
        """Returns the shortest way to each edge from which traffic reaches a backend.

        What refers to it and has no edge itself is a path of its own. Backends that refer to each other in a circle
        are followed once.
        """
        paths: list[Path] = []
        for step in self._steps.get(id_, []):
            further = self._find_edges(step.referrer)
            paths += [(step, *path) for path in further] or [(step,)]
        return paths

    def find_order(self, id_: str) -> list[Referrer] | None:
        """Returns the backends that refer to a backend, directly or not, such that none comes after what it refers to.

        None where they refer to each other in a circle.
        """
        order: dict[str, Referrer] = {}
        open_: set[str] = set()
        waiting: list[tuple[Referrer | None, bool]] = [(None, False)]
        while waiting:
            referrer, left = waiting.pop()
            at = id_ if referrer is None else referrer.id
            if left:
                open_.discard(at)
                if referrer is not None:
                    order[at] = referrer
            elif at in open_:
                return None
            elif at not in order:
                open_.add(at)
                waiting.append((referrer, True))
                waiting += [(step.referrer, False) for step in self._find_backends(at)]
        return list(order.values())

    def _find_backends(self, id_: str) -> list[Step]:
        return [step for step in self._steps.get(id_, []) if step.referrer.kind in BACKENDS_ONLY]

    def _find_edges(self, start: Referrer) -> list[Path]:
        """Returns the shortest way from what refers to a backend to each edge beyond it, nearest first."""
        if start.id not in self._paths:
            found: list[Path] = []
            seen = {start.id}
            waiting: deque[tuple[str, Path]] = deque([(start.id, ())])
            while waiting:
                id_, path = waiting.popleft()
                for step in self._steps.get(id_, []):
                    if step.referrer.kind not in BACKENDS_ONLY:
                        found.append((*path, step))
                    elif step.referrer.id not in seen:
                        seen.add(step.referrer.id)
                        waiting.append((step.referrer.id, (*path, step)))
            self._paths[start.id] = found
        return self._paths[start.id]


def is_in_use(index: ReferenceIndex, backend: Backend) -> bool | None:
    """Tells whether something refers to a backend, or a tunnel is online in it; None where that is unknown."""
    if index.find_paths(backend.id) or backend.tunnels:
        return True
    return None if index.unlisted or backend.tunnels is None else False


def describe_use(index: ReferenceIndex, id_: str) -> str:
    """Returns what refers to a backend: the first few paths, "nobody", or "unknown"."""
    paths = [describe_path(path) for path in index.find_paths(id_)]
    if not paths:
        return "unknown" if index.unlisted else "nobody"
    return join_names(paths, _SHOWN) + (", and unknown ones" if index.unlisted else "")


def describe_path(path: Path) -> str:
    """Returns the references from a backend outwards as one line."""
    return " ← ".join(map(_describe_step, path))


def describe_unlisted(unlisted: Mapping[str, Exception]) -> list[str]:
    """Returns a line for each kind of referrer that could not be listed."""
    return [
        f"{LISTS[kind].title} could not be listed, so who refers to a backend there is unknown. ({error})"
        for kind, error in unlisted.items()
    ]


def convert_use(index: ReferenceIndex, backend: Backend) -> dict[str, Any]:
    """Returns who refers to a backend, and whether it is in use, as the commands print it in JSON."""
    paths = [_convert_path(path) for path in index.find_paths(backend.id)]
    return {"references": paths, "in_use": is_in_use(index, backend)}


def _convert_path(path: Path) -> dict[str, Any]:
    referrer, target = path[-1]
    return {
        "kind": referrer.kind,
        "id": referrer.id,
        "name": referrer.name,
        "where": target.where,
        "enabled": all(step.target.enabled for step in path),
        "via": [step.referrer.id for step in path[:-1]],
    }


def explain_referenced(id_: str, index: ReferenceIndex) -> str:
    """Returns what refers to a backend that ngrok does not delete for that (ERR_NGROK_6502), and in which order to go.

    Args:
        id_: the backend's.
        index: of the failover and the weighted backends.
    """
    unknown = " ".join(describe_unlisted(index.unlisted))
    order = index.find_order(id_)
    if order == []:
        return unknown or "No failover or weighted backend that refers to it was found. Run it again."
    direct = dict.fromkeys(_describe_step(path[0]) for path in index.find_paths(id_))
    lines = [f"It is used by {join_names(list(direct))}. Take it out of {'this' if len(direct) == 1 else 'these'}"]
    if order is None:
        lines.append("; they refer to each other in a circle, so none can be deleted before that.")
    else:
        names = [f"{referrer.kind} {referrer.id}" for referrer in order]
        lines.append(f", or delete in this order: {', '.join([*names, id_])}.")
    return "".join(lines) + (f" {unknown}" if unknown else "")


def describe_old_edges(index: ReferenceIndex, id_: str) -> str:
    """Returns the line for a replacement that leaves edges with the old id; "" where none is known to."""
    edges = _name_edges(index.find_paths(id_))
    if edges:
        return f"{join_names(edges)} will still refer to {id_}, which is deleted. Give them the new id"
    if index.unlisted:
        return f"which edges refer to {id_} could not be found out ({next(iter(index.unlisted.values()))})"
    return ""


def _name_edges(paths: Iterable[Path]) -> list[str]:
    return list(dict.fromkeys(_describe_step(path[-1]) for path in paths))


def _describe_step(step: Step) -> str:
    referrer, target = step
    if referrer.kind in BACKENDS_ONLY:
        named = f"{referrer.kind} {referrer.id}" + (f' "{referrer.name}"' if referrer.name else "")
    else:
        named = " ".join(filter(None, (referrer.kind, referrer.name or referrer.id, target.where)))
    return named if target.enabled else f"{named} (disabled)"
