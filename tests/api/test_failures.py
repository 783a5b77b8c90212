"""What the lack of a readable response means."""

from ssl import SSLCertVerificationError, SSLError

import pytest
import requests
from urllib3.exceptions import NewConnectionError

from pulumi_ngrok_tg.api.errors import (
    ConnectionFailed,
    Untrusted,
)
from pulumi_ngrok_tg.api.responses import read_failure

TIMEOUT = (3.0, 7.0)


def refused() -> requests.ConnectionError:
    """What requests raises where nobody listens."""
    try:
        requests.get("http://127.0.0.1:1", timeout=5)
    except requests.ConnectionError as error:
        return error
    raise AssertionError


def chained(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("raised", "told", "arrived"),
    [
        (requests.ConnectTimeout(), "no connection to api.example:1 within 3 s.", False),
        (requests.ReadTimeout(), "no response from api.example:1 within 7 s.", True),
        (requests.Timeout(), "no response from api.example:1 within 7 s.", True),
        (
            chained(requests.exceptions.ProxyError(), NewConnectionError(None, "no")),  # type: ignore[arg-type]
            "cannot connect to api.example:1 through the proxy.",
            False,
        ),
        (
            chained(requests.exceptions.ProxyError(), OSError("Tunnel connection failed: 503 Busy")),
            "cannot connect to api.example:1 through the proxy.",
            False,
        ),
        (
            chained(requests.exceptions.ProxyError(), ConnectionResetError(104, "Connection reset by peer")),
            "the connection to api.example:1 through the proxy broke before the whole response came "
            "(Connection reset by peer).",
            True,
        ),
        (
            requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support."),
            "no request can be sent to api.example:1: Missing dependencies for SOCKS support.",
            False,
        ),
        (
            OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /x"),
            "no request can be sent to api.example:1: Could not find a suitable TLS CA certificate bundle, invalid "
            "path: /x.",
            False,
        ),
        (refused(), "cannot connect to api.example:1 (Connection refused).", False),
        (
            requests.ConnectionError(),
            "the connection to api.example:1 broke before the whole response came.",
            True,
        ),
        (
            chained(requests.ConnectionError(OSError()), ConnectionResetError(104, "Connection reset by peer")),
            "the connection to api.example:1 broke before the whole response came (Connection reset by peer).",
            True,
        ),
        (
            requests.exceptions.ChunkedEncodingError(),
            "the connection to api.example:1 broke before the whole response came.",
            True,
        ),
        (ValueError("Invalid IPv6 URL"), "the response of api.example:1 cannot be read.", True),
        (requests.exceptions.ContentDecodingError(), "the response of api.example:1 cannot be read.", True),
    ],
)
def test_a_missing_response_is_explained(raised: Exception, told: str, arrived: bool) -> None:
    found = read_failure("GET /x", "https://api.example:1/x", raised, TIMEOUT)
    assert type(found) is ConnectionFailed
    assert str(found) == f"GET /x: {told}"
    assert found.arrived is arrived
    assert not found.foreign


@pytest.mark.parametrize("words", ["Failed to parse: 'user:s3cr'", "http://user:s3cr@proxy:99999"])
def test_a_malformed_proxy_is_named_without_its_password(words: str) -> None:
    error = read_failure("GET /x", "https://api.example:1/x", requests.exceptions.InvalidURL(words), TIMEOUT)
    assert str(error) == (
        "GET /x: no request can be sent to api.example:1, as its address or that of a proxy (HTTPS_PROXY) is malformed."
    )


def test_a_request_has_arrived_if_its_response_has_begun() -> None:
    cause = SSLError(1, "wrong version number")
    cause.reason = "WRONG_VERSION_NUMBER"
    for raised in (
        chained(requests.exceptions.SSLError(), cause),
        chained(requests.exceptions.SSLError(), SSLCertVerificationError(1, "self-signed certificate")),
        chained(requests.exceptions.ProxyError(), NewConnectionError(None, "no")),  # type: ignore[arg-type]
        refused(),
        OSError("x"),
    ):
        found = read_failure("GET /x", "https://api.example:1/x", raised, TIMEOUT, begun=True)
        assert type(found) is ConnectionFailed
        assert found.arrived is True


def test_a_server_without_tls_got_no_request() -> None:
    cause = SSLError(1, "wrong version number")
    cause.reason = "WRONG_VERSION_NUMBER"
    raised = chained(requests.exceptions.SSLError(), cause)
    found = read_failure("GET /x", "https://api.example:1/x", raised, TIMEOUT)
    assert type(found) is ConnectionFailed
    assert found.arrived is False
    assert str(found) == "GET /x: api.example:1 does not speak TLS (wrong version number)."


def test_an_untrusted_certificate_is_no_lost_connection() -> None:
    raised = chained(requests.exceptions.SSLError(), SSLCertVerificationError(1, "self-signed certificate"))
    found = read_failure("GET /x", "https://api.example:1/x", raised, TIMEOUT)
    assert type(found) is Untrusted
    assert str(found) == "GET /x: the TLS certificate of api.example:1 is not trusted (self-signed certificate)."
