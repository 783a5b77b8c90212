"""Workarounds for gaps in the dynamic provider server of ``pulumi.dynamic``, which runs as ``__main__`` here.

If upstream has changed, each of them does nothing.
"""

import gc
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from pulumi.runtime.rpc import deserialize_properties


def find_server() -> Any:
    """Return the module of the dynamic provider server, or None in any other process."""
    main = sys.modules.get("__main__")
    return main if hasattr(main, "DynamicResourceProviderServicer") else None


def show_as_one_line(server: Any, kinds: tuple[type[BaseException], ...]) -> None:
    """Make the server show errors of these kinds as their text, not as a traceback.

    The server reports a failed call with ``traceback.format_exc()`` (https://github.com/pulumi/pulumi/issues/10416), so
    this replaces its ``traceback``.
    """

    def format_exc(real: Any, *args: Any, **kwargs: Any) -> Any:
        error = sys.exc_info()[1]
        return str(error) if isinstance(error, kinds) else real(*args, **kwargs)

    _replace(server, "traceback", "format_exc", format_exc)


def show_differences(server: Any) -> None:
    """Make the server pass on the differences of :func:`report_differences`.

    A DiffResult cannot say which properties differ (https://github.com/pulumi/pulumi/issues/16687). Without that, the
    engine ignores ``replace_on_changes``, prints unchanged properties with ``--diff``, and does not name a changed
    secret. The server builds its response with ``proto.DiffResponse``, so this replaces its ``proto``.
    """
    property_diff: Any = getattr(getattr(server, "proto", None), "PropertyDiff", None)

    def respond(real: Any, **fields: Any) -> Any:
        differences: dict[str, str] = _reported.__dict__.pop("differences", {})
        try:
            kinds = {path: property_diff(kind=kind) for path, kind in differences.items()}
            top = sorted({path.partition(".")[0].partition("[")[0] for path in differences})
            return real(**fields, diffs=top, detailedDiff=kinds, hasDetailedDiff=bool(differences))
        except (TypeError, ValueError, AttributeError):
            return real(**fields)

    if callable(property_diff):
        _replace(server, "proto", "DiffResponse", respond)


def watch_cancel(server: Any, cancel: Callable[[], None]) -> None:
    """Make the server call ``cancel`` when the engine cancels the operation, as on Ctrl-C.

    The server's own ``Cancel`` does nothing (pulumi 3.272, ``pulumi.dynamic.__main__``). It is bound when the server
    starts, so this replaces the module with which it builds its response.
    """

    def respond(real: Any) -> Any:
        if sys._getframe(2).f_code.co_name == "Cancel":
            cancel()
        return real()

    _replace(server, "empty_pb2", "Empty", respond)


def report_differences(kinds: Mapping[str, str]) -> None:
    """Report which property paths differ and how (ADD, DELETE, UPDATE, or one of them with _REPLACE).

    A ``diff`` calls this last, so that the next response of this thread is its own.
    """
    _reported.differences = dict(kinds)


def raise_worker_cap(workers: int) -> None:
    """Let the dynamic provider server handle that many calls at once; its pool is fixed at 4 threads.

    There is no setting for it (pulumi 3.272, ``pulumi.dynamic.__main__.main``), so this changes the pool whose thread
    runs it. Submitting no-op tasks starts the extra threads for calls already queued.
    """
    here = threading.current_thread()
    for pool in gc.get_objects():
        if type(pool) is not ThreadPoolExecutor or here not in getattr(pool, "_threads", ()):
            continue
        cap = getattr(pool, "_max_workers", None)
        if isinstance(cap, int) and cap < workers:
            pool._max_workers = workers
            with suppress(RuntimeError):  # it is being shut down
                for _ in range(workers - cap):
                    pool.submit(int)


def find_urn() -> str:
    """Return the URN of the resource that the server's call in this thread is about, or "".

    Pulumi does not pass it to a provider (https://github.com/pulumi/pulumi/issues/9434).
    """
    return str(getattr(_find_request(), "urn", ""))


def find_inputs() -> Mapping[str, Any]:
    """Return the inputs that the state holds of the resource that is read, or {}; Pulumi passes only its outputs."""
    inputs = getattr(_find_request(), "inputs", None)
    return deserialize_properties(inputs) if hasattr(inputs, "fields") else {}


def _find_request() -> Any:
    """Return the request that the server serves in this thread, from its frame, or None."""
    frame = sys._getframe(1)
    while frame := frame.f_back:  # type: ignore[assignment]
        if frame.f_globals.get("__name__") == "__main__":
            request = frame.f_locals.get("request")
            if isinstance(getattr(request, "urn", None), str):
                return request
    return None


def list_keys(config: Any) -> list[str]:
    """Return the keys of a stack's config, or none; Pulumi's object only returns values by their keys."""
    values = getattr(config, "_props", None)
    return list(values) if isinstance(values, Mapping) else []


_reported = threading.local()


class _StandIn:
    """Stands in for an object, except for some members, or for being called."""

    def __init__(self, real: Any, members: Mapping[str, Any], call: Callable[..., Any] = partial) -> None:
        self._real = real
        self._call = call
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(self._real, *args, **kwargs)


def _replace(server: Any, module: str, name: str, call: Callable[..., Any]) -> None:
    """Have a function of a module in the server replaced, once; ``call`` gets the real one first."""
    real = getattr(server, module, None)
    if callable(function := getattr(real, name, None)) and not isinstance(real, _StandIn):
        setattr(server, module, _StandIn(real, {name: _StandIn(function, {}, call)}))
