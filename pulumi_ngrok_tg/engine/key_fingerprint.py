"""Accepts that a backend is gone only under the API key that saw it last.

To a key of another account, every backend is "not found".
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pulumi_ngrok_tg.accounts.clients import Account
from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.engine import dynamic_server
from pulumi_ngrok_tg.rules import advice
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.outputs import FINGERPRINT


@contextmanager
def accept_gone(outputs: Mapping[str, Any], account: Account) -> Iterator[None]:
    """Accept that a backend to be deleted is already gone; raise ProviderError under another key."""
    try:
        yield
    except NotFound as error:
        require_same_key(error, outputs, account)


def require_same_key(error: NotFound, outputs: Mapping[str, Any], account: Account) -> None:
    """Raise ProviderError if a "not found" comes under another key than the one that saw the backend last."""
    if not is_same_key(outputs, account):
        raise ProviderError(
            advice.explain_gone_under_another_key(error, account.source, dynamic_server.find_urn())
        ) from error


def is_same_key(outputs: Mapping[str, Any], account: Account) -> bool:
    """Tell whether the current key saw the backend last; True if the state does not say which key did."""
    return bool(outputs.get(FINGERPRINT, account.fingerprint) == account.fingerprint)
