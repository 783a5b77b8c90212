"""What an installed package does to its users' runs."""

from collections.abc import Callable

from tests.e2e.stack import Stack


def test_the_engine_looks_for_no_plugin_of_this_package(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack('TunnelGroupBackend("web")')
    assert "pulumi-resource-ngrok-tg" not in stack.preview("--logtostderr", "-v=7").text
