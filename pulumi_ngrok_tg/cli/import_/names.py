"""Chooses names for resources and variables, the same ones in every run."""

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping

from pulumi_ngrok_tg.api.models import Backend

_LONGEST = 48
_LONGEST_VARIABLE = 50  # so that the formatter does not wrap its line
_AVOIDED = {*keyword.kwlist, *keyword.softkwlist, "l"}  # "l" looks like a one (E741)


def choose_resource_names(
    backends: Iterable[Backend], given: Mapping[str, str], preferred: Mapping[str, str], taken: Iterable[str] = ()
) -> dict[str, str]:
    """Return a name for each backend, by its id; older backends first, so that new ones do not change their names.

    Args:
        backends: all backends of the account, so that names do not depend on the selection.
        given: the names that some backends already have, by id.
        preferred: the names that other backends should get if these are free, by id.
        taken: names that are not free.
    """
    names = dict(given)
    used = {*taken, *given.values()}
    for backend in sorted(backends, key=lambda b: (b.id not in preferred, b.created, b.id)):
        if backend.id in given:
            continue
        wanted = [preferred[backend.id]] if backend.id in preferred else _suggest_names(backend)
        random = backend.id.partition("_")[2]
        candidates = [*wanted, *(f"{wanted[0]}-{random[-length:]}" for length in range(6, len(random)))]
        names[backend.id] = next((name for name in candidates if name not in used), backend.id)
        used.add(names[backend.id])
    return names


def choose_variable_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return a Python identifier for each resource name, in ASCII, because Python normalizes other identifiers."""
    variables: dict[str, str] = {}
    used = {*taken}
    for name in names:
        wanted = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower()[:_LONGEST_VARIABLE].rstrip("_") or "backend"
        if wanted[0].isdigit():
            wanted = f"backend_{wanted}"
        if wanted in _AVOIDED or hasattr(builtins, wanted):
            wanted = f"{wanted}_"
        variables[name] = next(candidate for candidate in _number(wanted) if candidate not in used)
        used.add(variables[name])
    return variables


def _suggest_names(backend: Backend) -> list[str]:
    """Return names that a person might choose, best first: from the description if that is short, from the labels."""
    labels = "-".join(value or key for key, value in sorted(backend.labels.items()))
    slugs = [slug for text in (backend.description, labels) if (slug := _slugify(text))]
    return [slug for slug in slugs if len(slug) <= _LONGEST] or [(slugs or ["backend"])[0][:_LONGEST].rstrip("-._")]


def _slugify(text: str) -> str:
    return re.sub(r"[^\w.]+", "-", text.lower()).strip("-._")


def _number(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1
