"""Names who refers to a backend, where that keeps ngrok from deleting it."""

from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_ngrok_tg.accounts.clients import Account
from pulumi_ngrok_tg.api.errors import ApiError
from pulumi_ngrok_tg.api.references import REFERENCED
from pulumi_ngrok_tg.rules import advice
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.references import ReferenceIndex, explain_referenced


@contextmanager
def explain_references(account: Account, id_: str) -> Iterator[None]:
    """Add to ngrok's "still referenced" which backends refer to this one; list them on that error only, once a run.

    Raises:
        ProviderError: ngrok does not delete the backend for that.
    """
    try:
        yield
    except ApiError as error:
        if error.code != REFERENCED:
            raise
        index = ReferenceIndex(account.client.find_referring_backends())
        line = advice.explain(error, account.source, recorded=True)
        raise ProviderError(f"{line} {explain_referenced(id_, index)}") from error
