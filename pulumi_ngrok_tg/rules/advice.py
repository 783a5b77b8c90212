"""Adds to an error what a user of Pulumi can do about it, in one line."""

import shlex
from collections.abc import Sequence

from pulumi_ngrok_tg.accounts.stack_config import OPTIONS, ConfigError, MissingKey, Source
from pulumi_ngrok_tg.api.errors import (
    ApiError,
    Cancelled,
    ConnectionFailed,
    FateUnknown,
    GaveUp,
    InvalidId,
    NgrokError,
    NotApplied,
    NotFound,
    ServerError,
    UnexpectedResponse,
    Unsendable,
    Unsettled,
    Untrusted,
)

_BAD_KEY = (200, 201, 202, 203, 206, 207, 208)
BY_CODE = {
    **dict.fromkeys(
        _BAD_KEY,
        "Use a valid API key (not a tunnel authtoken or a key id): {set_key}.",
    ),
    204: "The account's plan does not include the ngrok API. Upgrade it.",
    205: "The account is suspended; contact ngrok support.",
    220: "The account's IP policy does not admit this machine; run from an admitted address or change the policy.",
    247: "The account is suspended for non-payment; settle the bill.",
    635: "The API key has no permission to write; use a key that has it.",
    **dict.fromkeys(
        (381, 6027),
        "An edge and an endpoint use the same host and port. Remove these from the edge, or remove the endpoint, then "
        "run it again.",
    ),
    5000: "Delete objects that the account no longer needs, or ask ngrok for a higher limit.",
    6500: "The account's plan does not include backends; contact ngrok support.",
    6502: "Remove it from the failover or weighted backends that refer to it.",
    6526: "Check the id.",
    6527: "The id is of another kind of backend; check the id.",
    6503: "Shorten the description.",
    6504: "Shorten the metadata.",
    6508: "Use fewer labels.",
    6509: "Use label keys of another length.",
    6510: "Use label values of another length.",
    7008: "ngrok has withdrawn edges and backends from this account; the resource stays in the state until you decide. "
    "Move the traffic to internal endpoints, then remove it with `pulumi state delete` (unprotect it first if needed).",
    27204: "Check the API's address ({base_url}), and whether a proxy is in between.",
    7196: "ngrok lets this account read its edges and backends, but no longer change them. Leave the program as it is "
    "deployed, move the traffic to internal endpoints, then remove the resource with `pulumi state delete` (unprotect "
    "it first if needed); or ask ngrok support for write access.",
}
"""What to do, by ERR_NGROK code (https://ngrok.com/docs/errors/reference). Braces name fields of a ``Source``."""
_RECORDED = (
    "If that is done: --refresh, `pulumi refresh` and `pulumi destroy` use the key that the last `pulumi up` recorded. "
    "Run `pulumi up` without --refresh first, or add --run-program."
)


class ProviderError(Exception):
    """A call of the engine failed. The message is one line that ends in what to do."""


def explain(error: NgrokError, source: Source, recorded: bool = False) -> str:
    """Return the error as one line that ends in what to do.

    Args:
        error: the error of a call to ngrok.
        source: where the settings of the account come from.
        recorded: whether the engine may have used the config of an earlier run.
    """
    line = f"{error} {_advice(error, source)}".rstrip()
    bad_key = isinstance(error, ApiError) and error.code in _BAD_KEY
    return f"{line} {_RECORDED}" if bad_key and recorded and ":" in source.api_key else line


def explain_bad_setting(error: ConfigError, account: str | None) -> str:
    """Return the line for a setting of a resource's account that is missing or malformed."""
    if not isinstance(error, MissingKey):
        return str(error)
    remedy = "a named account needs the default provider" if account else "set NGROK_API_KEY"
    return f"{error} If the resource has an explicit provider (provider=...), it gets no stack config: {remedy}."


def explain_missing(error: NgrokError, id_: str) -> str:
    """Return the line for a backend that the program names by its id and ngrok does not find."""
    return f"There is no backend {id_} in this account. Check the id and the account. ({error})"


