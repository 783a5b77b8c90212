"""The log of requests: what it tells, and how much it keeps."""

from pulumi_ngrok_tg.emulator import Emulator, Request
from pulumi_ngrok_tg.emulator.log import Log
from tests.conftest import KEY
from tests.emulator.api import PATH, Api


def test_the_log_holds_requests_without_the_key(api: Api, emulator: Emulator) -> None:
    api.create(labels={"app": "web"})
    api.get(f"{PATH}?limit=5")
    log = api.get("/_emulator/requests").json()
    assert [entry.keys() for entry in log] == [{"method", "path", "query", "status", "arrived", "ended"}] * 2
    assert [entry["arrived"] <= entry["ended"] for entry in log] == [True] * 2
    assert log[1].items() >= {"method": "GET", "path": PATH, "query": "limit=5", "status": 200}.items()
    assert KEY not in str(log)
    first, second = emulator.requests
    assert (first.body, first.headers["Authorization"]) == ({"labels": {"app": "web"}}, f"Bearer {KEY}")
    assert (second.body, second.content) == (None, b"")
    assert emulator.requests[-1:] == [second]
    assert api.delete("/_emulator/requests").status_code == 204
    assert len(emulator.requests) == 0


def logged(content: bytes | None = b"") -> Request:
    return Request("GET", PATH, "", {}, content, 200, 0.0, 0.0)


def test_log_keeps_the_newest_requests_and_no_large_body() -> None:
    log = Log()
    for number in range(10_005):
        log.add(logged(str(number).encode()))
    assert (len(log), log[0].body, log[-1].body) == (10_000, 5, 10_004)
    log.add(logged(b"x" * (2**16 + 1)))
    log.add(logged(b"[" * 5000))
    assert [(one.content is None, one.body) for one in log[-2:]] == [(True, None), (False, None)]


def test_the_log_holds_times(api: Api, emulator: Emulator) -> None:
    emulator.set(latency=0.05)
    api.get(PATH)
    (request,) = emulator.requests
    assert request.ended - request.arrived >= 0.05
