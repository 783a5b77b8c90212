"""One request until it ends, over real HTTP: how often it is sent, what it waits, and what is told of it."""

import re
import time
from collections.abc import Callable
from email.utils import formatdate
from importlib.metadata import version
from typing import Any

import pytest

from pulumi_ngrok_tg.api.client import Client
from pulumi_ngrok_tg.api.errors import (
    ApiError,
    ConnectionFailed,
    GaveUp,
    NotFound,
    ServerError,
    UnexpectedResponse,
)
from pulumi_ngrok_tg.api.patience import Patience
from pulumi_ngrok_tg.api.retrying import Requests
from pulumi_ngrok_tg.api.settings import AccountSettings
from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.provider.hostile import HostileServer, response
from tests.reporter import Heard

LIST = "/backends/tunnel_group"
OPERATION = r"operation op_[0-9A-Za-z]{27}\b"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def requests(emulator: Emulator, heard: Heard) -> Requests:
    return Requests(settings(emulator), heard)


def settings(emulator: Emulator, **more: Any) -> AccountSettings:
    return AccountSettings(KEY, emulator.url, **{"backoff": 0.02, "read_timeout": 0.5, "max_attempts": 3, **more})


def facts(heard: Heard) -> list[str]:
    """The lines for debugging, without what differs from run to run."""
    lines = [re.sub(r"\d+ ms", "N ms", line) for line in heard.debugs]
    return [re.sub(OPERATION, "operation op", line) for line in lines]


def test_each_attempt_is_a_debug_line(emulator: Emulator, requests: Requests, heard: Heard) -> None:
    emulator.fault(method="GET", drop="after")
    emulator.fault(method="GET", status=500)
    requests.send("GET", f"{LIST}?limit=100", Patience(5))
    assert facts(heard) == [
        f"GET {LIST}?limit=100: no response in N ms (attempt 1)",
        f"GET {LIST}?limit=100: HTTP 500 in N ms (attempt 2, operation op)",
        f"GET {LIST}?limit=100: HTTP 200 in N ms (attempt 3, operation op)",
    ]


def test_a_debug_lines_time_is_the_servers(emulator: Emulator, requests: Requests, heard: Heard) -> None:
    emulator.set(latency=0.1)
    requests.send("GET", LIST, Patience(5))
    (told,) = (int(line.split(" in ")[1].split()[0]) for line in heard.debugs)
    arrived, ended = emulator.requests[0].arrived, emulator.requests[0].ended
    assert (ended - arrived) * 1000 - 1 <= told < 5000


def test_an_error_names_the_request_without_its_query(emulator: Emulator, requests: Requests) -> None:
    emulator.fault(method="GET", status=403, error_code=7008)
    with pytest.raises(ApiError, match=f"^GET {LIST}: ngrok says: "):
        requests.send("GET", f"{LIST}?limit=100", Patience(5))


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": "before"}, {"status": 503, "body": "<html></html>"}])
def test_max_attempts_limits_the_attempts(emulator: Emulator, requests: Requests, fault: dict[str, Any]) -> None:
    emulator.fault(method="GET", times=None, **fault)
    patience = Patience(30)
    with pytest.raises((ServerError, ConnectionFailed)):
        requests.send("GET", LIST, patience)
    assert len(emulator.requests) == 3
    # 0.02 s, then 0.04 s, each with up to 0.02 s more: and each counts as waited.
    assert 0.06 <= patience.spent < 0.5


def test_attempts_that_meet_a_limit_do_not_count(emulator: Emulator, heard: Heard) -> None:
    requests = Requests(settings(emulator, max_attempts=1, rate_window=0.05), heard)
    emulator.fault(method="GET", times=4, status=429, error_code=226)
    requests.send("GET", LIST, Patience(30))
    assert len(emulator.requests) == 5
    assert facts(heard)[-1] == f"GET {LIST}: HTTP 200 in N ms (attempt 5, operation op)"


def test_a_request_that_was_not_sent_is_no_debug_line(emulator: Emulator, requests: Requests, heard: Heard) -> None:
    emulator.fault(method="GET", status=429, error_code=226, headers={"Retry-After": "60"})
    with pytest.raises(GaveUp):
        requests.send("GET", LIST, Patience(1))
    assert len(heard.debugs) == len(emulator.requests) == 1


def test_a_long_wait_before_the_next_attempt_is_reported(emulator: Emulator, heard: Heard) -> None:
    requests = Requests(settings(emulator, backoff=1.05, max_attempts=2), heard)
    emulator.fault(method="GET", status=500)
    requests.send("GET", LIST, Patience(30))
    (told,) = heard.statuses
    assert re.search(r"HTTP 500, .* Next attempt in [12] s$", told)


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
    listed = Client(settings(emulator), heard).list_all()
    assert [backend.metadata[:2] for backend in listed[-2:]] == ["11", "00"]
    assert len(listed) == 60


