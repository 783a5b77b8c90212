"""What can go wrong on the way to ngrok and back: nothing is lost, nothing doubled, the key stays where it belongs."""

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import psutil
import pytest
import requests
import trustme

from pulumi_ngrok_tg.emulator import Emulator, RateLimit
from tests.conftest import KEY
from tests.provider.deployment import Deployment, backends

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
    "a close before the request": {"drop": "before", "reset": False},
    "a close before the answer": {"drop": "after", "reset": False},
    "half an answer": {"truncate": True},
    "an answer that is not JSON": {"body": HTML},
    "an answer of another shape": {"body": '{"id": 5}'},
    "a hang": {"hang": 1.0},
}


@pytest.fixture
def deployment(emulator: Emulator) -> Deployment:
    return Deployment(emulator)


def cases(faults: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("fault", faults.values(), ids=faults.keys())


@cases({**REFUSED, **LOST})
def test_creates_happen_once_whatever_befalls_them(deployment: Deployment, fault: dict[str, Any]) -> None:
    deployment.emulator.fault(method="POST", times=4, skip=3, **fault)
    assert deployment.up(backends(16)) == {}
    deployment.assert_in_step()
    assert len(deployment.state) == 16


@cases({**REFUSED, **LOST})
def test_identical_creates_happen_once_each(deployment: Deployment, fault: dict[str, Any]) -> None:
    deployment.emulator.fault(method="POST", times=3, skip=1, **fault)
    same = {f"b{n}": {"labels": {"app": "web"}} for n in range(8)}
    assert deployment.up(same) == {}
    deployment.assert_in_step()
    assert len(deployment.state) == 8


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
def test_reads_updates_and_deletes_are_repeated(deployment: Deployment, method: str, fault: dict[str, Any]) -> None:
    deployment.up(backends(12))
    deployment.emulator.fault(method=method, times=4, **fault)
    assert deployment.refresh() == {}
    assert deployment.up(backends(12, metadata="new")) == {}
    deployment.assert_in_step()
    assert deployment.destroy() == {}
    deployment.assert_in_step()


def test_a_base_url_with_a_path_that_ngrok_does_not_have_forgets_nothing(emulator: Emulator) -> None:
    deployment = Deployment(emulator)
    deployment.up(backends(2))
    deployment.base_url = f"{emulator.url}/v2"
    for errors in (deployment.refresh(), deployment.destroy()):
        assert all("Unsupported API surface" in error for error in errors.values())
        assert all(error.endswith("Is ngrok:apiBaseUrl wrong, or a proxy in between?") for error in errors.values())
        assert len(errors) == 2
    deployment.assert_in_step()


# Connections that stay open -----------------------------------------------------------------------------------------


def test_a_deployment_keeps_its_connections(emulator: Emulator) -> None:
    deployment = Deployment(emulator, max_concurrency=4)
    assert deployment.up(backends(40)) == {}
    assert deployment.destroy() == {}
    assert len(emulator.requests) == 80
    port = int(emulator.url.rpartition(":")[2])
    # Those that have ended are still known to the system for a minute.
    sockets = psutil.net_connections("tcp4")
    clients = {one.laddr.port for one in sockets if one.raddr and one.raddr.port == port}
    clients |= {one.raddr.port for one in sockets if one.raddr and one.laddr.port == port}
    assert 1 <= len(clients) <= 2 * 4, "each of the two operations has its own"


def test_a_connection_that_was_closed_while_idle_costs_nothing(emulator: Emulator) -> None:
    """The next request finds it dead: it goes over a new one, and no create is taken for one of unknown fate."""
    deployment = Deployment(emulator, max_concurrency=1)
    for method in ("POST", "PATCH", "GET", "DELETE"):
        emulator.fault(method=method, times=None, drop="idle")
    steps = (
        lambda: deployment.up(backends(6)),
        deployment.refresh,
        lambda: deployment.up(backends(6, metadata="new")),
        deployment.destroy,
    )
    for step in steps:
        assert step() == {}
        deployment.assert_in_step()
    assert [request.method for request in emulator.requests if request.method == "POST"] == ["POST"] * 6
    assert {request.status for request in emulator.requests} == {200, 201, 204}


@pytest.mark.parametrize("reset", [True, False])
def test_a_create_on_a_connection_that_dies_under_it_is_looked_for_first(emulator: Emulator, reset: bool) -> None:
    deployment = Deployment(emulator, max_concurrency=1)
    emulator.fault(method="POST", skip=1, drop="before", reset=reset)
    assert deployment.up(backends(2)) == {}
    deployment.assert_in_step()
    assert deployment.calls() == ["POST", "POST", "GET", "POST", "GET"], "once more after the second"


def test_retry_after_may_be_a_date(deployment: Deployment) -> None:
    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=3), usegmt=True)
    deployment.emulator.fault(status=429, error_code=226, headers={"Retry-After": date})
    assert deployment.up(backends(1)) == {}
    (line,) = deployment.heard.statuses
    assert line.startswith("ngrok's limit of requests per minute is reached (ERR_NGROK_226): waiting")


