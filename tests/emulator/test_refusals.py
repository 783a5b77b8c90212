"""What the control path does not understand: named, the same from Python, and nothing is applied."""

from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator, Settings
from pulumi_ngrok_tg.emulator.control import PATHS, PREFIX
from tests.conftest import KEY
from tests.emulator.api import JSON, PATH, Api, refusal_of

MISTAKES = [
    ("PATCH", "settings", {"latency": "abc"}, "Expected `float`, got `str` - at `$.latency`"),
    ("PATCH", "settings", {"latency": -1}, "Expected `float` >= 0.0 - at `$.latency`"),
    ("PATCH", "settings", {"latency": 1e9}, "Expected `float` <= 86400.0 - at `$.latency`"),
    ("PATCH", "settings", {"latency": None}, "Expected `float`, got `null` - at `$.latency`"),
    ("PATCH", "settings", {"latencyy": 5}, "Object contains unknown field `latencyy`"),
    ("PATCH", "settings", {"max_concurrency": 1.5}, "Expected `int | null`, got `float` - at `$.max_concurrency`"),
    (
        "PATCH",
        "settings",
        {"rate_limit": {"request": 5}},
        "Object contains unknown field `request` - at `$.rate_limit`",
    ),
    ("PATCH", "settings", {"rate_limit": {"retry_after": "7\n"}}, "Expected `str` matching regex"),
    ("PATCH", "settings", {"rate_limit": 5}, "Expected `object | null`, got `int` - at `$.rate_limit`"),
    ("PATCH", "settings", {"max_labels": True}, "Expected `int | null`, got `bool` - at `$.max_labels`"),
    ("PATCH", "settings", [], "Expected `object`, got `array`"),
    ("POST", "faults", {"times": "3"}, "Expected `int | null`, got `str` - at `$.times`"),
    ("POST", "faults", {"method": "BREW"}, "Invalid enum value 'BREW' - at `$.method`"),
    ("POST", "faults", {"drop": "sometimes"}, "Invalid enum value 'sometimes' - at `$.drop`"),
    ("POST", "faults", {"status": 42}, "Expected `int` >= 200 - at `$.status`"),
    ("POST", "faults", {"status": 600}, "Expected `int` <= 599 - at `$.status`"),
    ("POST", "faults", {"skip": None}, "Expected `int`, got `null` - at `$.skip`"),
    ("POST", "faults", {"handled": True}, "`handled`, `error_code` and `message` need a `status`"),
    ("POST", "faults", {"truncate": True, "drop": "after"}, "`truncate` and `drop` exclude each other"),
    ("POST", "faults", {"headers": {"A": "b\r\nC: d"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"content-length": "0"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"Transfer-Encoding": "chunked"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"A": "b\n"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"A\n": "b"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"headers": {"A": "é"}}, "Expected `str` matching regex"),
    ("POST", "faults", {"skip": -1}, "Expected `int` >= 0 - at `$.skip`"),
    ("POST", "faults", {"status": 500, "error_code": 0}, "Expected `int` >= 1 - at `$.error_code`"),
    ("POST", "faults", {"error_code": 5}, "`handled`, `error_code` and `message` need a `status`"),
    ("POST", "faults", {"message": ""}, "`handled`, `error_code` and `message` need a `status`"),
    ("POST", "faults", {"drop": "before", "status": 500}, "with `drop` before there is no response that could have"),
    ("POST", "faults", {"drop": "after", "status": 500}, "with `drop` after there is no response that could have"),
    ("POST", "faults", {"hide": "bkdtg_x"}, "Expected `array`, got `str` - at `$.hide`"),
    ("POST", "faults", [], "Expected `object`, got `array`"),
    ("POST", "tunnels", {}, "Object missing required field `labels`"),
    ("POST", "tunnels", {"labels": {"a": 1}}, "Expected `str`, got `int` - at `$.labels[...]`"),
    ("POST", "tunnels", {"labels": {}, "forwards": "x"}, "Object contains unknown field `forwards`"),
]


@pytest.mark.parametrize(("method", "path", "body", "what"), MISTAKES)
def test_a_malformed_control_request_is_named_and_changes_nothing(
    api: Api, emulator: Emulator, method: str, path: str, body: Any, what: str
) -> None:
    status, error = refusal_of(api.request(method, f"/_emulator/{path}", json=body))
    assert status == 400
    assert error.startswith(f"The body is not valid: {what}")
    if isinstance(body, dict):  # nor in part
        good = {"settings": {"latency": 0.5}, "faults": {"body": "x"}, "tunnels": {}}[path]
        assert api.request(method, f"/_emulator/{path}", json={**good, **body}).status_code == 400
    assert (emulator.settings, emulator.faults, emulator.account(KEY).tunnels) == (Settings(), [], {})


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "Input data was truncated"),
        (b"[" * 5000, "Expected `object`, got `array`"),
        (b"\xff", "JSON is malformed"),
        (b'{"fields":{"a":' + b"[" * 5000, ""),
    ],
)
def test_a_body_that_is_no_json_is_refused(api: Api, body: bytes, what: str) -> None:
    for method, path in (("PATCH", "settings"), ("POST", "faults"), ("POST", "tunnels")):
        status, error = refusal_of(api.request(method, f"/_emulator/{path}", data=body, headers=JSON))
        assert status == 400
        assert what in error


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "what"),
    [
        ("POST", "/_emulator/fault", {"json": {}}, 404, "There is no /_emulator/fault to control. There are: "),
        ("GET", "/_emulator", {}, 404, "There is no /_emulator to control. There are: /_emulator/settings, "),
        ("GET", "/_emulator/tunnels/a/b", {}, 404, "There is no /_emulator/tunnels/a/b to control."),
        ("GET", "/_emulator/x%0Ay", {}, 404, "There is no /_emulator/x%0Ay to control."),
        ("PUT", "/_emulator/settings", {"json": {}}, 405, "/_emulator/settings takes GET and PATCH, not PUT."),
        ("PATCH", "/_emulator/settings", {"data": "{}"}, 415, "The Content-Type has to be application/json."),
        ("POST", "/_emulator/tunnels", {"data": '{"labels": {}}'}, 415, "The Content-Type has to be application/json."),
        ("POST", "/_emulator/faults", {"data": "{}"}, 415, "The Content-Type has to be application/json."),
        (
            "POST",
            "/_emulator/faults",
            {"data": "{}", "headers": {"Content-Type": "text/plain"}},
            415,
            "The Content-Type has to be application/json.",
        ),
    ],
)
def test_a_mistyped_control_path_is_no_api_call(
    api: Api, emulator: Emulator, method: str, path: str, options: dict[str, Any], status: int, what: str
) -> None:
    emulator.fault(times=None, status=500)
    refused = api.request(method, path, **options)
    got, error = refusal_of(refused)
    assert got == status
    assert error.startswith(what)
    assert refused.headers.get("Allow") == ("GET, PATCH" if status == 405 else None)
    assert emulator.requests == []
    assert len(emulator.faults) == 1


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "10.0.0.1", "127.0.0.1:x", ""]
)
def test_a_web_page_that_renames_this_address_controls_nothing(api: Api, emulator: Emulator, host: str) -> None:
    api.create()
    paths = {f"{PREFIX}{path}": list(methods) for path, methods in PATHS.items()}
    for path, methods in {**paths, "/_emulator/nothing": ["GET"], PATH: ["GET", "POST"]}.items():
        for method in methods:
            refused = api.request(method, path, json={"labels": {}}, headers={"Host": host})
            told = "The Host header has to name this server, such as 127.0.0.1."
            assert (refused.status_code, refused.json()["msg"]) == (403, told)
    assert (emulator.faults, emulator.account(KEY).tunnels, len(emulator.requests)) == ([], {}, 1)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4041", "127.0.0.1", "[::1]:80"])
def test_this_machine_has_more_than_one_name(api: Api, host: str) -> None:
    assert api.get("/_emulator/settings", headers={"Host": host}).status_code == 200
