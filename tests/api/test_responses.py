"""What a response means: one of our errors, in one line, with no credential in it."""

import base64
import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.errors import (
    ApiError,
    ConnectionFailed,
    Limited,
    NgrokError,
    NotFound,
    ServerError,
    UnexpectedResponse,
    Unsettled,
)
from pulumi_ngrok_tg.api.redaction import escape, redact, to_line
from pulumi_ngrok_tg.api.responses import Response, read_error

KEY = "2abcDEF0123456789ghiJKLmnop_4QRSTUVWXYZabcdefghij"


def error(status: int, body: Any, **more: Any) -> NgrokError | None:
    return read_error("GET /x", Response(status, body, **more), KEY)


def api_error(status: int, code: int, message: str = "No.", **more: Any) -> NgrokError | None:
    return error(status, {"error_code": f"ERR_NGROK_{code}", "status_code": status, "msg": message}, **more)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, 6514, NotFound),
        (404, 9999, ApiError),
        (404, 203, ApiError),
        (404, 227, ApiError),
        (404, 3200, ApiError),
        (404, 6500, ApiError),
        (404, 6526, ApiError),
        (404, 6527, ApiError),
        (404, 7008, ApiError),
        *[(404, code, ApiError) for code in (7196, 635, 5000, 6501, 6502, 6503, 6504, 6508, 6509, 6510, 6531)],
        (404, 381, ApiError),
        (404, 27204, ApiError),
        (404, 6027, ApiError),
        (410, 6514, ApiError),
        (401, 203, ApiError),
        (403, 635, ApiError),
        (429, 225, Limited),
        (429, 226, Limited),
        (429, 9999, Limited),
        (429, 5000, ApiError),
        (400, 5001, Limited),
        (400, 5000, ApiError),
        (500, 1, ServerError),
        (503, 9, ServerError),
        (408, 9, ServerError),
    ],
)
def test_each_code_becomes_its_kind_of_error(status: int, code: int, kind: type[ApiError]) -> None:
    assert type(api_error(status, code)) is kind


def test_a_new_backend_that_is_not_found_is_not_gone() -> None:
    body = {"error_code": "ERR_NGROK_6514", "status_code": 404, "msg": "No."}
    found = read_error("GET /x", Response(404, body), KEY, is_new=True)
    assert type(found) is Unsettled
    told = "GET /x: ngrok says: No (ERR_NGROK_6514, HTTP 404). It is only seconds old: ngrok may find it later."
    assert str(found) == told


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"message": "not found"},
        {"msg": "not found"},
        {"error_code": "ERR_NGROK_6514"},
        {"msg": 1},
    ],
)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, UnexpectedResponse),
        (400, UnexpectedResponse),
        (429, Limited),
        (408, ServerError),
        (500, ServerError),
        (599, ServerError),
    ],
)
def test_a_response_in_another_format_is_judged_by_its_status(body: object, status: int, kind: type) -> None:
    found = error(status, body)
    assert type(found) is kind
    assert found.foreign
    assert str(found) == f"GET /x: HTTP {status}, not in ngrok's error format."
    if isinstance(found, ApiError):
        assert (found.status, found.code) == (status, 0)


@pytest.mark.parametrize("body", [None, {}, {"error_code": "ERR_NGROK_6514", "msg": "No."}])
@pytest.mark.parametrize("status", [300, 301, 302, 308])
def test_a_redirect_is_an_error_of_its_own(status: int, body: object) -> None:
    found = error(status, body)
    assert type(found) is UnexpectedResponse
    assert str(found) == (
        f"GET /x: the server redirects (HTTP {status}), which ngrok's API never does. The API key is not sent on."
    )


@pytest.mark.parametrize("status", [101, 200, 201, 202, 299])
def test_a_success_without_json_may_have_had_its_effect(status: int) -> None:
    found = error(status, None)
    assert type(found) is ConnectionFailed
    assert (found.arrived, found.foreign) == (True, True)
    assert f"the response is not JSON (HTTP {status})" in str(found)


def test_successes_are_no_errors() -> None:
    assert error(204, None) is None
    assert error(200, {}) is None
    assert error(201, []) is None


