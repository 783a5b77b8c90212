"""What can go wrong on the way to ngrok and back: nothing is lost, nothing doubled, the key stays where it belongs."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
import trustme

from pulumi_ngrok_tg.emulator import Emulator, RateLimit
from tests.conftest import KEY
from tests.provider.operator import Operator, backends

HTML = "<html>502 Bad Gateway</html>"
COLLECTION = "/backends/tunnel_group"

REFUSED: dict[str, dict[str, Any]] = {
    "429 with Retry-After in seconds": {"status": 429, "error_code": 226, "headers": {"Retry-After": "1"}},
    "429 without Retry-After": {"status": 429, "error_code": 226},
    "429 of a proxy": {"status": 429, "body": HTML},
    "ERR_NGROK_225": {"status": 429, "error_code": 225},
    "ERR_NGROK_5001": {"status": 400, "error_code": 5001},
}
LOST: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in (500, 502, 503, 504)},
    "502 of a proxy": {"status": 502, "body": HTML},
    "502 of a proxy after the write": {"status": 502, "body": HTML, "handled": True},
    "503 with Retry-After": {"status": 503, "headers": {"Retry-After": "1"}},
    "reset before the request": {"drop": "before"},
    "reset before the answer": {"drop": "after"},
    "half an answer": {"truncate": True},
    "an answer that is not JSON": {"body": HTML},
    "an answer of another shape": {"body": '{"id": 5}'},
    "a hang": {"hang": 1.0},
}


@pytest.fixture
def operator(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Operator:
    return Operator(emulator, monkeypatch)


def cases(faults: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("fault", faults.values(), ids=faults.keys())


@cases({**REFUSED, **LOST})
def test_creates_happen_once_whatever_befalls_them(operator: Operator, fault: dict[str, Any]) -> None:
    operator.emulator.fault(method="POST", times=4, skip=3, **fault)
    assert operator.up(backends(16)) == {}
    operator.assert_in_step()
    assert len(operator.state) == 16


@cases({**REFUSED, **LOST})
def test_identical_creates_happen_once_each(operator: Operator, fault: dict[str, Any]) -> None:
    operator.emulator.fault(method="POST", times=3, skip=1, **fault)
    same = {f"b{n}": {"labels": {"app": "web"}} for n in range(8)}
    assert operator.up(same) == {}
    operator.assert_in_step()
    assert len(operator.state) == 8


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        pytest.param(method, fault, id=f"{method}, {name}")
        for method in ("GET", "PATCH", "DELETE")
        for name, fault in {**REFUSED, **LOST}.items()
        if name != "an answer of another shape"  # final for these, and no more than an error
        if (method, name) != ("DELETE", "an answer that is not JSON")  # its answer has no body
    ],
)
def test_reads_updates_and_deletes_are_repeated(operator: Operator, method: str, fault: dict[str, Any]) -> None:
    operator.up(backends(12))
    operator.emulator.fault(method=method, times=4, **fault)
    assert operator.refresh() == {}
    assert operator.up(backends(12, metadata="new")) == {}
    operator.assert_in_step()
    assert operator.destroy() == {}
    operator.assert_in_step()


def test_retry_after_may_be_a_date(operator: Operator) -> None:
    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
    operator.emulator.fault(status=429, error_code=226, headers={"Retry-After": date})
    assert operator.up(backends(1)) == {}
    (line,) = operator.said
    assert line.startswith("ngrok's request limit is reached: waiting")


def test_a_pause_of_a_server_that_is_down_is_told_as_such(operator: Operator) -> None:
    operator.emulator.fault(method="GET", status=503, headers={"Retry-After": "2"})
    operator.up(backends(1))
    assert operator.refresh() == {}
    assert operator.said == ["ngrok is unavailable (HTTP 503): waiting 2 s, then going on"]


def test_an_absurd_retry_after_is_not_waited_for(operator: Operator) -> None:
    operator.emulator.fault(times=None, status=429, error_code=226, headers={"Retry-After": "86400"})
    (error,) = operator.up(backends(1)).values()
    assert re.match(r"POST /backends/tunnel_group: ngrok asks to wait \d{5} s more", error)
    assert "raise ngrok:maxWaitSeconds" in error
    operator.assert_in_step()


def test_all_threads_wait_for_what_one_is_told(operator: Operator) -> None:
    operator.emulator.fault(method="POST", status=429, error_code=226, headers={"Retry-After": "2"})
    assert operator.up(backends(16)) == {}
    assert len([line for line in operator.said if "waiting" in line]) == 1
    # Only what was already under way when the refusal came went out besides.
    assert [request.status for request in operator.emulator.requests].count(429) == 1


def test_too_many_at_once_settles_below_the_limit(operator: Operator) -> None:
    operator.emulator.max_concurrency = 3
    operator.emulator.latency = 0.01
    assert operator.up(backends(24)) == {}
    operator.assert_in_step()


@pytest.mark.parametrize("method", ["POST", "GET", "PATCH", "DELETE"])
def test_a_server_that_stays_broken_ends_in_one_line_and_loses_nothing(operator: Operator, method: str) -> None:
    operator.up(backends(3))
    before = dict(operator.state)
    operator.emulator.fault(method=method, path=None, times=None, status=503, message="Out for lunch.")
    errors = {
        "POST": lambda: operator.up({**backends(3), "more": {}}),
        "GET": operator.refresh,
        "PATCH": lambda: operator.up(backends(3, metadata="new")),
        "DELETE": operator.destroy,
    }[method]()
    assert len(errors) == (1 if method == "POST" else 3)
    for error in errors.values():
        assert "ngrok says: Out for lunch (HTTP 503" in error
        assert "\n" not in error
    assert operator.state == before
    operator.emulator.faults.clear()
    operator.assert_in_step()


def test_a_server_that_comes_up_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    first_refusal = threading.Event()
    with Emulator() as elsewhere:
        operator = Operator(elsewhere, monkeypatch, max_attempts=1000)
        monkeypatch.setattr(Emulator, "url", f"http://127.0.0.1:{port}")
        monkeypatch.setattr(
            "pulumi_ngrok_tg.api.transport._Patience.worth_repeating",
            _noting(first_refusal),
        )
        errors: dict[str, str] = {}
        work = threading.Thread(target=lambda: errors.update(operator.up(backends(5))))
        work.start()
        assert first_refusal.wait(10)
        monkeypatch.undo()
        with Emulator(port, (KEY,)) as late:
            work.join(30)
            assert not work.is_alive()
            assert errors == {}
            operator.emulator = late
            operator.assert_in_step()
            assert [request.method for request in late.requests] == ["POST"] * 5


def _noting(event: threading.Event) -> Callable[..., bool]:
    from pulumi_ngrok_tg.api.transport import _Patience

    original = _Patience.worth_repeating

    def worth_repeating(self: _Patience, error: BaseException) -> bool:
        event.set()
        return original(self, error)

    return worth_repeating


def test_a_server_that_never_comes_up_is_named(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Emulator, "url", "http://127.0.0.1:1")
    (error,) = operator.up(backends(1)).values()
    assert error == "POST /backends/tunnel_group: cannot connect to 127.0.0.1:1 (Connection refused)."


# The key goes to the configured origin only -------------------------------------------------------------------------


@pytest.fixture
def stranger() -> Any:
    """Another origin, which must never hear of us."""
    with Emulator() as server:
        yield server
        assert server.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["same", "other"])
def test_redirects_are_not_followed(operator: Operator, stranger: Emulator, status: int, host: str) -> None:
    operator.up(backends(2))
    before = dict(operator.state)
    operator.calls()
    target = stranger.url if host == "other" else operator.emulator.url
    operator.emulator.fault(times=None, status=status, body="", headers={"Location": f"{target}{COLLECTION}"})
    for errors in (operator.refresh(), operator.up(backends(3)), operator.up(backends(2, metadata="new"))):
        assert errors
        assert all(f"the server redirects (HTTP {status})" in error for error in errors.values())
    assert len(operator.calls()) == 5
    assert operator.state == before


def test_pages_that_lead_elsewhere_are_not_followed(operator: Operator, stranger: Emulator) -> None:
    operator.up(backends(110))
    for target in (f"{stranger.url}{COLLECTION}", f"//{stranger.url[7:]}{COLLECTION}", "https://127.0.0.1/x"):
        operator.emulator.faults.clear()
        operator.emulator.fault(path="tunnel_group", times=None, answer={"next_page_uri": target})
        assert operator.refresh() == {}
        operator.assert_in_step()


def test_a_netrc_file_does_not_replace_the_key(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password foreign\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with tls_server(monkeypatch) as (origin, received):
        monkeypatch.setattr(Emulator, "url", f"https://{origin}")
        operator.up(backends(1))
    assert f"Authorization: Bearer {KEY}\r\n".encode() in received[0]


@contextmanager
def tls_server(monkeypatch: pytest.MonkeyPatch | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A TLS server that notes what it receives and hangs up; its certificate is trusted where there is a patch."""
    context, authority = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    received: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):  # until the listener is closed
            while True:
                accepted = listener.accept()[0]
                with suppress(OSError), context.wrap_socket(accepted, server_side=True) as connection:
                    received.append(connection.recv(65536))

    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        if monkeypatch:
            bundle = stack.enter_context(authority.cert_pem.tempfile())
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        serving = threading.Thread(target=serve)
        serving.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", received
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(10)


