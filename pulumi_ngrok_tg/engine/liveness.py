"""Ends this process when its engine is gone: a killed engine cannot end it, and would record nothing that it does."""

import os
import socket
import threading
import time
from collections.abc import Callable


def is_listening(address: str) -> bool:
    """Tell whether something listens at an address on this machine, such as ``127.0.0.1:41234``."""
    try:
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=5).close()
    except ConnectionRefusedError:
        return False
    except (OSError, ValueError):
        pass  # busy, or an address of another form
    return True


def end_with(engine: str, end: Callable[[], object] = lambda: os._exit(1)) -> None:
    """Call ``end`` from a thread of its own, once nothing listens at the engine's address any more."""

    def watch() -> None:
        while is_listening(engine):
            time.sleep(1)
        end()

    threading.Thread(target=watch, daemon=True).start()