def test_a_pause_of_a_server_that_is_down_is_told_as_such(deployment: Deployment) -> None:
    deployment.emulator.fault(method="GET", status=503, headers={"Retry-After": "2"})
    deployment.up(backends(1))
    assert deployment.refresh() == {}
    assert deployment.heard.statuses == ["ngrok is unavailable (HTTP 503): waiting 2 s, then going on"]


def test_an_absurd_retry_after_is_not_waited_for(deployment: Deployment) -> None:
    deployment.emulator.fault(times=None, status=429, error_code=226, headers={"Retry-After": "7200"})
    (error,) = deployment.up(backends(1)).values()
    assert error == (
        "POST /backends/tunnel_group: ngrok's limit of requests per minute is reached (ERR_NGROK_226). The next "
        "request may go in 7200 s, and one call may wait 10 s in all. Try again later, or raise "
        "pulumi-ngrok-tg:maxWaitSeconds."
    )
    deployment.assert_in_step()


@pytest.mark.parametrize("pause", [{"status": 429, "error_code": 226}, {"status": 503}], ids=["limit", "down"])
def test_nobody_slips_through_while_a_pause_begins(emulator: Emulator, pause: dict[str, Any]) -> None:
    deployment = Deployment(emulator, max_concurrency=1)
    emulator.fault(method="POST", skip=2, headers={"Retry-After": "2"}, **pause)
    assert deployment.up(backends(8)) == {}
    deployment.assert_in_step()
    told = next(n for n, request in enumerate(emulator.requests) if request.status in (429, 503))
    # One in flight at a time, so whatever arrives after the response was sent after it.
    assert emulator.requests[told + 1].arrived >= emulator.requests[told].ended + 2


def test_a_limit_of_creates_does_not_hold_up_the_rest(deployment: Deployment) -> None:
    deployment.up(backends(8))
    deployment.calls()
    deployment.emulator.fault(method="POST", status=400, error_code=5001, headers={"Retry-After": "2"})
    wanted = {"new1": {}, **backends(4, metadata="new")}
    assert deployment.up(wanted) == {}
    created = next(n for n, r in enumerate(deployment.emulator.requests) if r.status == 201)
    others = [n for n, r in enumerate(deployment.emulator.requests) if r.method in ("PATCH", "DELETE")]
    assert len(others) == 8
    assert max(others) < created, "changes and deletes went on meanwhile"
    (line,) = deployment.heard.statuses
    assert line == "ngrok's limit of creates in an interval is reached (ERR_NGROK_5001): waiting 2 s, then going on"


def spent(emulator: Emulator) -> float:
    """Seconds from the first request to the end of the last."""
    return max(r.ended for r in emulator.requests) - min(r.arrived for r in emulator.requests)


def dictated(emulator: Emulator, a_window: int, window: float) -> float:
    """Seconds after the first request at which the last one could go, as the rolling limit stood."""
    admitted = sorted(r.arrived for r in emulator.requests if r.status != 429)
    return admitted[-1 - a_window] + window - admitted[0]


def test_requests_at_once_settle_at_the_limit(emulator: Emulator) -> None:
    """How fast they settle is held in simulated time, in unit/test_limits; here it is how little is refused."""
    emulator.set(max_concurrency=3, latency=0.05)
    deployment = Deployment(emulator, backoff=0.5)
    assert deployment.up(backends(60)) == {}
    deployment.assert_in_step()
    assert [request.status for request in emulator.requests].count(429) <= 15
    assert emulator.peak == 3


