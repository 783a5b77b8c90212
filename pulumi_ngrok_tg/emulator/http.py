"""The HTTP server: listens on loopback, with a thread for each connection, so that a response may take its time."""

import socket
import socketserver
import threading
import time
from typing import Any

from pulumi_ngrok_tg.emulator.connection import Application, Connection

_LINGER = 1.0  # seconds
_PAUSE = 0.05  # seconds


class HttpServer(socketserver.ThreadingTCPServer):
    """Serves HTTP on 127.0.0.1.

    Args:
        port: TCP port; 0 picks a free one.
        application: who responds.

    Raises:
        OSError: the port cannot be listened on.
        ValueError: it is no port.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int, application: Application) -> None:
        self._application = application
        self._open: dict[threading.Thread, socket.socket] = {}
        if not 0 <= port <= 65535:
            raise ValueError(f"A port is a number from 0 to 65535; {port} is not.")
        super().__init__(("127.0.0.1", port), socketserver.BaseRequestHandler)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serves a connection until it ends."""
        Connection(request, self._application).serve()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serves a new connection in a thread of its own."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._open[thread] = request
        try:
            thread.start()
        except RuntimeError:  # there is no room for another one
            del self._open[thread]
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serves a connection, and forgets it when it has ended."""
        super().process_request_thread(request, client_address)
        self._open.pop(threading.current_thread(), None)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accepts a connection."""
        try:
            return super().get_request()
        except OSError:
            time.sleep(_PAUSE)  # no file is left: asking on and on would take the whole processor
            raise

    def close(self) -> None:
        """Ends the connections: requests under way get their responses, those that wait for none end at once."""
        self.server_close()
        for how in (socket.SHUT_RD, socket.SHUT_RDWR):
            connections = self._open.copy()
            for connection in connections.values():
                try:
                    connection.shutdown(how)
                except OSError:  # it has ended meanwhile
                    pass
            until = time.monotonic() + _LINGER
            for thread in connections:
                thread.join(max(0.0, until - time.monotonic()))
