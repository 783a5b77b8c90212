"""Workarounds for gaps in ``pulumi.dynamic``. Each leaves things as they are where upstream has changed.

They are for the provider process, in which ``pulumi.dynamic`` runs as ``__main__``.
"""

import gc
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def show_as_one_line(kinds: tuple[type[BaseException], ...]) -> None:
    """Has the dynamic provider server show errors of these kinds as their text, not as a traceback.

    The server answers a failed call with ``traceback.format_exc()``, whatever the exception says of itself
    (https://github.com/pulumi/pulumi/issues/10416), so its ``traceback`` is replaced.
    """
    server: Any = sys.modules.get("__main__")
    real = getattr(server, "traceback", None)
    if hasattr(server, "DynamicResourceProviderServicer") and callable(getattr(real, "format_exc", None)):
        server.traceback = _OneLine(real, kinds)


def raise_worker_cap(workers: int) -> None:
    """Lets the dynamic provider server handle that many calls at once; its pool is fixed at 4 threads.

    There is no setting for it (pulumi 3.272, ``pulumi.dynamic.__main__.main``), so the pool whose thread runs this is
    told directly.
    """
    here = threading.current_thread()
    for pool in gc.get_objects():
        if type(pool) is not ThreadPoolExecutor or here not in getattr(pool, "_threads", ()):
            continue
        cap = getattr(pool, "_max_workers", None)
        if isinstance(cap, int) and cap < workers:
            pool._max_workers = workers


class _OneLine:
    """The module ``traceback``, but for errors that speak for themselves."""

    def __init__(self, real: Any, kinds: tuple[type[BaseException], ...]) -> None:
        self._real = real
        self._kinds = kinds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def format_exc(self, *args: Any, **kwargs: Any) -> str:
        error = sys.exc_info()[1]
        if isinstance(error, self._kinds):
            return str(error)
        format_exc: Callable[..., str] = self._real.format_exc
        return format_exc(*args, **kwargs)
