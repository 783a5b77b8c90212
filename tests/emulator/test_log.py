"""The log of requests: what it tells, and how much it keeps."""

from pulumi_ngrok_tg.emulator import Emulator, Request
from pulumi_ngrok_tg.emulator.log import Log
from tests.conftest import KEY
from tests.emulator.api import PATH, Api


def test_the_log_holds_requests_as_they_arrived(api: Api, emulator: Emulator) -> None:
    api.create(labels={"app": "web"})
    api.get(f"{PATH}?limit=5")
    first, second = emulator.requests
    assert (first.body, first.headers["Authorization"]) == ({"labels": {"app": "web"}}, f"Bearer {KEY}")
    assert (second.method, second.path, second.query, second.status) == ("GET", PATH, "limit=5", 200)
    assert (second.body, second.content) == (None, b"")
    assert emulator.requests[-1:] == [second]


def logged(content: bytes | None = b"") -> Request:
    return Request("GET", PATH, "", {}, content, 200, 0.0, 0.0)


def test_log_keeps_the_newest_requests() -> None:
    log = Log()
    for number in range(10_005):
        log.add(logged(str(number).encode()))
    assert (len(log), log[0].body, log[-1].body) == (10_000, 5, 10_004)
    log.add(logged(b"[" * 5000))
    assert log[-1].body is None


def test_the_log_holds_times(api: Api, emulator: Emulator) -> None:
    emulator.set(latency=0.05)
    api.get(PATH)
    (request,) = emulator.requests
    assert request.ended - request.arrived >= 0.05