SHAPES: dict[str, Callable[[Client], object]] = {
    f"POST {LIST}: the response is not a tunnel group backend.": lambda client: client.create({"description": "x"}),
    f"GET {LIST}: the response is not a list of backends.": lambda client: client.list_all(),
}


@pytest.mark.parametrize("told", SHAPES)
def test_a_response_of_another_shape_is_named(emulator: Emulator, heard: Heard, told: str) -> None:
    emulator.fault(times=None, body="{}")
    with pytest.raises(Exception, match=re.escape(told)):
        SHAPES[told](Client(settings(emulator, max_attempts=1), heard))


def test_a_backend_of_another_shape_on_a_page_is_named(emulator: Emulator, heard: Heard) -> None:
    emulator.fault(method="GET", body='{"backends": [{"id": "x"}]}')
    with pytest.raises(Exception, match=f"^GET {LIST}: the response is not a tunnel group backend.$"):
        Client(settings(emulator), heard).list_all()


def test_each_request_has_the_headers_of_the_api(emulator: Emulator, requests: Requests) -> None:
    requests.send("GET", LIST, Patience(0))
    headers = emulator.requests[0].headers
    assert headers["Accept"] == "application/json"
    assert headers["Ngrok-Version"] == "2"
    assert headers["User-Agent"] == f"pulumi-ngrok-tg/{version('pulumi-ngrok-tg')}"
    assert headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("header", ["Ngrok-Operation-Id", "NGROK-OPERATION-ID"])
def test_the_operation_of_a_response_that_is_not_ngroks_is_in_its_header(
    emulator: Emulator, requests: Requests, heard: Heard, header: str
) -> None:
    emulator.fault(method="GET", body="[]", headers={header: "op_given"})
    requests.send("GET", LIST, Patience(0))
    assert facts(heard) == [f"GET {LIST}: HTTP 200 in N ms (attempt 1, operation op_given)"]


def test_an_impossible_address_is_an_error(heard: Heard) -> None:
    with pytest.raises(
        UnexpectedResponse, match=f"^GET {LIST}: no request can be sent, because the address is malformed.$"
    ):
        Requests(AccountSettings(KEY, "https://*"), heard).send("GET", LIST, Patience(0))


def test_ngroks_clock_is_read_from_successful_responses(heard: Heard) -> None:
    ahead = f"Date: {formatdate(time.time() + 3600, usegmt=True)}"
    withdrawn = {"error_code": "ERR_NGROK_7008", "status_code": 403, "msg": "no"}
    said = [response(403, withdrawn, ahead), response(200, {}, ahead), response(200, {}, "Date: no time at all")]
    with HostileServer(lambda _method, _path: said.pop(0)) as server:
        requests = Requests(AccountSettings(KEY, server.url), heard)
        assert requests.clock_offset == 0
        with pytest.raises(ApiError):
            requests.send("GET", LIST, Patience(0))
        assert requests.clock_offset == 0
        for _ in range(2):
            requests.send("GET", LIST, Patience(0))
            assert 3590 < requests.clock_offset < 3610


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
        Requests(AccountSettings(KEY, server.url), heard).send("GET", LIST, Patience(1))


def test_all_tunnels_are_listed_with_retries_and_cleaned(emulator: Emulator, heard: Heard) -> None:
    ids = [emulator.account(KEY).connect_tunnel({"n": str(n)}, f"evil\x1b {KEY}") for n in range(101)]
    client = Client(settings(emulator), heard)
    emulator.fault(path="/tunnels", status=503)
    tunnels = client.list_tunnels()
    assert [tunnel.id for tunnel in tunnels] == ids[::-1]
    assert {tunnel.forwards_to for tunnel in tunnels} == {"evil\\x1b [redacted]"}
    assert tunnels[0].labels == {"n": "100"}
    assert [request.path for request in emulator.requests] == ["/tunnels"] * 3


def test_the_account_is_read_page_by_page(emulator: Emulator, heard: Heard) -> None:
    for _ in range(101):
        emulator.account(KEY).create({})
    assert len(list(Client(settings(emulator), heard).read_pages())) == 2
    first, second = facts(heard)
    assert first == f"GET {LIST}?limit=100: HTTP 200 in N ms (attempt 1, operation op)"
    assert re.fullmatch(
        rf"GET {LIST}\?before_id=bkdtg_\w+&limit=100: HTTP 200 in N ms \(attempt 1, operation op\)", second
    )
