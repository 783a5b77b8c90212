"""The errors of calls to ngrok."""

from collections.abc import Sequence
from typing import Any


class NgrokError(Exception):
    """A call to ngrok that did not succeed. ``str()`` is one line, with no credential in it."""

    foreign: bool = False
    """True if the response does not look like ngrok's own: a proxy's page, another server."""
    listed: Sequence[Any] = ()
    """The objects that a list had read before it failed."""


class InvalidId(NgrokError):
    """A text that is not the id of a tunnel group backend. Nothing was sent."""


class ConnectionFailed(NgrokError):
    """There is no readable response. ``arrived`` is False if the request certainly never reached the server."""

    def __init__(self, message: str, arrived: bool, foreign: bool = False) -> None:
        super().__init__(message)
        self.arrived = arrived
        self.foreign = foreign


class Unsendable(NgrokError):
    """A setting of this machine keeps the request from being sent. Nothing was sent, and a retry does not help."""


class UnexpectedResponse(NgrokError):
    """A response that is not ngrok's: a proxy's page, a redirect, a body of another shape. Says nothing of backends."""

    foreign = True

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Untrusted(Unsendable):
    """A server whose TLS certificate is not trusted. Nothing was sent."""


class Unreadable(UnexpectedResponse):
    """A successful response whose body is not what was requested."""


class Cancelled(NgrokError):
    """The operation was cancelled while the call waited."""


class GaveUp(NgrokError):
    """The call would have to wait longer than one call may (``max_wait_seconds``)."""


class NotApplied(NgrokError):
    """ngrok reported success for a write, but kept other values than those requested."""


class FateUnknown(NgrokError):
    """A backend may have been created; whether it was could not be found out."""


class ApiError(NgrokError):
    """An error response."""

    def __init__(
        self, message: str, status: int, code: int = 0, retry_after: float | None = None, foreign: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        """The number in ``ERR_NGROK_nnn`` (https://ngrok.com/docs/errors/reference), or 0."""
        self.retry_after = retry_after
        """Seconds to wait, if the response names them."""
        self.foreign = foreign
        self.after_lost = False
        """True if an earlier attempt of the same request, such as a delete, may have had its effect."""


class NotFound(ApiError):
    """ngrok's own code for a backend that does not exist (ERR_NGROK_6514, with 404); nothing else says that it is gone.

    Other 404s come from proxies and wrong addresses; an API is withdrawn by 404s with new codes and by empty lists.
    """


class Unsettled(ApiError):
    """As :class:`NotFound`, but of a backend that is only seconds old: a server of ngrok's may not have seen it yet."""


class Limited(ApiError):
    """One of ngrok's limits was reached, or another server sent a 429. The request had no effect."""


class ServerError(ApiError):
    """A 5xx or 408, from ngrok or from a proxy. A write may have had its effect."""


def is_lost(error: NgrokError) -> bool:
    """Tell whether a write that ended with this error may have had its effect."""
    return error.arrived if isinstance(error, ConnectionFailed) else isinstance(error, ServerError | UnexpectedResponse)


def is_everyones(error: BaseException) -> bool:
    """Tell whether what ended a listing is about the key, the plan, or an outage, so that it ends every other read."""
    return isinstance(error, NgrokError) and not isinstance(error, NotFound | Unreadable | Cancelled)
