"""The lines that reach the engine's log, with their severities."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_ngrok_tg.engine.log import EngineLog
from tests.serving import serve


class Engine(engine_pb2_grpc.EngineServicer):
    """Keeps what it is asked to log."""

    def __init__(self) -> None:
        self.logged: list[tuple[str, str, str, bool]] = []

    def Log(self, request: Any, _context: Any) -> Empty:  # noqa: N802
        severity = engine_pb2.LogSeverity.Name(request.severity)
        self.logged.append((severity, request.message, request.urn, request.ephemeral))
        return Empty()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    served = Engine()
    server = grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(served, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setattr("sys.argv", ["pulumi.dynamic", f"127.0.0.1:{port}"])
    yield served
    server.stop(0)


def test_lines_reach_the_resources_row_with_their_severity(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    log = EngineLog(SimpleNamespace())

    def report() -> None:
        log.debug("a request")
        log.status("a wait")
        log.info("an adoption")
        log.warn("a spare")

    serve("urn:web", report)
    assert engine.logged == [
        ("DEBUG", "a request", "urn:web", False),
        ("INFO", "a wait", "urn:web", True),
        ("INFO", "an adoption", "urn:web", False),
        ("WARNING", "a spare", "urn:web", False),
    ]
    assert capfd.readouterr().err == ""


def test_without_an_engine_what_matters_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    log = EngineLog(None)
    for report in (log.debug, log.status, log.info, log.warn):
        report(report.__name__)
    assert capfd.readouterr().err == "status\ninfo\nwarning: warn\n"


def test_a_log_without_a_reachable_engine_goes_to_stderr(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["pulumi.dynamic", "127.0.0.1:1"])
    log = EngineLog(SimpleNamespace())
    log.debug("not shown")
    log.status("a wait")
    assert capfd.readouterr().err == "a wait\n"
