"""One request until it ends, over real HTTP: how often it is sent, what it waits, and what is told of it."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from importlib.metadata import version
from typing import Any

import pytest

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.call import Call, Cancellation
from pulumi_ngrok_tg.api.client import Client
from pulumi_ngrok_tg.api.clock import Clock
from pulumi_ngrok_tg.api.errors import (
    ApiError,
    Cancelled,
    ConnectionFailed,
    GaveUp,
    NgrokError,
    NotFound,
    ServerError,
    Unsendable,
    Unsettled,
)
from pulumi_ngrok_tg.api.models import BACKENDS, TUNNELS
from pulumi_ngrok_tg.api.session import Session
from pulumi_ngrok_tg.api.transport import Transport
from pulumi_ngrok_tg.emulator import Emulator
from tests.api.ngrok import Ngrok, reject
from tests.conftest import KEY
from tests.provider.hostile import HostileServer, response
from tests.reporter import Heard

LIST = "/backends/tunnel_group"
OPERATION = r"operation op_[0-9A-Za-z]{27}\b"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def session(emulator: Emulator, heard: Heard) -> Session:
    return connect(settings(emulator), heard)


def connect(settings: AccountSettings, heard: Heard, clock: Clock | None = None) -> Session:
    return Session(settings, heard, Transport(settings, clock or Clock()))


def fetch(session: Session, path: str = LIST, max_wait: float = 5, attempts: int = 3) -> Any:
    return session.send(Call(max_wait, attempts), "GET", path, lambda body: body)


def settings(emulator: Emulator, **more: Any) -> AccountSettings:
    return AccountSettings(KEY, emulator.url, **{"backoff": 0.02, "read_timeout": 0.5, "max_attempts": 3, **more})


def facts(heard: Heard) -> list[str]:
    """The lines for debugging, without what differs from run to run."""
    lines = [re.sub(r"\d+ ms", "N ms", line) for line in heard.debugs]
    return [re.sub(OPERATION, "operation op", line) for line in lines]


def test_each_attempt_is_a_debug_line(emulator: Emulator, session: Session, heard: Heard) -> None:
    emulator.fault(method="GET", drop="after")
    emulator.fault(method="GET", status=500)
    fetch(session, f"{LIST}?limit=100")
    assert facts(heard) == [
        f"GET {LIST}?limit=100: no response in N ms (attempt 1)",
        f"GET {LIST}?limit=100: HTTP 500 in N ms (attempt 2, operation op)",
        f"GET {LIST}?limit=100: HTTP 200 in N ms (attempt 3, operation op)",
    ]


def test_a_debug_lines_time_is_the_servers(emulator: Emulator, session: Session, heard: Heard) -> None:
    emulator.set(latency=0.1)
    fetch(session, max_wait=5)
    (told,) = (int(line.split(" in ")[1].split()[0]) for line in heard.debugs)
    arrived, ended = emulator.requests[0].arrived, emulator.requests[0].ended
    assert (ended - arrived) * 1000 - 1 <= told < 5000


def test_an_error_names_the_request_without_its_query(emulator: Emulator, session: Session) -> None:
    emulator.fault(method="GET", status=403, error_code=7008)
    with pytest.raises(ApiError, match=f"^GET {LIST}: ngrok says: "):
        fetch(session, f"{LIST}?limit=100")


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": "before"}, {"status": 503, "body": "<html></html>"}])
def test_max_attempts_limits_the_attempts(emulator: Emulator, session: Session, fault: dict[str, Any]) -> None:
    emulator.fault(method="GET", times=None, **fault)
    call = Call(30, 3)
    with pytest.raises((ServerError, ConnectionFailed)):
        session.send(call, "GET", LIST, lambda body: body)
    assert len(emulator.requests) == 3
    # 0.02 s, then 0.04 s, each with up to 0.02 s more: and each counts as waited.
    assert 0.06 <= call.waited < 0.5


def test_attempts_that_meet_a_limit_do_not_count(emulator: Emulator, heard: Heard) -> None:
    session = connect(settings(emulator, rate_window=0.05), heard)
    emulator.fault(method="GET", times=4, status=429, error_code=226)
    fetch(session, max_wait=30, attempts=1)
    assert len(emulator.requests) == 5
    assert facts(heard)[-1] == f"GET {LIST}: HTTP 200 in N ms (attempt 5, operation op)"


def test_a_request_that_was_not_sent_is_no_debug_line(emulator: Emulator, session: Session, heard: Heard) -> None:
    emulator.fault(method="GET", status=429, error_code=226, headers={"Retry-After": "60"})
    with pytest.raises(GaveUp):
        fetch(session, max_wait=1)
    assert len(heard.debugs) == len(emulator.requests) == 1


def test_a_long_wait_before_the_next_attempt_is_reported(emulator: Emulator, heard: Heard) -> None:
    cancellation = Cancellation()
    heard.on_status = cancellation.cancel  # instead of the wait
    emulator.fault(method="GET", status=500)
    with pytest.raises(Cancelled):
        connect(settings(emulator, backoff=60), heard).send(Call(300, 3, cancellation), "GET", LIST, lambda body: body)
    (told,) = heard.statuses
    assert re.search(r"HTTP 500, .* Next attempt in \d\d s$", told)


@pytest.mark.parametrize(
    ("faults", "gone"),
    [
        # The first may have deleted it, so "not found" is what success looks like.
        ([{"drop": "after"}], False),
        ([{"drop": "after"}, {"status": 429, "error_code": 226}], False),
        ([{"status": 500, "handled": True}, {"status": 429, "error_code": 226}], False),
        # These did nothing, so somebody else has.
        ([{"status": 429, "error_code": 226}], True),
        ([{"status": 429, "error_code": 225}, {"status": 429, "error_code": 226}], True),
    ],
)
def test_a_not_found_after_a_lost_delete_is_marked(
    emulator: Emulator, heard: Heard, faults: list[dict[str, Any]], gone: bool
) -> None:
    account = emulator.account(KEY)
    backend = account.create({})
    client = Client(settings(emulator, rate_window=0.05), heard)
    for fault in faults:
        emulator.fault(method="DELETE", **fault)
    if gone:
        del account.backends[backend.id]
        with pytest.raises(NotFound):
            client.delete(backend.id)
    else:
        client.delete(backend.id)
        assert account.backends == {}


def test_a_body_of_many_packets_is_read_whole(emulator: Emulator, heard: Heard) -> None:
    for n in range(60):
        emulator.account(KEY).create({"metadata": str(n) * 2000})
    listed = Client(settings(emulator), heard).list(BACKENDS)
    assert [backend.metadata[:2] for backend in listed[-2:]] == ["11", "00"]
    assert len(listed) == 60


SHAPES: dict[str, Callable[[Client], object]] = {
    f"POST {LIST}: the response is not a tunnel group backend.": lambda client: client.create({"description": "x"}),
    f"GET {LIST}: the response is not a list of backends.": lambda client: client.list(BACKENDS),
}


@pytest.mark.parametrize("told", SHAPES)
def test_a_response_of_another_shape_is_named(emulator: Emulator, heard: Heard, told: str) -> None:
    emulator.fault(times=None, body="{}")
    with pytest.raises(Exception, match=re.escape(told)):
        SHAPES[told](Client(settings(emulator, max_attempts=1), heard))


def test_a_backend_of_another_shape_on_a_page_is_named(emulator: Emulator, heard: Heard) -> None:
    emulator.fault(method="GET", body='{"backends": [{"id": "x"}]}')
    with pytest.raises(Exception, match=f"^GET {LIST}: the response is not a tunnel group backend.$"):
        Client(settings(emulator), heard).list(BACKENDS)


def test_each_request_has_the_headers_of_the_api(emulator: Emulator, session: Session) -> None:
    fetch(session, max_wait=0)
    headers = emulator.requests[0].headers
    assert headers["Accept"] == "application/json"
    assert headers["Ngrok-Version"] == "2"
    assert headers["User-Agent"] == f"pulumi-ngrok-tg/{version('pulumi-ngrok-tg')}"
    assert headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("header", ["Ngrok-Operation-Id", "NGROK-OPERATION-ID"])
def test_the_operation_of_a_response_that_is_not_ngroks_is_in_its_header(
    emulator: Emulator, session: Session, heard: Heard, header: str
) -> None:
    emulator.fault(method="GET", body="[]", headers={header: "op_given"})
    fetch(session, max_wait=0)
    assert facts(heard) == [f"GET {LIST}: HTTP 200 in N ms (attempt 1, operation op_given)"]


def test_an_impossible_address_is_an_error(heard: Heard) -> None:
    problem = "its address or that of the proxy \\(HTTPS_PROXY\\) is malformed"
    with pytest.raises(Unsendable, match=f"^GET {LIST}: nothing was sent to \\*, because {problem}.$"):
        fetch(connect(AccountSettings(KEY, "https://*"), heard))


def test_ngroks_clock_is_read_from_all_responses_but_those_to_creates(heard: Heard) -> None:
    ahead = f"Date: {formatdate(time.time() + 3600, usegmt=True)}"
    withdrawn = {"error_code": "ERR_NGROK_7008", "status_code": 403, "msg": "no"}
    said = [
        response(200, {}, ahead),
        response(403, withdrawn, ahead),
        response(200, {}, ahead),
        response(200, {}, "Date: no time at all"),
    ]
    with HostileServer(lambda _method, _path: said.pop(0)) as server:
        clock = Clock()
        session = connect(AccountSettings(KEY, server.url), heard, clock)
        session.send(Call(1), "POST", LIST, lambda body: body, {})
        assert clock.ahead == 0, "a proxy may replay the response to a create, Date and all"
        with pytest.raises(ApiError):
            fetch(session, max_wait=0)
        for _ in range(2):
            fetch(session, max_wait=0)
            assert 3590 < clock.ahead < 3610


@pytest.mark.parametrize("dated", [True, False])
def test_a_date_in_retry_after_is_of_ngroks_clock(heard: Heard, dated: bool) -> None:
    """A Retry-After that is a date is compared with the Date beside it; our own clock may be off."""
    then = time.time() + (7200 if dated else 0)
    headers = [f"Retry-After: {formatdate(then + 60, usegmt=True)}"]
    if dated:
        headers.append(f"Date: {formatdate(then, usegmt=True)}")
    limited = {"error_code": "ERR_NGROK_226", "status_code": 429, "msg": "no"}
    told = pytest.raises(GaveUp, match=r"The next request can be sent in (59|60) s")
    with HostileServer(lambda _method, _path: response(429, limited, *headers)) as server, told:
        fetch(connect(AccountSettings(KEY, server.url), heard), max_wait=1)


def test_all_tunnels_are_listed_with_retries_and_cleaned(emulator: Emulator, heard: Heard) -> None:
    ids = [emulator.account(KEY).connect_tunnel({"n": str(n)}, f"evil\x1b {KEY}") for n in range(101)]
    client = Client(settings(emulator), heard)
    emulator.fault(path="/tunnels", status=503)
    tunnels = client.list(TUNNELS)
    assert [tunnel.id for tunnel in tunnels] == ids[::-1]
    assert {tunnel.forwards_to for tunnel in tunnels} == {"evil\\x1b [redacted]"}
    assert tunnels[0].labels == {"n": "100"}
    assert [request.path for request in emulator.requests] == ["/tunnels"] * 3


def test_the_account_is_read_page_by_page(emulator: Emulator, heard: Heard) -> None:
    for _ in range(101):
        emulator.account(KEY).create({})
    assert len(Client(settings(emulator), heard).list(BACKENDS)) == 101
    first, second = facts(heard)
    assert first == f"GET {LIST}?limit=100: HTTP 200 in N ms (attempt 1, operation op)"
    assert re.fullmatch(
        rf"GET {LIST}\?before_id=bkdtg_\w+&limit=100: HTTP 200 in N ms \(attempt 1, operation op\)", second
    )


# The end of an operation ----------------------------------------------------------------------------------------------


def test_a_cancelled_operation_ends_every_wait_and_sends_nothing_more(emulator: Emulator, heard: Heard) -> None:
    """Waits for a pause, for a turn, for a lock, and between attempts."""
    cancellation, lock = Cancellation(), threading.Lock()
    session = connect(settings(emulator, max_concurrency=1), heard)
    emulator.fault(method="GET", status=429, error_code=226, headers={"Retry-After": "60"})

    def send() -> None:
        session.send(Call(300, 3, cancellation), "GET", LIST, lambda body: body)

    def wait_for_lock() -> None:
        with Call(300, 3, cancellation).hold(lock):
            pass

    lock.acquire()
    with ThreadPoolExecutor(9) as pool:
        waiting = [*(pool.submit(send) for _ in range(8)), pool.submit(wait_for_lock)]
        while not heard.statuses:
            time.sleep(0.01)
        began = time.monotonic()
        cancellation.cancel()
        for one in waiting:
            with pytest.raises(Cancelled, match="nothing was sent"):
                one.result(30)
        assert time.monotonic() - began < 10
    assert len(emulator.requests) == 1


def test_nothing_is_sent_once_nobody_records_it(emulator: Emulator, session: Session) -> None:
    with pytest.raises(Cancelled, match=r"^The operation was cancelled; nothing was sent\.$"):
        session.send(Call(5, 3, Cancellation(lambda: True)), "DELETE", f"{LIST}/bkdtg_1", lambda body: body)
    assert emulator.requests == []


# New backends ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["get", "read", "update", "delete"])
@pytest.mark.parametrize("misses", [2, 3])
def test_a_new_backend_that_a_server_does_not_know_yet_is_not_gone(
    emulator: Emulator, heard: Heard, call: str, misses: int
) -> None:
    backend = emulator.account(KEY).create({})
    client = Client(settings(emulator, settle_pauses=(0.01, 0.02)), heard)
    emulator.fault(path="tunnel_group", times=None, fields={"backends": []})
    emulator.fault(path=backend.id, times=misses, status=404, error_code=6514)
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: client.get(backend.id, backend.created_at),
        "read": lambda: client.read(backend.id, backend.created_at),
        "update": lambda: client.update(backend.id, {"description": "x"}, created_at=backend.created_at),
        "delete": lambda: client.delete(backend.id, backend.created_at),
    }
    if misses == 2:
        calls[call]()
    else:
        with pytest.raises(Unsettled, match=r"\(ERR_NGROK_6514, .* It is only seconds old: ngrok may find it"):
            calls[call]()
    assert len([request for request in emulator.requests if request.path.endswith(backend.id)]) == 3


@pytest.mark.parametrize("created_at", ["2025-01-21T18:19:53Z", "", "soon"])
def test_a_backend_that_is_not_new_is_gone_at_once(emulator: Emulator, heard: Heard, created_at: str) -> None:
    client = Client(settings(emulator), heard)
    for call in (client.get, client.delete):
        with pytest.raises(NotFound):
            call("bkdtg_1", created_at)
    assert len(emulator.requests) == 2


@pytest.mark.parametrize("arrived", [True, False])
def test_a_not_found_after_a_lost_delete_of_a_new_backend_proves_nothing(
    emulator: Emulator, heard: Heard, arrived: bool
) -> None:
    backend = emulator.account(KEY).create({})
    client = Client(settings(emulator, settle_pauses=(0.01, 0.02)), heard)
    emulator.fault(method="DELETE", drop="after" if arrived else "before")
    if arrived:
        with pytest.raises(Unsettled):
            client.delete(backend.id, backend.created_at)
    else:
        client.delete(backend.id, backend.created_at)
    assert emulator.account(KEY).backends == {}
    assert len(emulator.requests) == (4 if arrived else 2)


@pytest.mark.parametrize(("ours_ahead", "date_ahead"), [(0, 0), (3600, 0), (-3600, 0), (0, 3600), (-60, None)])
@pytest.mark.parametrize(("age", "is_new"), [(5, True), (35, True), (45, False), (3000, False)])
def test_a_backend_is_new_if_one_of_the_clocks_says_so(
    ours_ahead: float, date_ahead: float | None, age: float, is_new: bool
) -> None:
    """The Date comes with the "not found" itself, at the earliest."""
    ngrok = Ngrok(ours_ahead=ours_ahead, date_ahead=date_ahead or 0.0)
    ngrok.listing = reject(404, 6514)
    call = Call(1, created=time.time() - age)
    with pytest.raises(Unsettled if is_new else NotFound):
        ngrok.session.send(call, "GET", f"{LIST}/bkdtg_1", lambda body: body)


def test_a_wait_is_reported_once_whatever_wakes_it(emulator: Emulator, heard: Heard) -> None:
    session = connect(settings(emulator, max_concurrency=2, rate_window=60), heard)
    emulator.fault(path="/first", status=429, error_code=226, headers={"Retry-After": "2"})
    emulator.fault(path="/second", hang=0.3)
    with ThreadPoolExecutor(2) as pool:
        others = pool.submit(lambda: suppress_all(lambda: fetch(session, "/second", attempts=1)))
        suppress_all(lambda: fetch(session, "/first", attempts=1))
        others.result()
    assert len([line for line in heard.statuses if line.startswith("ngrok's limit of requests per minute")]) == 1


def suppress_all(call: Callable[[], object]) -> None:
    with suppress(NgrokError):
        call()


def test_an_unexpected_exception_leaves_its_place_to_others(emulator: Emulator, heard: Heard) -> None:
    ngrok = Ngrok()
    failures = [MemoryError()] * 10
    ngrok.exchange = lambda *_: (_ for _ in ()).throw(failures.pop())  # type: ignore[method-assign]
    for _ in range(10):
        with pytest.raises(MemoryError):
            ngrok.session.send(Call(1), "GET", LIST, lambda body: body)
