"""The emulator's errors against ngrok's published list."""

import re
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.emulator.api import PATH, Api, error_of

REVIEW = "Check your API client implementation and review the API documentation: https://ngrok.com/docs/api-reference/."
KEYS = "API keys and instructions are available on your dashboard: https://dashboard.ngrok.com/api-keys"


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code", "text"),
    [
        (
            "GET",
            PATH,
            {"headers": {"Authorization": "Basic Zm9v"}},
            401,
            "201",
            "The ngrok API requires that you use Basic or Bearer authentication via the Authorization header. It could "
            f"not parse the header in this request. Authorization Header: Basic Zm9v. {KEYS}",
        ),
        (
            "GET",
            PATH,
            {"headers": {"Authorization": "Bearer wrong"}},
            401,
            "203",
            "The API authentication you specified is properly formed, but it is invalid. Your authentication: wrong. "
            f"{KEYS}",
        ),
        (
            "GET",
            PATH,
            {"headers": {"Ngrok-Version": "1"}},
            400,
            "217",
            "The provided API version 1 is invalid or unsupported. Supported versions: 2. Check your API client "
            "implementation.",
        ),
        (
            "GET",
            PATH,
            {"headers": {"Ngrok-Version": None}},
            400,
            "218",
            "Your request has not specified an API version. Include the version you wish to use in the Ngrok-Version "
            "header. Supported versions: 2.",
        ),
        (
            "GET",
            PATH,
            {"json": {}},
            400,
            "211",
            f"The GET request you made does not expect a body, but you provided one. {REVIEW}",
        ),
        (
            "DELETE",
            f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4",
            {"json": {}},
            400,
            "211",
            f"The DELETE request you made does not expect a body, but you provided one. {REVIEW}",
        ),
        (
            "GET",
            f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4?a;b",
            {},
            400,
            "230",
            f"The query part of the requested URI is invalid: invalid semicolon separator in query. {REVIEW}",
        ),
        (
            "GET",
            f"{PATH}?limit=1;before_id=x",
            {},
            400,
            "230",
            f"The query part of the requested URI is invalid: invalid semicolon separator in query. {REVIEW}",
        ),
        (
            "GET",
            f"{PATH}?page=2&a=b",
            {},
            400,
            "231",
            "The query part of the requested URI includes unknown parameters: a, page. The supported parameters are: "
            f"before_id, limit. {REVIEW}",
        ),
        (
            "GET",
            f"{PATH}?limit=1&limit=2",
            {},
            400,
            "232",
            f"The request must specify only a single value for the limit parameter but got 2: 1, 2. {REVIEW}",
        ),
        ("GET", f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4", {}, 404, "6514", "Backend not found."),
        (
            "POST",
            PATH,
            {"json": {"description": "é" * 256}},
            400,
            "6503",
            "Description is limited to 255 characters; you have entered 256 characters.",
        ),
        (
            "POST",
            PATH,
            {"json": {"metadata": "é" * 4097}},
            400,
            "6504",
            "Metadata is limited to 4096 characters; you have entered 4097 characters.",
        ),
        (
            "POST",
            PATH,
            {"json": {"labels": {"a": "b=c"}}},
            400,
            "6531",
            "The tunnel group label key/value b=c may not contain '=' characters.",
        ),
        ("GET", "/api_keys", {}, 404, "27204", 'Unsupported API surface "/api_keys".'),
        ("GET", "/", {}, 404, "27204", 'Unsupported API surface "/".'),
        ("GET", "/_emulatr/faults", {}, 404, "27204", 'Unsupported API surface "/_emulatr/faults".'),
    ],
)
def test_errors_match_ngroks_list(
    api: Api, method: str, path: str, options: dict[str, Any], status: int, code: str, text: str
) -> None:
    assert error_of(api.request(method, path, **options)) == (status, code, text)


def test_lengths_are_counted_in_characters(api: Api) -> None:
    kept = api.create(description="é" * 255, metadata="\U0001f600" * 4096)
    assert (len(kept["description"]), len(kept["metadata"])) == (255, 4096)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (PATH, "GET, POST"),
        (f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4", "GET, PATCH, DELETE"),
        ("/tunnels", "GET"),
        ("/tunnels/tn_2k5oiRFOzBIVpy6YJd6gXaVQu8r", "GET"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_names_the_allowed_ones(api: Api, method: str, path: str, allowed: str) -> None:
    response = api.request(method, path)
    assert response.headers["Allow"] == allowed
    assert response.headers["Content-Type"] == "application/json"
    if method == "HEAD":
        assert (response.status_code, response.content) == (405, b"")
        assert int(response.headers["Content-Length"]) > 0
    else:
        assert error_of(response) == (405, "27614", "Method not allowed.")


def test_a_success_has_an_operation_id_and_a_content_type(api: Api) -> None:
    made = api.post(PATH, json={})
    listed = api.get(PATH)
    deleted = api.delete(f"{PATH}/{made.json()['id']}")
    operations = {response.headers["Ngrok-Operation-Id"] for response in (made, listed, deleted)}
    assert len(operations) == 3
    assert all(re.fullmatch(r"op_[0-9A-Za-z]{27}", operation) for operation in operations)
    assert {made.headers["Content-Type"], listed.headers["Content-Type"]} == {"application/json"}
    assert deleted.status_code == 204
    assert "Content-Type" not in deleted.headers
    assert "Content-Length" not in deleted.headers


@pytest.mark.parametrize(
    ("settings", "labels", "code", "text"),
    [
        (
            {},
            {"": "x"},
            "6509",
            "Tunnel group label key length is limited to between 1 and any number; key  has 0 characters.",
        ),
        (
            {"max_labels": 1},
            {"a": "b", "c": "d"},
            "6508",
            "Tunnel group labels count is limited to 1; you have 2 labels.",
        ),
        (
            {"max_label_key": 2},
            {"äöü": "x"},
            "6509",
            "Tunnel group label key length is limited to between 1 and 2; key äöü has 3 characters.",
        ),
        (
            {"max_label_value": 2},
            {"a": "äöü"},
            "6510",
            "Tunnel group label value length is limited to between 0 and 2; value äöü has 3 characters.",
        ),
    ],
)
def test_label_limits_are_settings(
    api: Api, emulator: Emulator, settings: dict[str, int], labels: dict[str, str], code: str, text: str
) -> None:
    if settings:
        assert api.post(PATH, json={"labels": labels}).status_code == 201, "off by default"
    emulator.set(**settings)
    assert error_of(api.post(PATH, json={"labels": labels})) == (400, code, text)
    api.create(labels={"ä": "öü"})
