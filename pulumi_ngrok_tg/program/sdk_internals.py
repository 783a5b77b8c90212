"""Workarounds for gaps in Pulumi's SDK, in the user's program. If upstream has changed, each of them does nothing."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pulumi.runtime.settings import get_monitor


@contextmanager
def keep_pickler() -> Iterator[None]:
    """Restore Python's pickler after a dynamic resource was declared.

    For each dynamic resource, ``pulumi.dynamic`` wraps a method of the pickler and never unwraps it (pulumi 3.272,
    ``serialize_provider``). After some 310 resources, the next provider that is pickled by value (ours is not) raises a
    RecursionError (https://github.com/pulumi/pulumi/issues/17803).
    """
    pickler: Any = getattr(pickle, "_Pickler", None)
    methods = {name: getattr(pickler, name, None) for name in ("_batch_setitems", "save_dict")}
    try:
        yield
    finally:
        for name, method in methods.items():
            if method is not None:
                setattr(pickler, name, method)


def has_transforms() -> bool:
    """Tell whether the program may have registered transforms, which run in the engine after all transformations."""
    try:
        from pulumi.runtime._callbacks import _CallbackServicer

        return any(one._transforms for one in _CallbackServicer._servicers)
    except (ImportError, AttributeError):
        return True


def is_mocked() -> bool:
    """Tell whether the program runs in a test with Pulumi's mocks, which see every input."""
    return type(get_monitor()).__name__ == "MockMonitor"
