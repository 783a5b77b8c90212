"""Reads what uses a backend: the tunnels in it, and what refers to it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_ngrok_tg.accounts.clients import Account
from pulumi_ngrok_tg.api.errors import ApiError, NgrokError, Unreadable
from pulumi_ngrok_tg.api.models import TUNNELS, Backend, Ref, Tunnel
from pulumi_ngrok_tg.api.references import BACKENDS_ONLY, REFERENCED, list_references
from pulumi_ngrok_tg.rules import advice, traffic
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.reference_index import ReferenceIndex, explain_referenced

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client


class Seen(NamedTuple):
    """The tunnels in a backend."""

    members: Sequence[Tunnel]
    labels: Mapping[str, str]
    """The backend's, as ngrok holds them."""
    tunnels: Sequence[Tunnel]
    """The tunnels online in the account, as far as they are known."""
    failure: NgrokError | None
    """Why the tunnels online could not be listed."""
    are_known: bool
    """Whether the labels of all members are known."""


def read_members(client: "Client", id_: str, read: Callable[[], Backend]) -> Seen:
    """Return the tunnels in a backend: those that it names, and those that the list of tunnels assigns to it.

    Raises:
        Unreadable: the backend does not name its tunnels.
        NgrokError: the backend cannot be read.
    """
    tunnels: Sequence[Tunnel] = ()
    failure = None
    try:
        tunnels = client.list(TUNNELS, max_age=client.settings.snapshot_max_age)  # first, as it may have to wait
    except NgrokError as error:
        failure = error
    backend = read()
    if backend.tunnels is None:
        raise Unreadable(f"ngrok does not say which tunnels are in {id_}.")
    if failure is not None:
        tunnels = [*client.get_tunnels(backend.tunnels, failure).values()]
    named = [client.clean(ref.id) for ref in backend.tunnels]
    members = traffic.find_members(id_, named, [backend.labels], tunnels)
    are_known = failure is None or {one.id for one in tunnels} >= {one.id for one in members}
    return Seen(members, backend.labels, tunnels, failure, are_known)


def name_tunnel(client: "Client", ref: Ref) -> Tunnel:
    """Return a tunnel of which only the id is known."""
    return Tunnel(client.clean(ref.id))


def list_all_references(client: "Client", since: float, advisory: bool = False) -> ReferenceIndex:
    """Return what refers to the account's backends, as listed since a moment of the monotonic clock."""
    return ReferenceIndex(list_references(partial(client.list, since=since, advisory=advisory)))


def read_refs(state: Mapping[str, Any]) -> list[Ref] | None:
    """Return the tunnels that a state names; None if it names none because ngrok did not."""
    tunnels = state.get("tunnels")
    return None if tunnels is None else [Ref(str(one.get("id", "")), "") for one in tunnels if isinstance(one, Mapping)]


@contextmanager
def explain_references(account: Account, id_: str) -> Iterator[None]:
    """Add the referring backends to ngrok's error "still referenced"; list them only then, once in an operation.

    Raises:
        ProviderError: ngrok refuses to delete the backend for that reason.
    """
    try:
        yield
    except ApiError as error:
        if error.code != REFERENCED:
            raise
        index = ReferenceIndex(list_references(partial(account.client.list, max_age=inf), BACKENDS_ONLY))
        line = advice.explain(error, account.source, recorded=True)
        raise ProviderError(f"{line} {explain_referenced(id_, index)}") from error
