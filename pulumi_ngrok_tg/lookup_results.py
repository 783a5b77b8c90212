"""The results of look-ups, found in an account's list of backends."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pulumi

from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.program import account_listing
from pulumi_ngrok_tg.resource import TunnelRef
from pulumi_ngrok_tg.rules import advice
from pulumi_ngrok_tg.rules.wording import join_labels, join_names


@pulumi.output_type
class GetTunnelGroupBackendResult(dict[str, Any]):
    """A tunnel group backend as ngrok holds it."""

    id: str
    """The backend's id, ``bkdtg_...``."""
    uri: str
    """The URI of the backend in ngrok's API."""
    created_at: str
    """When the backend was created, RFC 3339."""
    description: str
    """What the backend is for, for humans; "" if it has none."""
    metadata: str
    """Data for machines, as the API holds it; "" if it has none."""
    labels: Mapping[str, str]
    """The labels that a tunnel must carry to receive traffic."""
    tunnels: Sequence[TunnelRef]
    """The tunnels online in it."""


@pulumi.output_type
class GetTunnelGroupBackendsResult(dict[str, Any]):
    """Tunnel group backends as ngrok holds them."""

    backends: Sequence[GetTunnelGroupBackendResult]
    """The backends, newest first."""


class LookupArgs(NamedTuple):
    """The inputs of a look-up."""

    id: str | None
    labels: Mapping[str, str] | None
    account: str | None
    after: float
    """When all dependencies existed (``time.monotonic()``). The result must not be older."""
    secret: bool = False
    """Whether one of the inputs is secret. Messages then show neither inputs nor candidates."""


class LookupFailed(Exception):
    """A look-up has no result; the message says why."""


def find_one(account: account_listing.ListedAccount, args: LookupArgs) -> GetTunnelGroupBackendResult:
    """Return the backend with an id, or the only one with some labels.

    Raises:
        LookupFailed: there is none, or more than one.
        NgrokError: the request to ngrok failed.
    """
    if args.id is not None and args.labels is None:
        try:
            return _build_result(account.read(args.id, args.after))
        except NotFound as error:
            raise LookupFailed(advice.explain_missing(error, args.id)) from error
    if not args.labels or args.id is not None:
        raise LookupFailed("give either an id or labels.")
    found = account.find_carrying(args.labels, args.after)
    if not found:
        there = account.find_carrying({}, args.after)
        wanted = "these labels" if args.secret else f"the labels {escape(join_labels(args.labels))}"
        held = f"The account has {_summarize(there, args.secret)}" if there else "The account has no backends"
        raise LookupFailed(f"no backend of this account carries {wanted}. {held}. Check the labels and the account.")
    if len(found) > 1:
        held = _summarize(found, args.secret)
        raise LookupFailed(f"several backends carry these labels: {held}. Give more labels, or the id.")
    return _build_result(found[0])


def find_all(account: account_listing.ListedAccount, args: LookupArgs) -> GetTunnelGroupBackendsResult:
    """Return all backends with some labels; raise NgrokError if the request to ngrok failed."""
    found = account.find_carrying(args.labels or {}, args.after)
    result: GetTunnelGroupBackendsResult = _make(
        GetTunnelGroupBackendsResult, backends=[_build_result(backend) for backend in found]
    )
    return result


def _build_result(backend: Backend) -> GetTunnelGroupBackendResult:
    result: GetTunnelGroupBackendResult = _make(
        GetTunnelGroupBackendResult,
        id=backend.id,
        uri=backend.uri,
        created_at=backend.created_at,
        description=backend.description,
        metadata=backend.metadata,
        labels=dict(backend.labels),
        tunnels=[_make(TunnelRef, id=tunnel.id, uri=tunnel.uri) for tunnel in backend.tunnels or ()],
    )
    return result


def _make(kind: Any, **properties: Any) -> Any:
    """Construct an output type; type checkers do not know the constructor that Pulumi adds."""
    return kind(**properties)


def _summarize(backends: Sequence[Backend], secret: bool) -> str:
    """List the first few backends with their labels; only count them if their labels may be secret."""
    if secret:
        return f"{len(backends)} backend{'' if len(backends) == 1 else 's'}"
    shown = [escape(f"{backend.id} ({join_labels(backend.labels) or 'no labels'})") for backend in backends]
    return join_names(shown)
