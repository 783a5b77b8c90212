"""ngrok's limits, with the real CLI: kept, told of, and no slower than they dictate."""

from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator, RateLimit
from tests.e2e.many import assert_in_step, program
from tests.e2e.stack import Stack

HTML = "<html>502 Bad Gateway</html>"


@pytest.mark.nightly
def test_waits_show_on_the_live_display(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    emulator.fault(status=429, error_code=226, headers={"Retry-After": "3"})
    said = new_stack(program(2)).up().text
    assert "ngrok's limit of requests per minute is reached (ERR_NGROK_226): waiting 3 s, then going on" in said


# ngrok's limits -------------------------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_a_stack_beyond_the_real_rate_limit_completes(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    emulator.set(rate_limit=RateLimit())  # 120 requests in a rolling minute, no Retry-After
    stack = new_stack(program(150))
    said = stack.up().text
    assert_in_step(stack, emulator, 150)
    created = sorted(request.arrived for request in emulator.requests if request.status == 201)
    assert created[-1] - created[0] <= 1.2 * (created[29] + 60 - created[0]), "what the limit alone dictates"
    statuses = [request.status for request in emulator.requests]
    assert statuses.count(201) == 150
    assert statuses.count(429) <= 8
    assert "ngrok's limit of requests per minute is reached (ERR_NGROK_226): waiting" in said

    emulator.requests.clear()
    stack.refresh()
    assert [request.status for request in emulator.requests].count(200) <= 3


@pytest.mark.nightly
def test_a_refresh_of_200_takes_3_calls_at_most(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(200))
    stack.up()
    emulator.requests.clear()
    stack.refresh()
    assert len(emulator.requests) <= 3
    assert_in_step(stack, emulator, 200)