def test_a_certificate_that_is_not_trusted_gets_no_request(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    with tls_server() as (origin, received):
        monkeypatch.setattr(Emulator, "url", f"https://{origin}")
        (error,) = operator.up(backends(1)).values()
    assert error.startswith(f"POST /backends/tunnel_group: the TLS certificate of {origin} is not trusted (")
    assert received == []


def test_what_goes_to_loopback_goes_through_no_proxy(
    operator: Operator, stranger: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, stranger.url)
    monkeypatch.setenv("NO_PROXY", "")
    assert operator.up(backends(1)) == {}
    operator.assert_in_step()


def test_a_proxy_that_cannot_be_reached_is_told_of(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setattr(Emulator, "url", "https://127.0.0.1:2")
    (error,) = operator.up(backends(1)).values()
    assert "through the proxy (Connection refused)" in error


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_answer_about_another_backend_is_not_believed(operator: Operator, method: str) -> None:
    operator.up(backends(1))
    before = dict(operator.state)
    operator.emulator.fault(method=method, answer={"id": "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"})
    (error,) = (operator.refresh() if method == "GET" else operator.up(backends(1, metadata="x"))).values()
    assert "the answer is about bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4" in error
    assert operator.state == before


def test_pages_in_a_circle_end(operator: Operator) -> None:
    operator.up(backends(12))
    for _ in range(3):
        operator.emulator.account(KEY).create({})
    ours = {resource.id for resource in operator.state.values()}
    operator.emulator.fault(
        path="tunnel_group",
        times=None,
        hide=tuple(ours),
        answer={"next_page_uri": f"{operator.emulator.url}{COLLECTION}?limit=100"},
    )
    operator.calls()
    assert operator.refresh() == {}
    assert len(operator.calls()) <= 12 + 2
    assert {resource.id for resource in operator.state.values()} == ours


# Creates of unknown fate --------------------------------------------------------------------------------------------


def test_a_lost_answer_costs_one_list(operator: Operator) -> None:
    operator.emulator.fault(method="POST", drop="after")
    assert operator.up(backends(1)) == {}
    assert operator.calls() == ["POST", "GET"]


def test_a_lost_request_is_sent_again_after_a_list(operator: Operator) -> None:
    operator.emulator.fault(method="POST", drop="before")
    assert operator.up(backends(1)) == {}
    assert operator.calls()[:3] == ["POST", "GET", "POST"]
    operator.assert_in_step()


def test_an_older_backend_with_the_same_contents_is_not_taken_for_ours(operator: Operator) -> None:
    theirs = operator.emulator.account(KEY).create({"labels": {"app": "web"}})
    theirs.created_at = "2025-01-21T18:19:53Z"
    for drop in ("before", "after"):
        operator.emulator.fault(method="POST", drop=drop)
    assert operator.up({"web": {"labels": {"app": "web"}}}) == {}
    assert operator.state["web"].id != theirs.id
    assert len(operator.emulator.account(KEY).backends) == 2


def test_a_backend_of_other_contents_is_not_taken_for_ours(operator: Operator) -> None:
    operator.emulator.account(KEY).create({"labels": {"app": "web"}, "description": "theirs"})
    operator.emulator.fault(method="POST", drop="before")
    assert operator.up({"web": {"labels": {"app": "web"}}}) == {}
    assert operator.emulator.account(KEY).backends[operator.state["web"].id].description == ""


def test_a_twin_made_by_someone_else_meanwhile_is_an_error_that_names_both(operator: Operator) -> None:
    theirs = operator.emulator.account(KEY).create({"labels": {"app": "web"}})
    operator.emulator.fault(method="POST", drop="after")
    (error,) = operator.up({"web": {"labels": {"app": "web"}}}).values()
    assert "Several backends with these contents have appeared since" in error
    for id_ in operator.emulator.account(KEY).backends:
        assert id_ in error
    assert len(operator.emulator.account(KEY).backends) == 2
    assert theirs.id in error


def test_a_list_that_fails_leaves_the_fate_unknown_and_says_so(operator: Operator) -> None:
    operator.emulator.fault(method="POST", drop="after")
    operator.emulator.fault(method="GET", times=None, status=403, error_code=635)
    (error,) = operator.up(backends(1)).values()
    assert "The backend may have been created, and the list of backends that would tell could not be had" in error
    assert operator.calls().count("POST") == 1


@pytest.mark.parametrize("where", ["to another origin", "in a circle", "nowhere new"])
def test_a_list_that_leads_astray_leaves_the_fate_unknown(operator: Operator, stranger: Emulator, where: str) -> None:
    target = stranger.url if where == "to another origin" else operator.emulator.url
    operator.emulator.fault(method="POST", drop="after")
    # "nowhere new": another URI each time, and always the same page behind it.
    for page in range(50 if where == "nowhere new" else 1):
        uri = f"{target}{COLLECTION}?limit={100 - page}"
        operator.emulator.fault(
            method="GET", times=1 if where == "nowhere new" else None, answer={"next_page_uri": uri}
        )
    (error,) = operator.up(backends(1)).values()
    assert "may have been created" in error
    assert len(operator.calls()) <= 4


def test_a_create_refused_after_a_lost_one_is_found_if_it_was_made(operator: Operator) -> None:
    operator.emulator.fault(method="POST", stall=0.6)
    operator.emulator.fault(method="POST", times=None, status=400, error_code=5000, stall=0.3)
    assert operator.up(backends(1)) == {}
    operator.assert_in_step()


def test_a_create_that_never_gets_an_answer_ends_with_its_fate_unknown(operator: Operator) -> None:
    operator.emulator.fault(method="POST", times=None, drop="before")
    (error,) = operator.up(backends(1)).values()
    assert "the connection to 127.0.0.1" in error
    assert "No backend with these contents has appeared, but one may yet: look for it" in error
    assert operator.calls().count("POST") == 5


def test_a_request_that_arrives_late_is_told_of(operator: Operator) -> None:
    operator.emulator.fault(method="POST", stall=0.6)
    operator.emulator.fault(method="POST", stall=0.3)
    assert operator.up(backends(1)) == {}
    made = operator.state["b0"].id
    (late,) = set(operator.emulator.account(KEY).backends) - {made}
    (line,) = operator.said
    assert f"{late} has the contents of {made}" in line
    assert "delete it" in line


# The rolling limit --------------------------------------------------------------------------------------------------


def test_the_rolling_limit_is_kept_by_pacing(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    limit, window, count = 60, 3.0, 75
    emulator.rate_limit = RateLimit(limit, window)
    operator = Operator(emulator, monkeypatch, rate_limit=limit, rate_window=window, max_wait_seconds=60)
    started = datetime.now(timezone.utc)
    assert operator.up(backends(count)) == {}
    elapsed = (datetime.now(timezone.utc) - started).total_seconds()
    operator.assert_in_step()
    assert elapsed <= 1.2 * window, "one window is what the limit alone dictates"
    statuses = [request.status for request in emulator.requests]
    assert statuses.count(429) <= 8, "no more than were in flight when the limit was met"
    assert statuses.count(201) == count
    assert any("waiting" in line for line in operator.said)

    emulator.requests.clear()
    assert operator.refresh() == {}
    assert [request.status for request in emulator.requests] == [200] * len(emulator.requests)
    assert len(emulator.requests) <= 4


def test_a_limit_that_others_have_used_up_is_waited_for(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.rate_limit = RateLimit(10, 1.0)
    while emulator.rate_limit.admit():
        pass
    operator = Operator(emulator, monkeypatch, rate_limit=10, rate_window=1.0, backoff=0.1)
    assert operator.up(backends(15)) == {}
    operator.assert_in_step()
    assert [request.status for request in emulator.requests].count(429) <= 40