@pytest.mark.parametrize(("at_once", "a_minute"), [(3, None), (None, 60), (3, 60)])
def test_three_stacks_at_the_same_time_all_complete(
    emulator: Emulator, at_once: int | None, a_minute: int | None
) -> None:
    window = 6.0
    emulator.set(max_concurrency=at_once, latency=0.02)
    emulator.set(rate_limit=RateLimit(a_minute, window) if a_minute else None)
    settings = {"rate_limit": a_minute or 120, "rate_window": window, "max_wait_seconds": 60, "backoff": 0.1}
    stacks = [Deployment(emulator, **settings) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        errors = list(pool.map(lambda stack: stack.up(backends(30)), stacks))
    assert errors == [{}, {}, {}]
    ids = [resource.id for stack in stacks for resource in stack.state.values()]
    assert sorted(ids) == sorted(emulator.account(KEY).backends)
    assert len(set(ids)) == 90
    if a_minute:
        assert spent(emulator) <= 1.3 * dictated(emulator, a_minute, window)


@pytest.mark.parametrize("method", ["POST", "GET", "PATCH", "DELETE"])
def test_a_server_that_stays_broken_ends_in_one_line_and_loses_nothing(deployment: Deployment, method: str) -> None:
    deployment.up(backends(3))
    before = dict(deployment.state)
    deployment.emulator.fault(method=method, path=None, times=None, status=503, message="Out for lunch.")
    errors = {
        "POST": lambda: deployment.up({**backends(3), "more": {}}),
        "GET": deployment.refresh,
        "PATCH": lambda: deployment.up(backends(3, metadata="new")),
        "DELETE": deployment.destroy,
    }[method]()
    assert len(errors) == (1 if method == "POST" else 3)
    for error in errors.values():
        assert "ngrok says: Out for lunch (HTTP 503" in error
        assert "\n" not in error
    assert deployment.state == before
    deployment.emulator.faults.clear()
    deployment.assert_in_step()


def test_a_server_that_comes_up_late_is_waited_for() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Emulator() as elsewhere:
        deployment = Deployment(elsewhere, f"http://127.0.0.1:{port}", max_attempts=1000)
        errors: dict[str, str] = {}
        work = threading.Thread(target=lambda: errors.update(deployment.up(backends(5))))
        work.start()
        while not any("no response" in line for line in deployment.heard.debugs):
            work.join(0.01)
            assert work.is_alive()
        with Emulator(port, (KEY,)) as late:
            work.join(30)
            assert not work.is_alive()
            assert errors == {}
            deployment.emulator = late
            deployment.assert_in_step()
            assert [request.method for request in late.requests] == ["POST"] * 5


def test_a_server_that_never_comes_up_is_named(deployment: Deployment) -> None:
    deployment.base_url = "http://127.0.0.1:1"
    (error,) = deployment.up(backends(1)).values()
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
def test_redirects_are_not_followed(deployment: Deployment, stranger: Emulator, status: int, host: str) -> None:
    deployment.up(backends(2))
    before = dict(deployment.state)
    deployment.calls()
    target = stranger.url if host == "other" else deployment.emulator.url
    deployment.emulator.fault(times=None, status=status, body="", headers={"Location": f"{target}{COLLECTION}"})
    for errors in (deployment.refresh(), deployment.up(backends(3)), deployment.up(backends(2, metadata="new"))):
        assert errors
        assert all(f"the server redirects (HTTP {status})" in error for error in errors.values())
    assert len(deployment.calls()) == 6, "none is sent twice"
    assert deployment.state == before


def test_pages_that_lead_elsewhere_are_not_followed(deployment: Deployment, stranger: Emulator) -> None:
    deployment.up(backends(110))
    for target in (f"{stranger.url}{COLLECTION}", f"//{stranger.url[7:]}{COLLECTION}", "https://127.0.0.1/x"):
        deployment.emulator.faults.clear()
        deployment.emulator.fault(path="tunnel_group", times=None, fields={"next_page_uri": target})
        assert deployment.refresh() == {}
        deployment.assert_in_step()


def test_a_netrc_file_does_not_replace_the_key(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password foreign\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with tls_server(monkeypatch) as (origin, received):
        deployment.base_url = f"https://{origin}"
        deployment.up(backends(1))
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


def test_a_certificate_that_is_not_trusted_gets_no_request(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls_server() as (origin, received):
        deployment.base_url = f"https://{origin}"
        (error,) = deployment.up(backends(1)).values()
    assert error.startswith(f"POST /backends/tunnel_group: the TLS certificate of {origin} is not trusted (")
    assert received == []


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
def test_what_goes_to_loopback_goes_through_no_proxy(
    deployment: Deployment, stranger: Emulator, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    deployment.base_url = deployment.emulator.url.replace("http", scheme)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, stranger.url)
    monkeypatch.setenv("NO_PROXY", "")
    assert deployment.up(backends(1)) == {}
    deployment.assert_in_step()


def test_a_proxy_that_cannot_be_reached_is_told_of(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    deployment.base_url = "https://127.0.0.1:2"
    (error,) = deployment.up(backends(1)).values()
    assert "through the proxy (Connection refused)" in error


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_response_about_another_backend_is_not_believed(deployment: Deployment, method: str) -> None:
    deployment.up(backends(1))
    before = dict(deployment.state)
    deployment.emulator.fault(path="tunnel_group", hide=tuple(deployment.emulator.account(KEY).backends))
    deployment.emulator.fault(path=deployment.state["b0"].id, fields={"id": "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"})
    (error,) = (deployment.refresh() if method == "GET" else deployment.up(backends(1, metadata="x"))).values()
    assert "the response is about bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4" in error
    assert deployment.state == before


def test_pages_in_a_circle_end(deployment: Deployment) -> None:
    deployment.up(backends(12))
    for _ in range(3):
        deployment.emulator.account(KEY).create({})
    ours = {resource.id for resource in deployment.state.values()}
    deployment.emulator.fault(
        path="tunnel_group",
        times=None,
        hide=tuple(ours),
        fields={"next_page_uri": f"{deployment.emulator.url}{COLLECTION}?limit=100"},
    )
    deployment.calls()
    assert deployment.refresh() == {}
    assert len(deployment.calls()) <= 12 + 2
    assert {resource.id for resource in deployment.state.values()} == ours


# Creates of unknown fate --------------------------------------------------------------------------------------------


def test_a_lost_answer_costs_one_list(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", drop="after")
    assert deployment.up(backends(1)) == {}
    assert deployment.calls() == ["POST", "GET"]


def test_a_lost_request_is_sent_again_after_a_list(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", drop="before")
    assert deployment.up(backends(1)) == {}
    assert deployment.calls()[:3] == ["POST", "GET", "POST"]
    deployment.assert_in_step()


def test_an_older_backend_with_the_same_contents_is_not_taken_for_ours(deployment: Deployment) -> None:
    theirs = deployment.emulator.account(KEY).create({"labels": {"app": "web"}})
    theirs.created_at = "2025-01-21T18:19:53Z"
    for drop in ("before", "after"):
        deployment.emulator.fault(method="POST", drop=drop)
    assert deployment.up({"web": {"labels": {"app": "web"}}}) == {}
    assert deployment.state["web"].id != theirs.id
    assert len(deployment.emulator.account(KEY).backends) == 2


def test_a_backend_of_other_contents_is_not_taken_for_ours(deployment: Deployment) -> None:
    deployment.emulator.account(KEY).create({"labels": {"app": "web"}, "description": "theirs"})
    deployment.emulator.fault(method="POST", drop="before")
    assert deployment.up({"web": {"labels": {"app": "web"}}}) == {}
    assert deployment.emulator.account(KEY).backends[deployment.state["web"].id].description == ""


def test_a_twin_made_by_someone_else_meanwhile_is_an_error_that_names_both(deployment: Deployment) -> None:
    theirs = deployment.emulator.account(KEY).create({"labels": {"app": "web"}})
    deployment.emulator.fault(method="POST", drop="after")
    (error,) = deployment.up({"web": {"labels": {"app": "web"}}}).values()
    assert "Several backends with these contents have appeared since" in error
    for id_ in deployment.emulator.account(KEY).backends:
        assert id_ in error
    assert len(deployment.emulator.account(KEY).backends) == 2
    assert theirs.id in error


def test_a_list_that_fails_leaves_the_fate_unknown_and_says_so(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", drop="after")
    deployment.emulator.fault(method="GET", times=None, status=403, error_code=635)
    (error,) = deployment.up(backends(1)).values()
    assert "The backend may have been created, and the list of backends that would tell could not be had" in error
    assert deployment.calls().count("POST") == 1


@pytest.mark.parametrize("where", ["to another origin", "in a circle", "nowhere new"])
def test_a_list_that_leads_astray_leaves_the_fate_unknown(
    deployment: Deployment, stranger: Emulator, where: str
) -> None:
    target = stranger.url if where == "to another origin" else deployment.emulator.url
    deployment.emulator.fault(method="POST", drop="after")
    # "nowhere new": another URI each time, and always the same page behind it.
    for page in range(50 if where == "nowhere new" else 1):
        uri = f"{target}{COLLECTION}?limit={100 - page}"
        deployment.emulator.fault(
            method="GET", times=1 if where == "nowhere new" else None, fields={"next_page_uri": uri}
        )
    (error,) = deployment.up(backends(1)).values()
    assert "may have been created" in error
    assert len(deployment.calls()) <= 4


def test_a_create_refused_after_a_lost_one_is_found_if_it_was_made(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", stall=0.6)
    deployment.emulator.fault(method="POST", times=None, status=400, error_code=5000, stall=0.3)
    assert deployment.up(backends(1)) == {}
    deployment.assert_in_step()


def test_a_create_that_never_gets_an_answer_ends_with_its_fate_unknown(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", times=None, drop="before")
    (error,) = deployment.up(backends(1)).values()
    assert "the connection to 127.0.0.1" in error
    assert "No backend with these contents has appeared, but one may yet. Look for it" in error
    assert deployment.calls().count("POST") == 5


def test_a_request_that_arrives_late_is_told_of(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", stall=0.6)
    deployment.emulator.fault(method="POST", stall=0.3)
    assert deployment.up(backends(1)) == {}
    made = deployment.state["b0"].id
    (late,) = set(deployment.emulator.account(KEY).backends) - {made}
    (line,) = deployment.heard.warnings
    assert f"{late} has the contents of {made}" in line
    assert "delete it" in line


# The rolling limit --------------------------------------------------------------------------------------------------


def test_the_rolling_limit_is_kept_by_pacing(emulator: Emulator) -> None:
    limit, window, count = 60, 3.0, 75
    emulator.set(rate_limit=RateLimit(limit, window))
    deployment = Deployment(emulator, rate_limit=limit, rate_window=window, max_wait_seconds=60)
    assert deployment.up(backends(count)) == {}
    deployment.assert_in_step()
    assert spent(emulator) <= 1.2 * dictated(emulator, limit, window)
    statuses = [request.status for request in emulator.requests]
    assert statuses.count(429) <= 8, "no more than were in flight when the limit was met"
    assert statuses.count(201) == count
    assert any("waiting" in line for line in deployment.heard.statuses)


def test_a_limit_that_others_have_used_up_is_waited_for(emulator: Emulator) -> None:
    emulator.set(rate_limit=RateLimit(10, 1.0))
    with requests.Session() as other:
        other.headers.update({"Authorization": f"Bearer {KEY}", "Ngrok-Version": "2"})
        statuses = [other.get(f"{emulator.url}{COLLECTION}", timeout=10).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    emulator.requests.clear()
    deployment = Deployment(emulator, rate_limit=10, rate_window=1.0, backoff=0.1)
    assert deployment.up(backends(15)) == {}
    deployment.assert_in_step()
    assert [request.status for request in emulator.requests].count(429) <= 40


# How long a call may wait -------------------------------------------------------------------------------------------


def test_what_one_call_may_wait_is_for_all_of_its_requests(emulator: Emulator) -> None:
    """Each request of the create waits less than the bound; together they would wait more."""
    deployment = Deployment(emulator, max_wait_seconds=1.5)
    emulator.fault(method="POST", status=429, error_code=226, headers={"Retry-After": "1"})
    emulator.fault(method="POST", drop="after")
    emulator.fault(method="GET", status=429, error_code=226, headers={"Retry-After": "1"})
    (error,) = deployment.up(backends(1)).values()
    assert "and one call may wait 1.5 s in all" in error
    assert "may have been created" in error
    assert deployment.calls() == ["POST", "POST", "GET"]


@pytest.mark.parametrize("identical", [True, False])
def test_waiting_for_our_own_requests_is_no_waiting_for_ngrok(emulator: Emulator, identical: bool) -> None:
    deployment = Deployment(emulator, max_wait_seconds=0, max_concurrency=1)
    emulator.set(latency=0.02)
    wanted = {name: {} if identical else inputs for name, inputs in backends(8).items()}
    assert deployment.up(wanted) == {}
    assert deployment.refresh() == {}
    assert deployment.destroy() == {}
    assert {request.status for request in emulator.requests} == {200, 201, 204}


def test_without_any_patience_a_limit_is_told_at_once(emulator: Emulator) -> None:
    deployment = Deployment(emulator, max_wait_seconds=0)
    emulator.set(max_concurrency=0)
    (error,) = deployment.up(backends(1)).values()
    assert error.startswith(
        "POST /backends/tunnel_group: ngrok's limit of requests at once is reached (ERR_NGROK_225)."
    )
    assert "one call may wait 0 s in all" in error
    assert deployment.calls() == ["POST"]
