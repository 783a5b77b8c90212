"""What can go wrong between a stack and ngrok, with the real CLI: state and API end in step, and the terminal tells."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psutil
import pytest

from pulumi_ngrok_tg.emulator import Emulator, RateLimit
from tests.conftest import KEY
from tests.e2e.stack import Stack

HTML = "<html>502 Bad Gateway</html>"


def program(count: int, **more: str) -> str:
    return "".join(f'TunnelGroupBackend("b{n}", labels={{"n": "{n}"}}, **{more!r})\n' for n in range(count))


def assert_in_step(stack: Stack, emulator: Emulator, count: int) -> None:
    """The state holds exactly the backends of the API."""
    backends = emulator.account(KEY).backends
    held = {resource["id"]: resource["outputs"]["labels"] for resource in stack.resources()}
    assert held == {id_: backend.labels for id_, backend in backends.items()}
    assert len(held) == count


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "error_code": 226, "headers": {"Retry-After": "1"}},
        {"status": 429, "error_code": 225},
        {"status": 500},
        {"status": 502, "body": HTML},
        {"drop": "before"},
        {"drop": "after"},
        {"truncate": True},
        {"body": HTML},
    ],
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
        emulator.fault(method=method, times=2, skip=2 if method == "POST" else 0, **fault)
        command()
        assert_in_step(stack, emulator, count)


def test_a_hang_past_the_timeout_is_found_out(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    emulator.fault(method="POST", hang=45)
    stack = new_stack(program(1))
    stack.up()
    assert_in_step(stack, emulator, 1)
    assert sorted(request.method for request in emulator.requests) == ["GET"]


def test_waits_show_on_the_live_display(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    emulator.fault(status=429, error_code=226, headers={"Retry-After": "3"})
    said = new_stack(program(2)).up().text
    assert "ngrok's limit of requests per minute is reached (ERR_NGROK_226): waiting 3 s, then going on" in said


def test_giving_up_is_one_clear_line(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(1))
    stack.pulumi("config", "set", "pulumi-ngrok-tg:maxWaitSeconds", "5")
    emulator.fault(times=None, status=429, error_code=226, headers={"Retry-After": "600"})
    outcome = stack.up(fails=True)
    (error,) = outcome.errors
    assert "The next request may go in 600 s, and one call may wait 5 s in all" in error
    assert "raise pulumi-ngrok-tg:maxWaitSeconds" in error
    assert "Traceback" not in outcome.text
    stack.pulumi("config", "set", "pulumi-ngrok-tg:maxAttempts", "1")
    emulator.faults.clear()
    emulator.fault(times=None, status=503, body=HTML)
    (error,) = stack.up(fails=True).errors
    assert "HTTP 503, not in ngrok's error format" in error
    assert [request.method for request in emulator.requests].count("POST") == 2


def test_nobody_listening_is_one_clear_line(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack(program(1), environment={"NGROK_API_KEY": KEY, "NGROK_API_BASE_URL": "http://127.0.0.1:1"})
    stack.pulumi("config", "set", "pulumi-ngrok-tg:maxAttempts", "2")
    outcome = stack.up(fails=True)
    assert outcome.errors == ["POST /backends/tunnel_group: cannot connect to 127.0.0.1:1 (Connection refused)."]


def test_redirects_and_pages_never_lead_the_key_elsewhere(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    with Emulator() as stranger:
        target = f"{stranger.url}/backends/tunnel_group"
        stack = new_stack(program(4))
        stack.up()
        emulator.fault(path="tunnel_group", times=None, fields={"next_page_uri": target})
        for _ in range(2):
            emulator.account(KEY).create({})
        stack.refresh()
        emulator.faults.clear()
        emulator.fault(times=None, status=307, body="", headers={"Location": target})
        errors = stack.refresh(fails=True).errors
        assert errors
        assert all("the server redirects (HTTP 307)" in error for error in errors)
        assert len(stack.resources()) == 4
        assert stranger.requests == []


@pytest.mark.parametrize("uri", [5, "http://[::1"])
def test_a_next_page_that_is_no_uri_hangs_nothing_and_loses_nothing(
    new_stack: Callable[..., Stack], emulator: Emulator, uri: object
) -> None:
    stack = new_stack(program(4))
    stack.up()
    emulator.fault(path="tunnel_group", method="GET", times=None, fields={"next_page_uri": uri})
    stack.refresh()
    assert_in_step(stack, emulator, 4)
    emulator.fault(method="POST", drop="after")
    stack.program(program(5))
    outcome = stack.up(fails=True)
    (error,) = outcome.errors
    assert "The backend may have been created, and the list of backends that would tell could not be had" in error
    assert "Look for it in the account before you run `pulumi up` again" in error
    assert "Traceback" not in outcome.text


def test_without_patience_a_healthy_api_serves_all_the_same(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    stack = new_stack(program(6))
    stack.pulumi("config", "set", "pulumi-ngrok-tg:maxWaitSeconds", "0")
    stack.pulumi("config", "set", "pulumi-ngrok-tg:maxConcurrency", "1")
    emulator.set(latency=0.1)
    stack.up()
    stack.up("--refresh", "--expect-no-changes")
    emulator.fault(status=429, error_code=226)
    stack.program(program(6, description="new"))
    (error,) = stack.up("--parallel", "1", fails=True).errors
    assert "ngrok's limit of requests per minute is reached (ERR_NGROK_226)" in error
    assert "one call may wait 0 s in all" in error


def test_a_limit_of_creates_holds_up_creates_only(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(24))
    stack.up()
    emulator.requests.clear()
    emulator.set(latency=0.4)
    emulator.fault(method="POST", status=400, error_code=5001, headers={"Retry-After": "3"})
    stack.program('TunnelGroupBackend("new")\n' + program(24, description="new"))
    said = stack.up().text
    assert "ngrok's limit of creates in an interval is reached (ERR_NGROK_5001): waiting 3 s, then going on" in said
    (refused,) = [request for request in emulator.requests if request.status == 400]
    (created,) = [request for request in emulator.requests if request.status == 201]
    assert created.arrived >= refused.ended + 3
    changed = [request.arrived for request in emulator.requests if request.method == "PATCH"]
    assert len(changed) == 24
    assert refused.ended < max(changed) < created.arrived, "they went on meanwhile"


def test_a_spare_backend_of_a_lost_create_is_told_of(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(1))
    emulator.fault(method="POST", drop="before")
    emulator.fault(method="POST", stall=3)
    with ThreadPoolExecutor(1) as pool:
        up = pool.submit(stack.up)
        while not any(request.method == "GET" for request in emulator.requests):  # nothing found: it is sent again
            assert not up.done()
        late = emulator.account(KEY).create({"labels": {"n": "0"}})
        said = up.result().text
    made = stack.resource("b0")["id"]
    assert made != late.id
    assert f"warning: {late.id} has the contents of {made} and appeared while its create was sent again" in said


def test_a_list_that_misses_a_backend_does_not_drop_it(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(8))
    stack.up()
    emulator.fault(path="tunnel_group", times=None, hide=tuple(emulator.account(KEY).backends))
    stack.refresh()
    assert_in_step(stack, emulator, 8)


@pytest.mark.parametrize("code", [202, 203, 206, 207, 208])
def test_a_credential_that_ngrok_quotes_is_shown_nowhere(
    new_stack: Callable[..., Stack], emulator: Emulator, code: int
) -> None:
    message = f"It is invalid. Your credential: {KEY}. Also seen: {KEY[:-2]} in parts {KEY.split('_')[1]}."
    emulator.fault(times=None, status=401, error_code=code, message=message)
    said = new_stack(program(1)).up("--logtostderr", "-v=9", fails=True).text
    assert f"ERR_NGROK_{code}" in said
    assert "pulumi config set --secret ngrok:apiKey" in said
    assert KEY.split("_")[1][:-2] not in said


# ngrok's limits -----------------------------------------------------------------------------------------------------


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


def test_a_refresh_of_200_takes_3_calls_at_most(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(200))
    stack.up()
    emulator.requests.clear()
    stack.refresh()
    assert len(emulator.requests) <= 3
    assert_in_step(stack, emulator, 200)


def test_as_many_requests_are_in_flight_as_configured(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    emulator.set(latency=0.4)
    stack = new_stack(program(24))
    stack.up("--parallel", "32")
    assert emulator.peak == 8, "the dynamic provider server alone would serve 4"
    emulator.peak = 0
    stack.pulumi("config", "set", "pulumi-ngrok-tg:maxConcurrency", "3")
    stack.up("--refresh", "--parallel", "32")
    stack.program("")
    stack.up("--parallel", "32")
    assert emulator.peak == 3


# Gaps in pulumi.dynamic ---------------------------------------------------------------------------------------------

RENAMED = """#!{python} -u
import os, sys
if "pulumi.dynamic" not in sys.argv:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
import pulumi.dynamic
path = os.path.join(os.path.dirname(pulumi.dynamic.__file__), "__main__.py")
source = open(path).read()
for name, other in {names!r}:
    assert name in source, name
    source = source.replace(name, other)
