"""ngrok's refusals as one line, with no credential in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.errors import ApiError, Limited, NotFound, ServerError, api_error
from pulumi_ngrok_tg.api.settings import Settings

KEY = "2abcDEF0123456789ghiJKLmnop_4QRSTUVWXYZabcdefghij"


def refusal(status: int, code: int | str, message: str = "No.", **more: object) -> ApiError | None:
    body = {"error_code": f"ERR_NGROK_{code}", "status_code": status, "msg": message, **more}
    return api_error("GET /x", status, body, Settings(KEY, namespace="ngrok-eu"))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, 6514, NotFound),
        (404, 9999, NotFound),
        (404, 203, ApiError),
        (404, 227, ApiError),
        (404, 3200, ApiError),
        (404, 6500, ApiError),
        (404, 6526, ApiError),
        (404, 6527, ApiError),
        (404, 7008, ApiError),
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
    ],
)
def test_each_refusal_is_of_the_kind_that_it_calls_for(status: int, code: int, kind: type[ApiError]) -> None:
    assert type(refusal(status, code)) is kind


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
def test_what_is_not_in_ngroks_shape_is_no_refusal_of_ngroks(body: object) -> None:
    assert api_error("GET /x", 404, body, Settings(KEY)) is None


@pytest.mark.parametrize("code", ["", None])
def test_a_404_without_a_code_is_never_gone(code: object) -> None:
    error = api_error("GET /x", 404, {"error_code": code, "status_code": 404, "msg": "no such path"}, Settings(KEY))
    assert type(error) is ApiError


def test_the_line_holds_all_a_user_needs() -> None:
    error = refusal(403, 635, "You may\nnot write.", details={"operation_id": "op_1"})
    assert str(error) == (
        "GET /x: ngrok says: You may not write (ERR_NGROK_635, HTTP 403, operation op_1). "
        "The API key may not write; use one that may."
    )


@given(
    st.sampled_from(["Your credential: ", "Your authentication: ", "Your key: ", "", "found '"]),
    st.text(max_size=30),
    st.sampled_from([202, 203, 206, 207, 208]),
)
def test_no_credential_that_ngrok_quotes_gets_through(before: str, after: str, code: int) -> None:
    line = str(refusal(401, code, f"It is invalid. {before}{KEY} {after}"))
    assert KEY not in line
    assert KEY.split("_")[0] not in line
    assert "\n" not in line


@given(st.integers(0, len(KEY) - 8), st.integers(8, len(KEY)), st.text(max_size=3))
def test_no_part_of_the_key_gets_through(start: int, length: int, around: str) -> None:
    part = KEY[start : start + length]
    assert part not in str(refusal(400, 215, f"It said {around}{part}{around} there"))


def test_a_credential_that_is_not_ours_does_not_get_through_either() -> None:
    line = str(refusal(401, 206, "It is a tunnel credential. Your credential: 9other_token. Check your records."))
    assert "9other_token" not in line
    assert "Check your records" in line


def test_the_advice_names_the_setting_of_the_account() -> None:
    assert "pulumi config set --secret ngrok-eu:apiKey" in str(refusal(401, 203))
