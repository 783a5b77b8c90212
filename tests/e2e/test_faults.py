"""What can go wrong between a stack and ngrok, with the real CLI: state and API end in step, and the terminal tells."""

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.many import assert_in_step, program
from tests.e2e.stack import Stack

HTML = "<html>502 Bad Gateway</html>"


@pytest.mark.nightly
@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "error_code": 226, "headers": {"Retry-After": "1"}}],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_fault_in_each_step_costs_nothing_but_time(
    new_stack: Callable[..., Stack], emulator: Emulator, fault: dict[str, Any]
) -> None:
    stack = new_stack(program(8))
    for method, count, command in (
        ("POST", 8, stack.up),
        ("GET", 8, stack.refresh),
        ("PATCH", 8, lambda: (stack.program(program(8, description="new")), stack.up())),
        ("DELETE", 0, stack.destroy),
    ):
        emulator.faults.clear()
        if method == "DELETE":
            stack.age()  # of a new backend, a "not found" after a lost delete proves nothing
        emulator.fault(method=method, times=2, skip=2 if method == "POST" else 0, **fault)
        command()
        assert_in_step(stack, emulator, count)


@pytest.mark.nightly
def test_a_response_beyond_the_timeout_is_retried(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    emulator.fault(method="POST", hang=45)
    stack = new_stack(program(1))
    stack.up()
    assert_in_step(stack, emulator, 1)
    assert sorted(request.method for request in emulator.requests) == ["GET"]


@pytest.mark.nightly
def test_a_setting_that_keeps_requests_from_being_sent_is_named(new_stack: Callable[..., Stack]) -> None:
    environment = {"NGROK_API_KEY": KEY, "NGROK_API_BASE_URL": "https://127.0.0.1:1", "REQUESTS_CA_BUNDLE": "/nowhere"}
    (error,) = new_stack(program(1), environment=environment).up(fails=True).errors
    assert "nothing was sent to 127.0.0.1:1, because REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file" in error
    assert error.endswith("Correct that setting, then run it again.")


def test_a_list_that_misses_a_backend_does_not_drop_it(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(8))
    stack.up()
    emulator.fault(path="tunnel_group", times=None, hide=tuple(emulator.account(KEY).backends))
    stack.refresh()
    assert_in_step(stack, emulator, 8)


@pytest.mark.nightly
@pytest.mark.parametrize("code", [202])
def test_a_credential_that_ngrok_quotes_is_never_shown(
    new_stack: Callable[..., Stack], emulator: Emulator, code: int
) -> None:
    message = f"It is invalid. Your credential: {KEY}. Also seen: {KEY}."
    emulator.fault(times=None, status=401, error_code=code, message=message)
    said = new_stack(program(1)).up("--logtostderr", "-v=9", fails=True).text
    assert f"ERR_NGROK_{code}" in said
    assert "set NGROK_API_KEY." in said
    assert KEY not in said
