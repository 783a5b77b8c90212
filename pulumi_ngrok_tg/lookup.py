"""Look-ups: what an account has, for a program that does not manage it. Read-only, in a preview, too.

A dynamic provider cannot serve functions (its Invoke is not implemented, pulumi 3.272), so these ask ngrok from the
program itself, with the same settings. All look-ups by labels of one run share one listing of each account, and those
by id share another.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pulumi
from pulumi.runtime import get_config

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.api.errors import NgrokError
from pulumi_ngrok_tg.lookup_results import (
    GetTunnelGroupBackendResult,
    GetTunnelGroupBackendsResult,
    LookupArgs,
    LookupFailed,
    find_all,
    find_one,
)
from pulumi_ngrok_tg.program import account_listing, sdk_internals
from pulumi_ngrok_tg.rules import advice, properties


def get_tunnel_group_backend(
    id: str | None = None,
    labels: Mapping[str, str] | None = None,
    account: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetTunnelGroupBackendResult:
    """Look up a backend by its id, or as the only one with some labels.

    Args:
        id: the backend's id, ``bkdtg_...``.
        labels: labels that it has; it may have more.
        account: the name of the ngrok account, as for ``TunnelGroupBackend``.
        opts: Pulumi's options for functions.

    Raises:
        pulumi.RunError: there is no such backend, or several have these labels (the message lists them); or the
            request to ngrok failed.
    """
    result: GetTunnelGroupBackendResult = _invoke(_ONE, LookupArgs(id, labels, account, account_listing.EVER), opts)
    return result


def get_tunnel_group_backend_output(
    id: pulumi.Input[str | None] | None = None,
    labels: pulumi.Input[Mapping[str, pulumi.Input[str]] | None] | None = None,
    account: pulumi.Input[str | None] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetTunnelGroupBackendResult]:
    """Look up a backend as :func:`get_tunnel_group_backend` does, with inputs that may be outputs.

    In a preview, the result is unknown if an input is, or if a resource in ``depends_on`` does not exist yet. It is
    secret if an input is.
    """
    result: pulumi.Output[GetTunnelGroupBackendResult] = _invoke_output(_ONE, id, labels, account, opts)
    return result


def get_tunnel_group_backends(
    labels: Mapping[str, str] | None = None,
    account: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetTunnelGroupBackendsResult:
    """Look up all backends with some labels.

    Args:
        labels: labels that they have; they may have more. None or {}: every backend of the account.
        account: the name of the ngrok account, as for ``TunnelGroupBackend``.
        opts: Pulumi's options for functions.

    Raises:
        pulumi.RunError: the request to ngrok failed.
    """
    result: GetTunnelGroupBackendsResult = _invoke(_ALL, LookupArgs(None, labels, account, account_listing.EVER), opts)
    return result


def get_tunnel_group_backends_output(
    labels: pulumi.Input[Mapping[str, pulumi.Input[str]] | None] | None = None,
    account: pulumi.Input[str | None] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetTunnelGroupBackendsResult]:
    """Look up backends as :func:`get_tunnel_group_backends` does, with inputs that may be outputs.

    In a preview, the result is unknown if an input is, or if a resource in ``depends_on`` does not exist yet. It is
    secret if an input is.
    """
    result: pulumi.Output[GetTunnelGroupBackendsResult] = _invoke_output(_ALL, None, labels, account, opts)
    return result


class _Lookup(NamedTuple):
    """A kind of look-up."""

    function: str
    """The function's name, for messages."""
    token: str
    """The token that Pulumi's mocks get."""
    find: Callable[[account_listing.ListedAccount, LookupArgs], Any]
    result: type


_ONE = _Lookup("get_tunnel_group_backend", "ngrok:index:getTunnelGroupBackend", find_one, GetTunnelGroupBackendResult)
_ALL = _Lookup(
    "get_tunnel_group_backends", "ngrok:index:getTunnelGroupBackends", find_all, GetTunnelGroupBackendsResult
)


def _invoke(lookup: _Lookup, args: LookupArgs, opts: pulumi.InvokeOptions | None) -> Any:
    """Look up; only mocks get Pulumi's options."""
    if sdk_internals.is_mocked():
        given = {"id": args.id, "labels": args.labels, "account": args.account}
        return pulumi.runtime.invoke(lookup.token, given, opts, typ=lookup.result).value
    try:
        _check(lookup, args)
        return lookup.find(account_listing.find_account(args.account), args)
    except NgrokError as error:
        line = advice.explain(error, stack_config.locate(get_config, args.account))
        raise pulumi.RunError(f"{lookup.function}: {_hide(line, args)}") from (None if args.secret else error)
    except (LookupFailed, stack_config.ConfigError) as error:
        raise pulumi.RunError(f"{lookup.function}: {_hide(str(error), args)}") from (None if args.secret else error)


def _hide(line: str, args: LookupArgs) -> str:
    """Remove id and account from a message if an input is secret; such messages never hold labels."""
    if not args.secret:
        return line
    for secret in (args.id, args.account):
        if isinstance(secret, str) and secret:
            line = line.replace(repr(secret)[1:-1], "[secret]").replace(secret, "[secret]")
    return line


def _check(lookup: _Lookup, args: LookupArgs) -> None:
    """Raise LookupFailed for inputs that cannot be looked up."""
    labels = args.labels if isinstance(args.labels, Mapping) else {}
    if any(isinstance(value, pulumi.Output) for value in (*args[:3], *labels.values())):
        raise LookupFailed(f"an input is an output, whose value is not known here. Use {lookup.function}_output.")
    try:
        for key in labels:
            properties.require_label_key(key, plain=not args.secret)
    except ValueError as error:
        raise LookupFailed(str(error)) from error
    _, problems = properties.check({"labels": args.labels, "account": args.account}, () if args.secret else labels)
    if problems:
        raise LookupFailed(problems[0].reason)


def _invoke_output(lookup: _Lookup, id_: Any, labels: Any, account: Any, opts: pulumi.InvokeOptions | None) -> Any:
    """Look up once the inputs are known and the dependencies exist."""
    depends_on = getattr(opts, "depends_on", None)
    inputs = pulumi.Output.all(id_, labels, account)

    async def look_up(given: list[Any]) -> Any:
        after = account_listing.EVER if depends_on is None else time.monotonic()
        args = LookupArgs(given[0], given[1], given[2], after, await inputs.is_secret())
        if sdk_internals.is_mocked():
            return _invoke(lookup, args, opts)
        # In a thread, so that the program's event loop goes on during the request.
        return await asyncio.to_thread(_invoke, lookup, args, opts)

    return pulumi.Output.all(inputs, pulumi.Output.from_input(depends_on).apply(_await_creation)).apply(
        lambda given: look_up(given[0])
    )


def _await_creation(resources: Any) -> Any:
    """Return an output that is known once the resources exist; in a preview, it stays unknown until they do."""
    if isinstance(resources, pulumi.CustomResource):
        return resources.id
    if isinstance(resources, pulumi.Resource):
        # If upstream has changed (no _childResources), a component exists once its URN is known.
        return pulumi.Output.all(resources.urn, *map(_await_creation, getattr(resources, "_childResources", ())))
    return pulumi.Output.all(
        *(pulumi.Output.from_input(resource).apply(_await_creation) for resource in resources or ())
    )
