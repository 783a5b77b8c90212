"""Finds and describes what refers to a backend, directly or through failover and weighted backends."""

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from pulumi_ngrok_tg.api.errors import NgrokError
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.references import BACKENDS_ONLY, References, Referrer, Target
from pulumi_ngrok_tg.rules.wording import join_names

_SHOWN = 3  # paths that a line names
_ORDERED = 5  # backends that a line names in the order of their deletes


class Step(NamedTuple):
    """One reference: the referrer, and the part of it that names the backend."""

    referrer: Referrer
    target: Target


Path = tuple[Step, ...]
"""References from a backend outwards: first what refers to it, then what refers to that, and so on."""


class ReferenceIndex:
    """The references of an account, by the backend that they lead to.

    Args:
        references: the account's references.
    """

    def __init__(self, references: References) -> None:
        self.unlisted = references.unlisted
        self.referrers = references.referrers
        self._steps: dict[str, list[Step]] = {}
        for referrer in references.referrers:
            for target in referrer.targets:
                self._steps.setdefault(target.id, []).append(Step(referrer, target))
        self._paths: dict[str, list[Path]] = {}

    def find_steps(self, id_: str) -> list[Step]:
        """Return the references that name a backend themselves."""
        return self._steps.get(id_, [])

    def find_paths(self, id_: str) -> Iterator[Path]:
        """Yield the shortest path to each edge from which traffic reaches a backend.

        A referrer that no edge uses is a path of its own. Backends that refer to each other in a circle are followed
        once.
        """
        for step in self.find_steps(id_):
            yield from ((step, *path) for path in self._find_edges(step.referrer) or [()])

    def count_paths(self, id_: str) -> int:
        """Return how many paths :meth:`find_paths` yields."""
        return sum(len(self._find_edges(step.referrer)) or 1 for step in self.find_steps(id_))

    def find_order(self, id_: str) -> list[Referrer] | None:
        """Return the backends that refer to a backend, directly or not, in an order in which they can be deleted.

        None if they refer to each other in a circle.
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
        return [step for step in self.find_steps(id_) if step.referrer.kind in BACKENDS_ONLY]

    def _find_edges(self, start: Referrer) -> list[Path]:
        """Return a path from a referrer to each edge beyond it: an enabled one if there is one."""
        if start.id not in self._paths:
            walks = (self._walk(start.id, enabled_only) for enabled_only in (False, True))
            # By the edge's id: a hash of a referrer reads all its targets.
            found = {(path[-1].referrer.id, path[-1].target): path for walk in walks for path in walk}
            self._paths[start.id] = sorted(found.values(), key=len)
        return self._paths[start.id]

    def _walk(self, start: str, enabled_only: bool) -> Iterator[Path]:
        """Yield the shortest path to each edge, nearest first."""
        seen = {start}
        waiting: deque[tuple[str, Path]] = deque([(start, ())])
        while waiting:
            id_, path = waiting.popleft()
            for step in self.find_steps(id_):
                if enabled_only and not step.target.enabled:
                    continue
                if step.referrer.kind not in BACKENDS_ONLY:
                    yield (*path, step)
                elif step.referrer.id not in seen:
                    seen.add(step.referrer.id)
                    waiting.append((step.referrer.id, (*path, step)))


def is_in_use(index: ReferenceIndex, backend: Backend) -> bool | None:
    """Tell whether something refers to a backend, or a tunnel is online in it; None if that is unknown."""
    if index.find_steps(backend.id) or backend.tunnels:
        return True
    return None if index.unlisted or backend.tunnels is None else False


def describe_use(index: ReferenceIndex, id_: str) -> str:
    """Return what refers to a backend: the first few paths, "nobody", or "unknown"."""
    paths = [describe_path(path) for path in islice(index.find_paths(id_), _SHOWN)]
    if not paths:
        return "unknown" if index.unlisted else "nobody"
    more = index.count_paths(id_) - len(paths)
    rest = [f"{more} more"] * (more > 0) + ["and unknown ones"] * bool(index.unlisted)
    return "; ".join([*paths, *rest])  # a path holds commas


def name_referrers(index: ReferenceIndex, id_: str) -> list[str]:
    """Return the name of each reference that names a backend itself."""
    return list(dict.fromkeys(map(_describe_step, index.find_steps(id_))))


def describe_path(path: Path) -> str:
    """Return the references from a backend outwards as one line."""
    return " ← ".join(map(_describe_step, path))


def describe_unlisted(unlisted: Mapping[str, NgrokError]) -> list[str]:
    """Return a line for each reason why some kinds of referrers could not be listed."""
    groups: dict[tuple[type, int], list[str]] = {}
    for kind, error in unlisted.items():
        groups.setdefault((type(error), getattr(error, "code", 0)), []).append(kind)
    lines = []
    for kinds in groups.values():
        names = ", ".join(f"the {kind} backends" if kind in BACKENDS_ONLY else f"the {kind}s" for kind in kinds)
        why = str(unlisted[kinds[0]]).rstrip(".")
        lines.append(f"Could not list {names} ({why}), so it is unknown which of them use a backend.")
    return lines


def convert_references(index: ReferenceIndex | None) -> dict[str, Any]:
    """Return all references, and what could not be listed, for the JSON of the commands; null if they were not read."""
    if index is None:
        return {"references": None, "unlisted": None}
    references = [
        {
            "kind": referrer.kind,
            "id": referrer.shown,
            "name": referrer.name,
            "targets": [vars(target) for target in referrer.targets],
        }
        for referrer in index.referrers
    ]
    unlisted = [{"kind": kind, "reason": str(error)} for kind, error in index.unlisted.items()]
    return {"references": references, "unlisted": unlisted}


def explain_referenced(id_: str, index: ReferenceIndex) -> str:
    """Return what refers to a backend that ngrok refuses to delete (ERR_NGROK_6502), and the order of the deletes.

    Args:
        id_: the backend's id.
        index: the references of failover and weighted backends, without edges.
    """
    unknown = " ".join(describe_unlisted(index.unlisted))
    order = index.find_order(id_)
    if order == []:
        return unknown or f"The lists show no failover or weighted backend that refers to {id_}. Run it again."
    line = f"It is used by {join_names(name_referrers(index, id_))}"
    if order is None:
        line += ". Some of these refer to each other in a circle; remove such references before you delete any of them."
    elif len(order) <= _ORDERED and not unknown:
        names = [f"{referrer.kind} {referrer.shown}" for referrer in order]
        line += f". Or delete in this order: {', '.join([*names, id_])}."
    else:
        line += "."
    edges = "Edges may use these backends, too: see `pulumi-ngrok-tg list --references`."
    return " ".join(filter(None, (line, edges, unknown)))


def describe_old_edges(index: ReferenceIndex, id_: str) -> str:
    """Return the line about what refers to a backend that is replaced; "" if nothing is known to refer to it.

    Args:
        index: the references of the old backend's account.
        id_: the old backend's id.
    """
    direct = {_describe_step(step): step.referrer.kind in BACKENDS_ONLY for step in index.find_steps(id_)}
    edges = [name for name, is_backend in direct.items() if not is_backend]
    backends = [name for name, is_backend in direct.items() if is_backend]
    lines = []
    if edges:
        lines.append(f"{join_names(edges)} will still refer to {id_}, which is deleted: put the new id there")
    if backends:
        lines.append(
            f"{join_names(backends)} {'refers' if len(backends) == 1 else 'refer'} to {id_}, so ngrok will not delete "
            "it (ERR_NGROK_6502): put the new id there"
        )
    if index.unlisted:
        why = str(next(iter(index.unlisted.values()))).rstrip(".")
        lines.append(f"ngrok did not list everything that may refer to {id_} ({why})")
    return "; ".join(lines)


def name_referrer(referrer: Referrer) -> str:
    """Return the kind of an edge with its addresses, or of a backend with its id and description."""
    if referrer.kind not in BACKENDS_ONLY:
        return f"{referrer.kind} {referrer.name or referrer.shown}"
    quoted = referrer.name.replace('"', "'")
    return f"{referrer.kind} {referrer.shown}" + (f' "{quoted}"' if quoted else "")


def _describe_step(step: Step) -> str:
    referrer, target = step
    where = f" {target.where}" if target.where and referrer.kind not in BACKENDS_ONLY else ""
    return name_referrer(referrer) + where + ("" if target.enabled else " (disabled)")
