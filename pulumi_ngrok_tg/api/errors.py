"""Everything that keeps a call to ngrok from succeeding."""


class NgrokError(Exception):
    """A call to ngrok that did not succeed. ``str()`` is one line, with no credential in it."""

    foreign = False
    """True when the response does not look like ngrok's own: a proxy's page, another server."""


class InvalidId(NgrokError):
    """An id that is not that of a tunnel group backend. Nothing was sent."""


class ConnectionFailed(NgrokError):
    """No response that could be read.

    Attributes:
        arrived: False when the request surely never reached the server.
    """

    def __init__(self, message: str, arrived: bool, foreign: bool = False) -> None:
        super().__init__(message)
        self.arrived = arrived
        self.foreign = foreign


class UnexpectedResponse(NgrokError):
    """A response that is not ngrok's: a proxy's page, a redirect, a body of another shape. Says nothing of backends."""

    foreign = True


class Untrusted(UnexpectedResponse):
    """A server whose TLS certificate is not trusted. Nothing was sent."""

    foreign = False


class Unreadable(UnexpectedResponse):
    """A success whose body is not what was asked for."""


class Cancelled(NgrokError):
    """The operation was cancelled while the call waited."""


class Stale(NgrokError):
    """What the request depends on was found out too long ago. Nothing was sent."""


class GaveUp(NgrokError):
    """The call would have to wait longer than one call may (``max_wait_seconds``)."""


class NotApplied(NgrokError):
    """ngrok reported success for a write, but kept other values than were asked."""


class FateUnknown(NgrokError):
    """A backend may or may not have been created, and it could not be found out."""


class ApiError(NgrokError):
    """An error response.

    Attributes:
        status: the HTTP status.
        code: the number in ``ERR_NGROK_nnn`` (https://ngrok.com/docs/errors/reference), or 0.
        retry_after: seconds to wait, where the response said so.
        after_lost: True when an earlier attempt of the same request may have had its effect, such as a delete.
    """

    def __init__(
        self, message: str, status: int, code: int = 0, retry_after: float | None = None, foreign: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.foreign = foreign
        self.after_lost = False


class NotFound(ApiError):
    """The one way to know that a backend is gone; see :mod:`pulumi_ngrok_tg.api.absence`."""


class Limited(ApiError):
    """Not now: one of ngrok's limits, or a 429 from elsewhere. The request had no effect."""


class ServerError(ApiError):
    """A 5xx (or 408), from ngrok or from something before it. A write may have had its effect."""


def is_final(error: BaseException) -> bool:
    """Tell whether no retry and no other read of the account would end otherwise: its key, its plan, its address."""
    if isinstance(error, Limited | ServerError | NotFound | Unreadable):
        return False
    return isinstance(error, ApiError | UnexpectedResponse)
