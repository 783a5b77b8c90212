"""The engine's own log, from a provider process."""

import sys
from typing import Any

from pulumi_ngrok_tg.engine.upstream import find_urn


class EngineLog:
    """The engine's own log: real severities, on the row of the resource at hand.

    ``pulumi.log`` reaches nobody there, and what is written to stderr stays in the summary
    (https://github.com/pulumi/pulumi/issues/18249). The process is started with the engine's address as its argument.
    Where there is none, lines for the user go to stderr and lines for debugging nowhere.

    Args:
        server: the dynamic provider server's module; None where this is another process.
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
        """Show a line on the live display; the summary does not keep it."""
        if not self._log("INFO", line, ephemeral=True):
            _print(line)

    def info(self, line: str) -> None:
        """Show a line, and keep it in the summary."""
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
        except Exception:  # a line that cannot be shown must not end a call
            return False
        return True


def _print(line: str) -> None:
    """The engine passes on what a provider writes to stderr."""
    print(line, file=sys.stderr, flush=True)
