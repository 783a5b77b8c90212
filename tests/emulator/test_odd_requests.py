"""Requests that no client of ours would send, and what is hardly HTTP."""

import json
import socket
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.emulator.api import JSON, PATH, Api, error_of


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
def test_an_odd_request_gets_ngroks_error(
    api: Api, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    assert error_of(api.request(method, path, **options))[:2] == (status, code)
    assert api.get(PATH).status_code == 200


def test_an_odd_but_valid_request_is_accepted(api: Api) -> None:
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
def test_invalid_text_is_replaced_as_in_go(api: Api, written: bytes) -> None:
    body = b'{"description": %b, "labels": {%b: %b}}' % (written, written, written)
    made = api.post(PATH, data=body, headers=JSON)
    assert made.status_code == 201
    assert made.json()["description"] == "\ufffdx"
    assert made.json()["labels"] == {"\ufffdx": "\ufffdx"}
    assert api.get(PATH).json()["backends"] == [made.json()]


def sent_raw(emulator: Emulator, request: bytes, half_close: bool = False) -> bytes:
    """What comes back for bytes sent as they are."""
    port = emulator.port
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
def test_malformed_http_gets_json_too(
    emulator: Emulator, request_: bytes, half_close: bool, status: int, code: str
) -> None:
    emulator.account(KEY).backends[ID.decode()] = EmulatedBackend(ID.decode(), "2025-01-21T18:19:53Z")
    received = sent_raw(emulator, request_.replace(b"%b", PATH.encode(), 1).replace(b"%b", HEAD, 1), half_close)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/json" in head
    assert b"connection: close" in head.lower()
    told = json.loads(body)
    assert told["error_code"] == (f"ERR_NGROK_{code}" if code else "")
    assert f"ngrok-operation-id: {told['details']['operation_id']}".lower().encode() in head.lower()
    assert list(emulator.account(KEY).backends) == [ID.decode()]


def test_it_is_no_proxy(emulator: Emulator) -> None:
    emulator.fault(status=200)
    received = sent_raw(emulator, b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n%bConnection: close\r\n\r\n" % HEAD)
    assert received.startswith(b"HTTP/1.1 405 ")


def test_a_stray_percent_sign_is_an_error(emulator: Emulator) -> None:
    asked = b"GET %b?limit=%%zz HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (PATH.encode(), HEAD)
    body = json.loads(sent_raw(emulator, asked).partition(b"\r\n\r\n")[2])
    assert body["error_code"] == "ERR_NGROK_230"
    assert body["msg"].startswith('The query part of the requested URI is invalid: invalid URL escape "%zz". ')


def test_an_absolute_address_is_accepted(emulator: Emulator) -> None:
    url = emulator.url.encode()
    asked = b"GET %b%b?limit=1 HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (url, PATH.encode(), HEAD)
    assert sent_raw(emulator, asked).startswith(b"HTTP/1.1 200 ")
    assert (emulator.requests[0].path, emulator.requests[0].query) == (PATH, "limit=1")
