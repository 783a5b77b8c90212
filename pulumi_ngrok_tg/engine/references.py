"""Names what refers to a backend if ngrok refuses to delete it for that reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from math import inf

from pulumi_ngrok_tg.accounts.clients import Account
from pulumi_ngrok_tg.api.errors import ApiError
from pulumi_ngrok_tg.api.references import BACKENDS_ONLY, REFERENCED, list_references
from pulumi_ngrok_tg.rules import advice
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.references import ReferenceIndex, explain_referenced


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
