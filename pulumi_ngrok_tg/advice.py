"""What a user of Pulumi does about an error: the API's facts in, one line out."""

import shlex

from pulumi_ngrok_tg.api.errors import (
    ApiError,
    ConnectionFailed,
    FateUnknown,
    GaveUp,
    InvalidId,
    NgrokError,
    NotApplied,
    ServerError,
)
from pulumi_ngrok_tg.config import DEFAULT_NAMESPACE, OPTIONS

BY_CODE = {
    **dict.fromkeys(
        (200, 201, 202, 203, 206, 207, 208),
        "Set a valid API key (not a tunnel authtoken or a key id): `pulumi config set --secret {namespace}:apiKey`. "
        "Plain `pulumi refresh` and `pulumi destroy` use the key recorded by the last `pulumi up`; "
        "`pulumi up` and the option --run-program use the current one.",
    ),
    204: "The account's plan does not include the ngrok API; upgrade it.",
    205: "The account is suspended; contact ngrok support.",
    220: "The account's IP policy does not admit this machine; run from an admitted address or change the policy.",
    247: "The account is suspended for non-payment; settle the bill.",
    635: "The API key may not write; use one that may.",
    **dict.fromkeys(
        (381, 6027),
        "An edge and an endpoint want the same host and port; remove that host and port from the edge, or the "
        "endpoint, then try again.",
    ),
    5000: "Remove what is no longer needed, or ask ngrok for a higher limit.",
    6500: "The account's plan does not include backends; contact ngrok support.",
    6502: "Another backend or an edge route still refers to it; remove that reference first, then delete it.",
    6526: "Check the id.",
    6527: "The id is of another kind of backend; check the id.",
    7008: "ngrok has withdrawn edges and backends from this account; the resource stays in the state until you decide. "
    "Move the traffic to internal endpoints, then remove it with `pulumi state delete`.",
    27204: "Is {namespace}:apiBaseUrl wrong, or a proxy in between?",
    7196: "ngrok lets this account read its edges and backends, but no longer change them. Leave the program as it is "
    "deployed, move the traffic to internal endpoints, then remove the resource with `pulumi state delete`; or ask "
    "ngrok support for write access.",
}
"""ERR_NGROK code (https://ngrok.com/docs/errors/reference) to what to do; ``{namespace}`` is the account's."""


def explain(error: NgrokError, namespace: str) -> str:
    """Returns the error as one line that ends in what to do.

    Args:
        error: what kept a call from succeeding.
        namespace: the configuration namespace of the account, such as ``ngrok`` or ``ngrok-eu``.
    """
    return f"{error} {_advice(error, namespace)}".rstrip()


def missing(error: NgrokError, id_: str) -> str:
    """Returns the line for a backend that a program names by its id, and that ngrok does not find."""
    return f"There is no backend {id_} in this account. Check the id and the account. ({error})"


def gone_under_another_key(error: NgrokError, namespace: str, urn: str) -> str:
    """Returns the line for a backend that the current key does not find, and that another key has seen before.

    Args:
        error: ngrok's "not found".
        namespace: the configuration namespace of the account.
        urn: the resource's, or "".
    """
    key = f"{namespace}:apiKey" + (" or NGROK_API_KEY" if namespace == DEFAULT_NAMESPACE else "")
    command = f"`pulumi state delete {shlex.quote(urn)}`" if urn else "`pulumi state delete`"
    return (
        f"{error} Another API key saw this backend last, or the same one at another address, and to a key of another "
        f'account every backend is "not found": the state stays as it is. If this is another account\'s key or '
        f"address, set the right one ({key}; {namespace}:apiBaseUrl). If it is a new key of the same account, and the "
        f"backend is really gone, drop it from the state with {command}."
    )


def _advice(error: NgrokError, namespace: str) -> str:
    if isinstance(error, ApiError) and error.code in BY_CODE:
        return BY_CODE[error.code].format(namespace=namespace)
    if isinstance(error, GaveUp):
        return f"Try again later, or raise {OPTIONS}:maxWaitSeconds."
    if isinstance(error, NotApplied):
        return "Run `pulumi refresh` to see what it holds now."
    if isinstance(error, InvalidId):
        return "Check the id."
    if isinstance(error, FateUnknown):
        account = (
            "" if namespace == DEFAULT_NAMESPACE else f" --account {namespace.removeprefix(f'{DEFAULT_NAMESPACE}-')}"
        )
        return (
            "Look for it before you run `pulumi up` again, which would create one more: `pulumi-ngrok-tg orphans "
            f"--all-stacks{account}` names what no stack manages, and how to bring it in or delete it."
        )
    if error.foreign or (isinstance(error, ApiError) and not error.code):  # each of ngrok's own has one
        return f"Is a proxy in between, or {namespace}:apiBaseUrl wrong?"
    if isinstance(error, ConnectionFailed) and not error.arrived:
        return f"See to the network, HTTPS_PROXY and {namespace}:apiBaseUrl, then run it again."
    if isinstance(error, ConnectionFailed | ServerError):
        return "Run it again."
    if isinstance(error, ApiError):
        return f"See https://ngrok.com/docs/errors/err_ngrok_{error.code}."
    return ""