def explain_deleted(error: NgrokError, id_: str) -> str:
    """Return the line for a backend that is gone when an update comes."""
    return f"The backend {id_} no longer exists. Run `pulumi refresh`, then `pulumi up` to create it. ({error})"


def explain_unknown(names: Sequence[str]) -> str:
    """Return the line for a write with an input that is not known."""
    is_one = len(names) == 1
    return (
        f"Nothing was sent, because the {'value of' if is_one else 'values of'} {', '.join(names)} "
        f"{'is' if is_one else 'are'} unknown: {'it depends' if is_one else 'they depend'} on a resource that this run "
        "leaves out (--exclude, --target) or has not created. Include that resource, or leave this one out, too "
        "(--exclude-dependents)."
    )


LOST_GUARD = (
    "This version of Pulumi's SDK does not say which resource a call is about, so replacements that stop traffic, and "
    "two resources that adopt one backend, are not noticed. Use a version from docs/compatibility.md."
)
"""The line for resources that cannot be guarded."""


def explain_gone_under_another_key(error: NgrokError, source: Source, urn: str) -> str:
    """Return the line for a backend that the current key does not find, and another key saw last.

    Args:
        error: ngrok's "not found".
        source: where the settings of the account come from.
        urn: the resource's URN, or "".
    """
    command = f"`pulumi state delete {shlex.quote(urn)}`" if urn else "`pulumi state delete`"
    return (
        f"{error} Another API key saw this backend last, or the same key at another address. To a key of another "
        f'account every backend is "not found", so the state stays as it is. If this is another account\'s key or '
        f"address, set the right one ({source.api_key}; {source.base_url}). If it is a new key of the same account, "
        f"and the backend was deleted, remove it from the state with {command}."
    )


def _advice(error: NgrokError, source: Source) -> str:
    """Return what to do; of a 404 that does not say that the backend is gone, also how to let it go."""
    advice = _advise(error, source)
    is_vague = isinstance(error, ApiError | UnexpectedResponse) and error.status == 404
    is_known = isinstance(error, NotFound | Unsettled) or (isinstance(error, ApiError) and error.code in BY_CODE)
    if is_known or not is_vague:
        return advice
    return f"{advice} The state keeps the backend; if it is gone, remove it with `pulumi state delete`."


def _advise(error: NgrokError, source: Source) -> str:
    if isinstance(error, ApiError) and error.code in BY_CODE:
        return BY_CODE[error.code].format(set_key=source.set_key, base_url=source.base_url)
    if isinstance(error, GaveUp):
        return f"Try again later, or raise {OPTIONS}:maxWaitSeconds."
    if isinstance(error, NotApplied):
        return "Run `pulumi refresh` to see what it holds now."
    if isinstance(error, InvalidId):
        return "Check the id."
    if isinstance(error, FateUnknown):
        account = f" --account {source.account}" if source.account else ""
        return (
            "A plain `pulumi up` would create one more backend. Run `PULUMI_NGROK_TG_ADOPT=identical pulumi up` "
            "instead, which adopts the backend if it exists. `pulumi-ngrok-tg orphans"
            f"{account}` shows the backends that no stack manages."
        )
    if isinstance(error, Untrusted):
        return (
            "If your network inspects TLS, set REQUESTS_CA_BUNDLE to a file with its CA (SSL_CERT_FILE is not read); "
            "Python 3.13 and newer also reject a CA without key identifiers."
        )
    if isinstance(error, Unsendable):
        return "Correct that setting, then run it again."
    if isinstance(error, Unsettled):
        return "Run it again in a minute."
    if isinstance(error, Cancelled):
        return ""
    if error.foreign or (isinstance(error, ApiError) and not error.code):  # each of ngrok's own has one
        return f"Check whether a proxy is in between, and the API's address ({source.base_url})."
    if isinstance(error, ConnectionFailed) and not error.arrived:
        return f"Check the network, HTTPS_PROXY and the API's address ({source.base_url}), then run it again."
    if isinstance(error, ConnectionFailed | ServerError):
        return "Run it again."
    if isinstance(error, ApiError):
        return f"See https://ngrok.com/docs/errors/err_ngrok_{error.code}."
    return ""
