"""Settings and faults of the emulator, as types for the Python API, the control path and the docs."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Count = Annotated[int, Meta(ge=0)]
HeaderName = Annotated[str, Meta(pattern=r"^(?!(?i:content-length|transfer-encoding)\Z)[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")]
HeaderValue = Annotated[str, Meta(pattern=r"^([!-~]([ -~]*[!-~])?)?\Z")]


class RateLimit(Struct, frozen=True, forbid_unknown_fields=True):
    """ngrok's limit: ``requests`` within any ``seconds``; beyond it ERR_NGROK_226."""

    requests: Count = 120
    seconds: Seconds = 60.0
    retry_after: HeaderValue | None = None
    """The Retry-After header of the error; ngrok promises none."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the emulated API behaves."""

    latency: Annotated[Seconds, Meta(description="Seconds that every API request takes longer.")] = 0.0
    max_concurrency: Annotated[
        Count | None,
        Meta(description="API requests at once, of all accounts together; beyond it ERR_NGROK_225. null: any number."),
    ] = None
    rate_limit: Annotated[
        RateLimit | None,
        Meta(description="So many `requests` of an account in any `seconds`; beyond it ERR_NGROK_226. null: no limit."),
    ] = None
    references_error: Annotated[
        Literal[635, 7008, 7196] | None,
        Meta(
            description="The ERR_NGROK code with which the lists of edges and other backends fail. null: they do not."
        ),
    ] = None
    max_labels: Annotated[
        Count | None, Meta(description="Labels of a backend; beyond it ERR_NGROK_6508. null: any number.")
    ] = None
    max_label_key: Annotated[
        Count | None, Meta(description="Characters of a label's key; beyond it ERR_NGROK_6509. null: any number.")
    ] = None
    max_label_value: Annotated[
        Count | None, Meta(description="Characters of a label's value; beyond it ERR_NGROK_6510. null: any number.")
    ] = None


class Fault(Struct, kw_only=True, forbid_unknown_fields=True):
    """What happens to the next ``times`` API requests that match.

    A fault without ``status`` and ``drop`` lets the request through and alters its response.
    """

    method: Annotated[
        Literal["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"] | None,
        Meta(description="The HTTP method to match. null: any."),
    ] = None
    path: Annotated[
        str | None,
        Meta(description="How the path must end, such as `tunnel_group` for list and create. null: any."),
    ] = None
    times: Annotated[
        Count | None, Meta(description="How many matching requests it meets. null: all, until faults are cleared.")
    ] = 1
    skip: Annotated[Count, Meta(description="How many matching requests pass first.")] = 0
    status: Annotated[
        Annotated[int, Meta(ge=200, le=599)] | None,
        Meta(description="Respond with this HTTP status instead of handling the request."),
    ] = None
    handled: Annotated[bool, Meta(description="With `status`: handle the request first.")] = False
    error_code: Annotated[
        Annotated[int, Meta(ge=1, le=999_999)] | None,
        Meta(description="With `status`: respond with this ERR_NGROK code."),
    ] = None
    message: Annotated[str | None, Meta(description="With `status`: what the error says.")] = None
    body: Annotated[str | None, Meta(description="Respond with this body, JSON or not.")] = None
    headers: Annotated[
        dict[HeaderName, HeaderValue],
        Meta(
            description="ASCII headers of the response, in place of its own of the same name; not those of its length."
        ),
    ] = msgspec.field(default_factory=dict)
    drop: Annotated[
        Literal["before", "after", "idle"] | None,
        Meta(
            description="When to end the connection. `before`: the request is not handled. `after`: it is handled, but "
            "gets no response. `idle`: after the response, unannounced; the next request finds a closed connection."
        ),
    ] = None
    reset: Annotated[
        bool, Meta(description="With `drop` before or after: end it by a reset; false: close it in order.")
    ] = True
    truncate: Annotated[bool, Meta(description="Send half of the body, then close the connection.")] = False
    hang: Annotated[
        Seconds, Meta(description="Seconds to wait, after the request is handled, before its response leaves.")
    ] = 0.0
    stall: Annotated[
        Seconds,
        Meta(description="Seconds to wait before the request is handled, even if the client has disconnected."),
    ] = 0.0
    fields: Annotated[dict[str, Any], Meta(description="Fields to put over those of a successful response.")] = (
        msgspec.field(default_factory=dict)
    )
    hide: Annotated[tuple[str, ...], Meta(description="Ids that a list leaves out.")] = ()

    def __post_init__(self) -> None:
        if self.status is None and (self.handled or self.error_code is not None or self.message is not None):
            raise ValueError("`handled`, `error_code` and `message` need a `status`")
        if self.drop in ("before", "after") and self.status is not None:
            raise ValueError(f"with `drop` {self.drop} there is no response that could have a `status`")
        if self.truncate and self.drop:
            raise ValueError("`truncate` and `drop` exclude each other")

    def take(self, method: str, path: str) -> bool:
        """Tell whether this fault meets the request, and count it."""
        if self.times == 0 or (self.method or method) != method or not path.endswith(self.path or ""):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Online(Struct, forbid_unknown_fields=True):
    """A tunnel to put online."""

    labels: Annotated[dict[str, str], Meta(description="The labels it carries.")]
    forwards_to: Annotated[str, Meta(description="The agent's upstream.")] = "http://localhost:80"


_Type = TypeVar("_Type", bound=Struct)


def convert(kind: type[_Type], given: Mapping[str, Any]) -> _Type:
    """Convert a mapping to a type.

    Raises:
        ValueError: a field is not valid; the message names it.
    """
    plain = {}
    for name, value in given.items():
        try:
            plain[name] = msgspec.to_builtins(value)
        except TypeError as error:
            raise ValueError(f"{error} - at `$.{name}`") from error
    return msgspec.convert(plain, kind)
