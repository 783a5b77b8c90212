"""When a backend is gone, and not only out of sight.

A 404 can come from a proxy, from a wrong address, from an API that ngrok withdraws, or with a code that ngrok will make
up tomorrow. So there are two proofs, and all else is an error: ngrok's own code for it, or a complete list of the
account's backends that does not show it.
"""

from collections.abc import Callable

from pulumi_ngrok_tg.api.errors import ApiError, NgrokError, NotFound

_GONE = 6514
_OF_THE_ACCOUNT = {*range(200, 300), 635, 5000, 5001, 6500, 6526, 6527, 7008, 7196, 27204}
"""Codes that speak of the account, its plan or the request; no list makes a backend gone then."""


def find_absence(error: ApiError, is_listed: Callable[[], bool]) -> NotFound | None:
    """Return the error that says that a backend is gone, or None where that is not proven.

    Args:
        error: the response to a request about this backend alone.
        is_listed: reads the list of backends to its end and tells whether it shows this one; raises NgrokError where
            the list cannot be read. Called only where the code alone is no proof.
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
