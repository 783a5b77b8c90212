"""Decides whether a 404 proves that a backend is gone.

A 404 can come from a proxy, from a wrong address, from an API that ngrok withdraws, or with a code that ngrok has yet
to invent. Two things prove that a backend is gone: ngrok's own code for it, and a complete list of the account's
backends without it. Everything else is an error.
"""

from collections.abc import Callable

from pulumi_ngrok_tg.api.errors import ApiError, NgrokError, NotFound

_GONE = 6514
_OF_THE_ACCOUNT = {*range(200, 300), 635, 5000, 5001, 6500, 6526, 6527, 7008, 7196, 27204}
"""Codes about the account, its plan or the request. With these, not even a list proves that a backend is gone."""


def find_absence(error: ApiError, is_listed: Callable[[], bool]) -> NotFound | None:
    """Return a NotFound if a response proves that a backend is gone, else None.

    Args:
        error: the response to a request about this backend alone.
        is_listed: reads the whole list of backends and returns whether it holds this one; raises NgrokError if the
            list cannot be read. Called only if the code alone proves nothing.
    """
    if error.status != 404 or not error.code:
        return None
    if error.code != _GONE:
        try:
            if error.code in _OF_THE_ACCOUNT or is_listed():
                return None
        except NgrokError:
            return None
    gone = NotFound(str(error), error.status, error.code)
    gone.after_lost = error.after_lost
    return gone
