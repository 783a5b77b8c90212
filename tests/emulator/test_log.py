"""The log of requests: what it tells, and how much it keeps."""

import tracemalloc

import pytest

from pulumi_ngrok_tg.emulator import Emulator, Request
from pulumi_ngrok_tg.emulator.log import Log
from tests.conftest import KEY
from tests.emulator.api import JSON, PATH, Api


def test_the_log_tells_what_arrived_and_no_key(api: Api, emulator: Emulator) -> None:
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


def logged(content: bytes | None = b"", query: str = "", headers: int = 0) -> Request:
    return Request("GET", PATH, query, {"X": "x" * headers}, content, 200, 0.0, 0.0)


@pytest.mark.parametrize(
    ("request_", "added", "kept"),
    [
        (logged(), 70_000, range(60_000, 2**16)),
        (logged(b"x" * 2**15), 3000, range(1800, 2000)),
        (logged(query="x" * 2**15), 3000, range(1800, 2000)),
        (logged(headers=2**15), 3000, range(1800, 2000)),
    ],
    ids=["without a body", "bodies", "queries", "headers"],
)
def test_the_log_forgets_the_oldest_and_counts_anew_once_cleared(request_: Request, added: int, kept: range) -> None:
    log = Log()
    for _ in range(2):
        for _ in range(added):
            log.add(request_)
        assert len(log) in kept
        log.clear()
    log.add(logged(b"x" * (2**16 + 1)))
    log.add(logged(b"[" * 100_000))
    log.add(logged(b"[" * 5000))
    assert [(one.content is None, one.body) for one in log] == [(True, None), (True, None), (False, None)]


def test_the_log_tells_when_a_request_arrived(api: Api, emulator: Emulator) -> None:
    emulator.set(latency=0.05)
    api.get(PATH)
    (request,) = emulator.requests
    assert request.ended - request.arrived >= 0.05


def test_the_log_is_bounded_and_clearing_frees(emulator: Emulator) -> None:
    with Api(emulator.url, "wrong") as stranger:
        stranger.post(PATH, data=b"x" * 1000, headers=JSON)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            assert stranger.post(PATH, data=b"x" * 10 * 2**20, headers=JSON).status_code == 401
        assert tracemalloc.get_traced_memory()[0] - before < 2**20
        assert [request.content for request in emulator.requests] == [b"x" * 1000, *[None] * 20]
        for _ in range(1100):  # of 64 KiB each: more than the log keeps
            stranger.post(PATH, data=b"x" * 2**16, headers=JSON)
        held = tracemalloc.get_traced_memory()[0] - before
        assert 2**25 < held < 2**27
        assert 900 < len(emulator.requests) < 1100, "the newest are kept"
        emulator.requests.clear()
        assert tracemalloc.get_traced_memory()[0] - before < 2**21
        tracemalloc.stop()