sys.argv = sys.argv[sys.argv.index("pulumi.dynamic"):]
exec(compile(source, path, "exec"))
"""


def rename_internals(stack: Stack, *names: tuple[str, str]) -> None:
    """Has the provider process run an SDK in which these pieces of source read otherwise."""
    python = stack.folder / "python-with-renamed-internals"
    python.write_text(RENAMED.format(python=sys.executable, names=names))
    python.chmod(0o755)
    stack.environment["PULUMI_PYTHON_CMD"] = str(python)


def test_all_works_only_plainer_when_upstreams_internals_are_renamed(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    stack = new_stack(program(12))
    rename_internals(
        stack,
        ("import traceback", "import traceback as stack_text"),
        ("traceback.format_exc()", "stack_text.format_exc()"),
        ("DynamicResourceProviderServicer", "Servicer"),
        ("futures.ThreadPoolExecutor(max_workers=4)", "type('Pool', (futures.ThreadPoolExecutor,), {})(max_workers=4)"),
    )
    emulator.set(latency=0.4)
    emulator.fault(method="POST", drop="after")
    stack.up("--parallel", "32")
    assert_in_step(stack, emulator, 12)
    assert emulator.peak == 4
    emulator.set(latency=0)
    emulator.fault(status=403, error_code=635, message="No write right.")
    stack.program(program(12, description="new"))
    said = stack.up(fails=True).text
    assert "Traceback" in said
    assert "No write right" in said
    stack.up()
    stack.preview("--refresh", "--expect-no-changes")


def test_diffs_and_log_lines_are_only_plainer_when_upstreams_internals_are_renamed(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    stack = new_stack(program(2))
    rename_internals(
        stack,
        ("configure, proto, rpc, Settings", "configure, rpc, Settings; from pulumi.runtime import proto as messages"),
        ("proto.", "messages."),
        ("request", "rpc_request"),
    )
    stack.up()
    stack.program(program(2, description="new"))
    assert "2 to update" in stack.preview("--diff").text
    emulator.fault(method="PATCH", status=429, error_code=226, headers={"Retry-After": "2"})
    assert "waiting 2 s, then going on" in stack.up().text
    assert_in_step(stack, emulator, 2)
    stack.preview("--refresh", "--expect-no-changes")


# An up that ends too early ------------------------------------------------------------------------------------------


def interrupted_up(stack: Stack, emulator: Emulator, sent: signal.Signals) -> None:
    """Runs ``pulumi up`` and, once some backends exist, sends the signal; SIGKILL to its plugins, too."""
    process = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
        cwd=stack.folder,
        env=stack.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        end_once_some_exist(process, emulator, sent)


def end_once_some_exist(process: subprocess.Popen[bytes], emulator: Emulator, sent: signal.Signals) -> None:
    deadline = time.monotonic() + 60
    while len(emulator.account(KEY).backends) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
    plugins = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(sent)
    if sent == signal.SIGKILL:
        for plugin in plugins:
            with suppress(psutil.NoSuchProcess):
                plugin.kill()
    process.wait(60)
    psutil.wait_procs(plugins, 30)


def test_an_interrupted_up_goes_on_where_it_was(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(20))
    emulator.set(latency=0.3)
    interrupted_up(stack, emulator, signal.SIGINT)
    emulator.set(latency=0)
    assert 3 <= len(emulator.account(KEY).backends) < 20
    stack.refresh()
    assert_in_step(stack, emulator, len(emulator.account(KEY).backends))
    stack.up()
    assert_in_step(stack, emulator, 20)


@pytest.mark.parametrize("way", ["adopt", "delete"])
def test_a_killed_up_is_recovered_as_the_docs_say(
    new_stack: Callable[..., Stack], emulator: Emulator, way: str
) -> None:
    """The steps of docs/failures.md, "After a kill", and what ``orphans`` says, word for word."""
    stack = new_stack(program(20))
    emulator.fault(method="POST", times=None, hang=20)  # created, but nobody has heard of it yet
    interrupted_up(stack, emulator, signal.SIGKILL)
    emulator.faults.clear()
    assert "pulumi cancel" in stack.refresh(fails=True).text
    stack.pulumi("cancel", "--yes")
    known = {resource["id"] for resource in stack.resources()}
    strays = emulator.account(KEY).backends.keys() - known
    assert strays, "the kill came between a create and its record"
    # Before the pending creates are forgotten, it knows which backend is whose.
    said = stack.tool("orphans", code=3).text
    for stray in strays:
        name = f"b{emulator.account(KEY).backends[stray].labels['n']}"
        assert f"  {name}: may have made {stray}\n" in said
    assert "  forget them:  pulumi refresh --clear-pending-creates\n" in said

    stack.refresh("--clear-pending-creates")
    said = stack.tool("orphans", code=3).text
    assert "interrupted" not in said
    assert {line.split()[0] for line in said.splitlines() if line.startswith("  bkdtg_")} == strays
    for command in re.findall(rf"^    {way}: +(pulumi-ngrok-tg .*)$", said, re.MULTILINE):
        stack.tool(*command.split()[1:], given="y\n")
    stack.up()
    assert stack.tool("orphans").text == "Account and stack are in step.\n"
    assert_in_step(stack, emulator, 20)
    assert (strays <= emulator.account(KEY).backends.keys()) == (way == "adopt")
    stack.preview("--refresh", "--expect-no-changes")
