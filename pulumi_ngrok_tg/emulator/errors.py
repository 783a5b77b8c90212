"""ngrok's published errors (https://ngrok.com/docs/errors/reference): code, status and text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_KEYS = "API keys and instructions are available on your dashboard: https://dashboard.ngrok.com/api-keys"
_CLIENT = "Check your API client implementation"
_REVIEW = "and review the API documentation: https://ngrok.com/docs/api-reference/."

# ngrok does not document which codes an unknown path or method gets; 27204 and 27614 are those whose texts fit.
_PUBLISHED: dict[int, tuple[int, str]] = {
    200: (401, f"The ngrok API requires that you set the Authorization header for authentication. Your {_KEYS}"),
    201: (
        401,
        "The ngrok API requires that you use Basic or Bearer authentication via the Authorization header. "
        f"It could not parse the header in this request. Authorization Header: {{value}}. {_KEYS}",
    ),
    203: (
        401,
        "The API authentication you specified is properly formed, but it is invalid. "
        f"Your authentication: {{token}}. {_KEYS}",
    ),
    210: (
        415,
        f"The content type you specified {{type}} is not supported by the API. {_CLIENT} "
        "and see the list of supported content types: https://ngrok.com/docs/api#content-types",
    ),
    211: (
        400,
        f"The {{method}} request you made does not expect a body, but you provided one. {_CLIENT} {_REVIEW}",
    ),
    212: (400, f"The server was unable to read the complete request body. {_CLIENT} {_REVIEW}"),
    213: (400, f"The application/json request body could not be parsed. {_CLIENT} {_REVIEW}"),
    214: (
        400,
        "The request parameter {name} is unknown and not expected. The supported fields are: {supported}. "
        f"{_CLIENT} {_REVIEW}",
    ),
    215: (
        400,
        f"The value provided for the request parameter {{name}} is invalid. Check your request {_REVIEW}",
    ),
    216: (
        400,
        f"You did not provide a Content-Type with your request. {_CLIENT} "
        "and use one of the supported content types: https://ngrok.com/docs/api#content-types",
    ),
    217: (
        400,
        f"The provided API version {{version}} is invalid or unsupported. Supported versions: 2. {_CLIENT}.",
    ),
    218: (
        400,
        "Your request has not specified an API version. Include the version you wish to use in the Ngrok-Version "
        "header. Supported versions: 2.",
    ),
    225: (429, "Your account is limited to {max} simultaneous API requests."),
    226: (429, "Your account is rate limited to {max} API requests per {interval}."),
    227: (400, "The ID {id} is invalid. Expected an ID with a prefix of {prefix}."),
    230: (400, f"The query part of the requested URI is invalid: {{error}}. {_CLIENT} {_REVIEW}"),
    231: (
        400,
        "The query part of the requested URI includes unknown parameters: {unknown}. "
        f"The supported parameters are: {{supported}}. {_CLIENT} {_REVIEW}",
    ),
    232: (
        400,
        "The request must specify only a single value for the {name} parameter but got {count}: {values}. "
        f"{_CLIENT} {_REVIEW}",
    ),
    233: (400, "The page size limit must be between 1 and {max} but {value} was provided."),
    244: (400, "The page size limit must be a number between 1 and {max} but {value} was provided."),
    635: (403, "Your API key does not have permission to do this."),
    333: (404, "No tunnel found with the ID {id}"),
    6503: (400, "Description is limited to {max} characters; you have entered {value} characters."),
    6504: (400, "Metadata is limited to {max} characters; you have entered {value} characters."),
    6502: (400, "This backend is referenced by other backends and cannot be deleted."),
    7008: (403, "Edges are deprecated and no longer available."),
    7196: (403, "Your account has read-only access to Edges."),
    6508: (400, "Tunnel group labels count is limited to {max}; you have {value} labels."),
    6509: (
        400,
        "Tunnel group label key length is limited to between {min} and {max}; key {name} has {value} characters.",
    ),
    6510: (
        400,
        "Tunnel group label value length is limited to between {min} and {max}; value {name} has {value} characters.",
    ),
    6514: (404, "Backend not found."),
    6527: (400, "The id {id} is invalid; expected an id of type tunnel group backend."),
    6531: (400, "The tunnel group label key/value {id} may not contain '=' characters."),
    27204: (404, 'Unsupported API surface "{path}".'),
    27614: (405, "Method not allowed."),
}


@dataclass
class ErrorResponse(Exception):
    """An error in ngrok's format; ``code`` 0 means that it has no code."""

    status: int
    code: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, operation: str) -> dict[str, Any]:
        """Return the JSON body that ngrok sends for it."""
        return {
            "error_code": f"ERR_NGROK_{self.code}" if self.code else "",
            "status_code": self.status,
            "msg": self.message,
            "details": {"operation_id": operation},
        }


def make_error(code: int, headers: Mapping[str, str] | None = None, **values: object) -> ErrorResponse:
    """Return a published error, with ``values`` in its text."""
    status, text = _PUBLISHED[code]
    return ErrorResponse(status, code, text.format(**values), headers or {})
