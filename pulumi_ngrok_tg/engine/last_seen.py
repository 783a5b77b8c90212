"""Whose word is believed that a backend is gone: that of the key that saw it last, and no other's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pulumi_ngrok_tg.accounts.clients import Account
from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.engine import upstream
from pulumi_ngrok_tg.rules import advice
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.outputs import FINGERPRINT


@contextmanager
def accept_gone(outputs: Mapping[str, Any], account: Account) -> Iterator[None]:
    """Go on where a backend that is to be deleted is gone already."""
    try:
        yield
    except NotFound as error:
        require_same_key(error, outputs, account)


def require_same_key(error: NotFound, outputs: Mapping[str, Any], account: Account) -> None:
    """Believe that a backend is gone only where the key that saw it last says so, or none is known."""
    if not is_same_key(outputs, account):
        raise ProviderError(
            advice.explain_gone_under_another_key(error, account.source, upstream.find_urn())
        ) from error


def is_same_key(outputs: Mapping[str, Any], account: Account) -> bool:
    """Tell whether the current key is the one that saw a backend last, or none is known."""
    return bool(outputs.get(FINGERPRINT, account.fingerprint) == account.fingerprint)