@pytest.mark.parametrize(
    "code", ["", None, 6514, True, ["ERR_NGROK_6514"], "ERR_NGROK_", "ERR_NGROK_6514 ", "ERR_NGROK_" + "9" * 5000]
)
def test_a_404_without_a_code_is_never_gone(code: object) -> None:
    assert type(error(404, {"error_code": code, "status_code": 404, "msg": "no such path"})) is ApiError


def test_the_message_holds_request_text_code_and_operation() -> None:
    found = api_error(403, 635, "You may\nnot write.", operation="op_1")
    assert str(found) == "GET /x: ngrok says: You may not write (ERR_NGROK_635, HTTP 403, operation op_1)."
    assert str(api_error(403, 0, "No.")) == "GET /x: ngrok says: No (HTTP 403)."
    assert isinstance(found, ApiError)
    assert (found.status, found.code, found.foreign) == (403, 635, False)


def test_retry_after_is_kept() -> None:
    for found in (api_error(429, 226, retry_after=7), error(429, None, retry_after=7), error(503, 5, retry_after=7)):
        assert isinstance(found, ApiError)
        assert found.retry_after == 7


@given(st.text(max_size=3000))
def test_any_text_becomes_a_line_that_a_terminal_can_show(text: str) -> None:
    for line in (to_line(text), escape(text)):
        assert line.isprintable()
        line.encode()
    assert len(to_line(text)) <= 500


@given(
    st.sampled_from(["Your credential: ", "Your authentication: ", "Your key: ", "", "found '"]),
    st.text(max_size=30),
    st.sampled_from([202, 203, 206, 207, 208]),
)
def test_a_credential_that_ngrok_quotes_is_redacted(before: str, after: str, code: int) -> None:
    line = str(api_error(401, code, f"It is invalid. {before}{KEY} {after}"))
    assert KEY not in line
    assert KEY.split("_")[0] not in line
    assert line.isprintable()


def test_the_key_is_redacted_wherever_it_stands() -> None:
    assert "It said x[redacted]x there" in str(api_error(400, 215, f"It said x{KEY}x there"))


def test_another_credential_is_redacted_too() -> None:
    line = str(api_error(401, 206, "It is a tunnel credential. Your credential: 9other_token. Check your records."))
    assert "9other_token" not in line
    assert "Check your records" in line


def test_only_credentials_are_redacted() -> None:
    key = "abcdefgh12345"
    assert redact("no abcdefg, but abcdefgh12345", key) == "no abcdefg, but [redacted]"
    assert redact("Bad. your credential: x.y Check it.", key) == "Bad. Your credential: [redacted]. Check it."
    quoted = "Not parsed. Authorization Header: Basic dXNlcjpw\n x.y. API keys are on your dashboard."
    assert redact(quoted, key) == "Not parsed. Authorization Header: [redacted]. API keys are on your dashboard."
    assert redact("authorization header: Digest dXNlcjpw", key) == "authorization header: [redacted]"


def test_a_line_has_single_spaces_escapes_and_an_end() -> None:
    assert to_line(" a\n\tb  c\x1b[31m\u202e") == "a b c\\x1b[31m\\u202e"
    assert to_line("x" * 600) == "x" * 500
    assert to_line(" " * 1999 + "yz") == "y"
    assert escape("  a\nb") == "  a\\nb"


# No response that can be read ---------------------------------------------------------------------------------------


SENT = st.sampled_from(["hunter2", "correct horse battery staple", 'p@ss"w/ord', "<b>zürich</b>"])
FORMS: list[Callable[[str], str]] = [
    str,
    str.upper,
    lambda text: text[:5],
    lambda text: json.dumps(text)[1:-1],
    quote,
    html.escape,
    lambda text: html.escape(json.dumps(text)),
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: text[::-1],
]


@given(SENT, st.sampled_from(FORMS))
def test_a_message_that_may_quote_a_secret_is_not_shown_in_any_form(value: str, form: Callable[[str], str]) -> None:
    body = {"error_code": "ERR_NGROK_6510", "status_code": 400, "msg": f"The label value {form(value)} is too long."}
    line = str(read_error("POST /x", Response(400, body, operation="op_1"), "test_key", may_quote=False))
    assert line == (
        "POST /x: ngrok rejected it, with a message that is not shown because it may quote a secret "
        "(ERR_NGROK_6510, HTTP 400, operation op_1)."
    )
