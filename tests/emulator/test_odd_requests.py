"""Requests that no client of ours would send."""

from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
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
