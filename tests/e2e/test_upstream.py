"""Gaps in pulumi.dynamic, with the real CLI: where its internals are renamed, all works, only plainer."""

import sys
from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.e2e.many import assert_in_step, program
from tests.e2e.stack import Stack

pytestmark = pytest.mark.nightly

RENAMED = """#!{python} -u
import os, sys
if "pulumi.dynamic" not in sys.argv:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
import pulumi.dynamic
path = os.path.join(os.path.dirname(pulumi.dynamic.__file__), "__main__.py")
source = open(path).read()
for name, other in {names!r}:
    assert name in source, name
    source = source.replace(name, other)
sys.argv = sys.argv[sys.argv.index("pulumi.dynamic"):]
exec(compile(source, path, "exec"))
"""


def rename_internals(stack: Stack, *names: tuple[str, str]) -> None:
    """Has the provider process run an SDK in which these pieces of source read otherwise."""
    python = stack.folder / "python-with-renamed-internals"
    python.write_text(RENAMED.format(python=sys.executable, names=names))
    python.chmod(0o755)
    stack.environment["PULUMI_PYTHON_CMD"] = str(python)


@pytest.mark.nightly
def test_all_works_without_upstreams_internals(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(12))
    rename_internals(
        stack,
        ("import traceback", "import traceback as stack_text"),
        ("traceback.format_exc()", "stack_text.format_exc()"),
        ("import empty_pb2", "import empty_pb2 as empty_messages"),
        ("empty_pb2.Empty()", "empty_messages.Empty()"),
        ("DynamicResourceProviderServicer", "Servicer"),
        ("futures.ThreadPoolExecutor(max_workers=4)", "type('Pool', (futures.ThreadPoolExecutor,), {})(max_workers=4)"),
    )
    emulator.set(latency=0.4)
    emulator.fault(method="POST", drop="after")
    stack.up("--parallel", "32")
    assert_in_step(stack, emulator, 12)
    assert emulator.peak == 4
    emulator.set(latency=0)
    emulator.fault(status=403, error_code=635, message="No write right.")
    stack.program(program(12, description="new"))
    said = stack.up(fails=True).text
    assert "Traceback" in said
    assert "No write right" in said
    stack.up()
    stack.preview("--refresh", "--expect-no-changes")


@pytest.mark.parametrize("mode", ["warn", "refuse"])
def test_guards_fail_closed_without_upstreams_internals(
    new_stack: Callable[..., Stack], emulator: Emulator, mode: str
) -> None:
    stack = new_stack(program(2))
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", mode)
    rename_internals(stack, ("request", "rpc_request"))
    if mode == "refuse":
        for command in (stack.preview, stack.up):
            said = command(fails=True).text
            assert (
                'pulumi-ngrok-tg:onTrafficLoss is "refuse", but guards are off. This version of Pulumi\'s SDK' in said
            )
        assert emulator.requests == []
    else:
        assert (
            "warning: This version of Pulumi's SDK does not say which resource a call is about, so" in stack.up().text
        )
        assert_in_step(stack, emulator, 2)
