"""The emulator's errors against ngrok's published list, and requests that no client of ours would send."""

import json
import re
import socket
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.emulator.store import Backend
from tests.conftest import KEY
from tests.emulator.api import PATH, Api

JSON = {"Content-Type": "application/json"}
REVIEW = "Check your API client implementation and review the API documentation: https://ngrok.com/docs/api-reference/."
KEYS = "API keys and instructions are available on your dashboard: https://dashboard.ngrok.com/api-keys"


def error_of(response: Any) -> tuple[int, str, str]:
    """Status, code and text of a response that has to be ngrok's in every way."""
    body = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert body.keys() == {"error_code", "status_code", "msg", "details"}
    assert body["status_code"] == response.status_code
    assert re.fullmatch(r"op_[0-9A-Za-z]{27}", body["details"]["operation_id"])
    assert response.headers["Ngrok-Operation-Id"] == body["details"]["operation_id"]
    return response.status_code, body["error_code"].removeprefix("ERR_NGROK_"), body["msg"]


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
def test_an_error_says_what_ngroks_list_says(
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
def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(
    api: Api, method: str, path: str, allowed: str
) -> None:
    response = api.request(method, path)
    assert response.headers["Allow"] == allowed
    assert response.headers["Content-Type"] == "application/json"
    if method == "HEAD":
        assert (response.status_code, response.content) == (405, b"")
        assert int(response.headers["Content-Length"]) > 0
    else:
        assert error_of(response) == (405, "27614", "Method not allowed.")


def test_a_preflight_is_answered_as_ngrok_documents(api: Api, emulator: Emulator) -> None:
    asked = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, ngrok-version",
        "Authorization": None,
        "Ngrok-Version": None,
    }
    response = api.options(PATH, headers=asked)
    assert (response.status_code, response.content) == (204, b"")
    cors = {name: value for name, value in response.headers.items() if name.startswith("Access-Control-")}
    assert cors == {
        "Access-Control-Allow-Origin": "https://app.example.com",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "authorization, ngrok-version",
        "Access-Control-Max-Age": "600",
    }
    assert api.options("/nowhere", headers=asked).status_code == 401
    response = api.get(PATH, headers={"Origin": "https://app.example.com"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Methods" not in response.headers
    refused = api.get(f"{PATH}?limit=0", headers={"Origin": "https://app.example.com"})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Credentials"]) == (400, "true")
    assert "Access-Control-Allow-Origin" not in api.get(PATH).headers


def test_success_carries_an_operation_and_says_that_it_is_json(api: Api) -> None:
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


# What no client of ours would send -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", f"{PATH}?limit={'9' * 5000}", {}, 400, "244"),
        ("GET", f"{PATH}?limit={'0' * 17}", {}, 400, "233"),
        ("GET", f"{PATH}?limit=-1", {}, 400, "233"),
        ("GET", f"{PATH}?limit=", {}, 400, "244"),
        ("GET", f"{PATH}?before_id=", {}, 400, "227"),
        ("GET", f"{PATH}?limit=%D9%A3", {}, 400, "244"),  # a three, but not as JSON's
        ("GET", f"{PATH}/bkdtg_%0A", {}, 400, "227"),
        ("GET", f"{PATH}/%0D%0ASet-Cookie:%20a", {}, 400, "227"),
        ("GET", f"{PATH}/%ff%fe", {}, 400, "227"),
        ("GET", f"{PATH}/", {}, 400, "227"),
        ("GET", f"{PATH}/a/b", {}, 404, "27204"),
        ("GET", f"{PATH}%0A", {}, 404, "27204"),
        ("POST", PATH, {"data": b"[" * 5000, "headers": JSON}, 400, "213"),
        ("POST", PATH, {"data": b'{"labels":' * 5000, "headers": JSON}, 400, "213"),
        ("POST", PATH, {"data": b'{"description": NaN}', "headers": JSON}, 400, "213"),
        ("POST", PATH, {"data": b'{"description": 1' + b"0" * 5000 + b"}", "headers": JSON}, 400, "213"),
        ("POST", PATH, {"data": b"\xef\xbb\xbf{}", "headers": JSON}, 400, "213"),
        ("POST", PATH, {"data": b"", "headers": JSON}, 400, "213"),
        ("POST", PATH, {"data": b" " * (8 * 2**20 + 1), "headers": JSON}, 400, "212"),
        ("POST", PATH, {"data": b" " * (8 * 2**20), "headers": JSON}, 400, "213"),
        ("POST", PATH, {"json": {"id": "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"}}, 400, "214"),
        ("PATCH", f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4", {"json": {}}, 404, "6514"),
    ],
)
def test_an_odd_request_is_refused_as_ngrok_would(
    api: Api, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    assert error_of(api.request(method, path, **options))[:2] == (status, code)
    assert api.get(PATH).status_code == 200


def test_what_is_odd_and_right_is_taken(api: Api) -> None:
    made = api.post(PATH, data=b"{}", headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert made.status_code == 201
    path = f"{PATH}/{made.json()['id']}"
    assert api.patch(path, json={"id": made.json()["id"], "description": "x"}).json()["description"] == "x"
    assert api.patch(path, json={"id": "bkdtg_x"}).json()["error_code"] == "ERR_NGROK_215"
    assert api.get(f"{PATH}?limit=+5").status_code == 400, "a plus sign is a space"
    assert api.get(f"{PATH}?limit=%2B5", headers={"Authorization": f"bearer {KEY}"}).status_code == 200


def test_a_rotated_key_is_the_only_one(emulator: Emulator) -> None:
    with Api(emulator.url) as old, Api(emulator.url, "new-key") as new:
        made = old.create()["id"]
        emulator.rotate_key(KEY, "new-key")
        assert [one["id"] for one in new.get(PATH).json()["backends"]] == [made]
        assert old.get(PATH).status_code == 401


@pytest.mark.parametrize("written", [b'"\\ud800x"', b'"\xffx"'], ids=["half a pair", "no UTF-8"])
def test_what_is_no_text_is_replaced_as_go_does(api: Api, written: bytes) -> None:
    body = b'{"description": %b, "labels": {%b: %b}}' % (written, written, written)
    made = api.post(PATH, data=body, headers=JSON)
    assert made.status_code == 201
    assert made.json()["description"] == "\ufffdx"
    assert made.json()["labels"] == {"\ufffdx": "\ufffdx"}
    assert api.get(PATH).json()["backends"] == [made.json()]


def sent_raw(emulator: Emulator, request: bytes, half_close: bool = False) -> bytes:
    """What comes back for bytes sent as they are."""
    port = int(emulator.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


ID = b"bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
HEAD = (
    f"Host: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\nNgrok-Version: 2\r\nContent-Type: application/json\r\n".encode()
)


@pytest.mark.parametrize(
    ("request_", "half_close", "status", "code"),
    [
        (b"POST %b HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", False, 400, "212"),
        (b"POST %b HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n", False, 400, "212"),
        (b"POST %b HTTP/1.1\r\n%bContent-Length: 10\r\n\r\n{}", True, 400, "212"),
        (b"DELETE %b/" + ID + b" HTTP/1.1\r\n%bContent-Length: 10\r\n\r\n{}", True, 400, "212"),
        (b"DELETE %b/" + ID + b" HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\nzz\r\n", False, 400, "212"),
        (b"GET %b HTTP/1.1\r\n%bContent-Length: 10\r\n\r\n{}", True, 400, "212"),
        (b"POST %b HTTP/1.1\r\n%bContent-Length: ten\r\n\r\n{}", False, 400, ""),
        (b"POST %b HTTP/1.1\r\n%bContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", False, 400, ""),
        (b"POST %b HTTP/1.1\r\n%bTransfer-Encoding: gzip\r\n\r\n", False, 501, ""),
        (b"GET %b\xff HTTP/1.1\r\n%b\r\n", False, 400, ""),
        (b"GET %b HTTP/1.1\r\n%bX: \x00\r\n\r\n", False, 400, ""),
        (b"GET %b HTTP/3\r\n%b\r\n", False, 400, ""),
        (b"GET %b HTTP/1.1\r\n%bX: " + b"x" * 200_000 + b"\r\n\r\n", False, 431, ""),
    ],
)
def test_what_is_hardly_http_is_refused_in_json_too(
    emulator: Emulator, request_: bytes, half_close: bool, status: int, code: str
) -> None:
    emulator.account(KEY).backends[ID.decode()] = Backend(ID.decode(), "2025-01-21T18:19:53Z")
    received = sent_raw(emulator, request_.replace(b"%b", PATH.encode(), 1).replace(b"%b", HEAD, 1), half_close)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/json" in head
    assert b"connection: close" in head.lower()
    told = json.loads(body)
    assert told["error_code"] == (f"ERR_NGROK_{code}" if code else "")
    assert f"ngrok-operation-id: {told['details']['operation_id']}".lower().encode() in head.lower()
    assert list(emulator.account(KEY).backends) == [ID.decode()]


@pytest.mark.parametrize("header", [b"Origin: http://\xe9", b"Origin: a\r\nAccess-Control-Request-Headers: \xe9"])
def test_what_is_echoed_may_be_any_bytes(emulator: Emulator, header: bytes) -> None:
    asked = b"OPTIONS %b HTTP/1.1\r\n%bAccess-Control-Request-Method: GET\r\n%b\r\nConnection: close\r\n\r\n"
    received = sent_raw(emulator, asked % (PATH.encode(), HEAD, header))
    assert received.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert header.rpartition(b": ")[2] in received


def test_it_is_no_proxy(emulator: Emulator) -> None:
    emulator.fault(status=200)
    received = sent_raw(emulator, b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n%bConnection: close\r\n\r\n" % HEAD)
    assert received.startswith(b"HTTP/1.1 405 ")


def test_a_stray_percent_sign_is_no_query(emulator: Emulator) -> None:
    asked = b"GET %b?limit=%%zz HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (PATH.encode(), HEAD)
    body = json.loads(sent_raw(emulator, asked).partition(b"\r\n\r\n")[2])
    assert body["error_code"] == "ERR_NGROK_230"
    assert body["msg"].startswith('The query part of the requested URI is invalid: invalid URL escape "%zz". ')


def test_the_address_in_a_proxys_form_is_taken(emulator: Emulator) -> None:
    url = emulator.url.encode()
    asked = b"GET %b%b?limit=1 HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (url, PATH.encode(), HEAD)
    assert sent_raw(emulator, asked).startswith(b"HTTP/1.1 200 ")
    assert (emulator.requests[0].path, emulator.requests[0].query) == (PATH, "limit=1")
