"""What can go wrong on the way to ngrok and back: nothing is lost, nothing doubled, the key stays where it belongs."""

import socket
import threading
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.provider.deployment import Deployment, backends

HTML = "<html>502 Bad Gateway</html>"
REFUSED: dict[str, dict[str, Any]] = {
    "429 with Retry-After in seconds": {"status": 429, "error_code": 226, "headers": {"Retry-After": "0.1"}},
    "429 without Retry-After": {"status": 429, "error_code": 226},
    "429 of a proxy": {"status": 429, "body": HTML},
    "ERR_NGROK_225": {"status": 429, "error_code": 225},
    "ERR_NGROK_5001": {"status": 400, "error_code": 5001},
}
LOST: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in (500, 502, 503, 504)},
    "502 of a proxy": {"status": 502, "body": HTML},
    "502 of a proxy after the write": {"status": 502, "body": HTML, "handled": True},
    "503 with Retry-After": {"status": 503, "headers": {"Retry-After": "0.1"}},
    "reset before the request": {"drop": "before"},
    "reset before the answer": {"drop": "after"},
    "a close before the request": {"drop": "before", "reset": False},
    "a close before the answer": {"drop": "after", "reset": False},
    "half an answer": {"truncate": True},
    "an answer that is not JSON": {"body": HTML},
    "an answer of another shape": {"body": '{"id": 5}'},
    "a hang": {"hang": 1.0},
}


def cases(faults: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("fault", faults.values(), ids=faults.keys())


@cases({**REFUSED, **LOST})
def test_creates_happen_once_with_every_fault(deployment: Deployment, fault: dict[str, Any]) -> None:
    deployment.emulator.fault(method="POST", times=4, skip=3, **fault)
    assert deployment.up(backends(16)) == {}
    deployment.assert_in_step()
    assert len(deployment.state) == 16


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
    # A write that was handled may be repeated once only: the second one finds nothing to delete.
    deployment.emulator.fault(method=method, times=1 if "handled" in fault else 4, **fault)
    assert deployment.refresh() == {}
    assert deployment.up(backends(12, metadata="new")) == {}
    deployment.assert_in_step()
    deployment.age()
    assert deployment.destroy() == {}
    deployment.assert_in_step()


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
            assert late.requests.methods == ["POST"] * 5
