"""Writes to the engine's own log from the provider process."""

import sys
from typing import Any

from pulumi_ngrok_tg.engine.dynamic_server import find_urn


class EngineLog:
    """The engine's own log: with severities, on the row of the current resource.

    In a provider process, ``pulumi.log`` shows nothing, and stderr stays in the summary
    (https://github.com/pulumi/pulumi/issues/18249). The engine's address is the first argument of the process. If there
    is none, lines for the user go to stderr, and debug lines are dropped.

    Args:
        server: the module of the dynamic provider server; None in any other process.
    """

    def __init__(self, server: Any) -> None:
        self._engine: Any = None
        try:
            if server:
                import grpc  # type: ignore[import-untyped]
                from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

                self._messages = engine_pb2
                self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(sys.argv[1]))
        except (ImportError, AttributeError, IndexError):
            pass

    def debug(self, line: str) -> None:
        """Show a line with ``pulumi up --debug`` only."""
        self._log("DEBUG", line, ephemeral=False)

    def status(self, line: str) -> None:
        """Show a line on the live display only; the summary does not keep it."""
        if not self._log("INFO", line, ephemeral=True):
            _print(line)

    def info(self, line: str) -> None:
        """Show a line; the summary keeps it."""
        if not self._log("INFO", line, ephemeral=False):
            _print(line)

    def warn(self, line: str) -> None:
        """Show a warning."""
        if not self._log("WARNING", line, ephemeral=False):
            _print(f"warning: {line}")

    def _log(self, severity: str, line: str, ephemeral: bool) -> bool:
        if self._engine is None:
            return False
        try:
            request = self._messages.LogRequest(
                severity=getattr(self._messages, severity), message=line, urn=find_urn(), ephemeral=ephemeral
            )
            self._engine.Log(request, timeout=5)
        except Exception:  # a line that cannot be shown must not fail a call
            return False
        return True


def _print(line: str) -> None:
    """Write a line to stderr, which the engine shows."""
    print(line, file=sys.stderr, flush=True)
