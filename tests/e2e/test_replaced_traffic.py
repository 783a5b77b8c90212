"""Replacements that the engine decides on, where tunnels are online and a loss is refused, with the real CLI."""

from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

pytestmark = pytest.mark.nightly

URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/ngrok:TunnelGroupBackend::web"
REFUSED = (
    'web: Not replaced, because pulumi-ngrok-tg:onTrafficLoss is "refuse": stops traffic to the ONLY online tunnel (tn_'
)


def web(description: str = "old", options: str = "") -> str:
    return (
        f'TunnelGroupBackend("web", labels={{"app": "web"}}, description="{description}",\n'
        f"    opts=pulumi.ResourceOptions({options}))"
    )


@pytest.fixture
def stack(new_stack: Callable[..., Stack], emulator: Emulator) -> Stack:
    made = new_stack(web(options="replacement_trigger=1"))
    made.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "refuse")
    made.up()
    emulator.account(KEY).connect_tunnel({"app": "web"}, "localhost:80")
    emulator.requests.clear()
    return made


def taint(stack: Stack) -> list[str]:
    stack.pulumi("state", "taint", URN, "--yes")
    return []


def replace_on_changes(stack: Stack) -> list[str]:
    stack.program(web("new", 'replacement_trigger=1, replace_on_changes=["description"]'))
    return []


def replacement_trigger(stack: Stack) -> list[str]:
    stack.program(web(options="replacement_trigger=2"))
    return []


def replace(_stack: Stack) -> list[str]:
    return ["--replace", URN]


def delete_before_replace(stack: Stack) -> list[str]:
    stack.program(web(options="replacement_trigger=2, delete_before_replace=True"))
    return []


WAYS = [taint, replace_on_changes, replacement_trigger, replace, delete_before_replace]


@pytest.mark.parametrize("way", WAYS)
def test_a_replacement_is_refused_before_anything_is_made_while_a_tunnel_is_online(
    stack: Stack, emulator: Emulator, way: Callable[[Stack], list[str]]
) -> None:
    arguments = way(stack)
    for refused in (stack.preview(*arguments, fails=True), stack.up(*arguments, fails=True)):
        assert REFUSED in refused.text
        assert "Traceback" not in refused.text
    (backend,) = emulator.account(KEY).backends.values()
    assert [resource["id"] for resource in stack.resources()] == [backend.id]
    assert emulator.requests.writes == []

    emulator.account(KEY).tunnels.clear()
    assert "1 to replace" in stack.preview(*arguments).text
    stack.up(*arguments)
    (replaced,) = emulator.account(KEY).backends.values()
    assert replaced.id != backend.id
    assert [resource["id"] for resource in stack.resources()] == [replaced.id]


def test_a_replacement_of_a_deleted_backend_creates_it(stack: Stack, emulator: Emulator) -> None:
    stack.age()
    emulator.account(KEY).backends.clear()
    taint(stack)
    stack.up()
    (backend,) = emulator.account(KEY).backends.values()
    assert [resource["id"] for resource in stack.resources()] == [backend.id]


def test_a_replaced_backend_is_not_gone_to_another_accounts_key(stack: Stack, emulator: Emulator) -> None:
    taint(stack)
    with Emulator(api_keys=(KEY,)) as other:
        stack.environment["NGROK_API_BASE_URL"] = other.url
        assert "Another API key saw this backend last" in stack.up(fails=True).text
        assert other.account(KEY).backends == {}


def test_an_explicit_provider_obeys_refuse(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    """It gets no stack config; the program has it."""
    program = """
        mine = pulumi.ProviderResource("pulumi-python", "mine", {{}})
        TunnelGroupBackend("web", labels={labels}, opts=pulumi.ResourceOptions(provider=mine))
    """
    stack = new_stack(program.format(labels={"app": "web"}))
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "refuse")
    stack.up()
    emulator.account(KEY).connect_tunnel({"app": "web"})
    stack.program(program.format(labels={"app": "new"}))
    assert "web: Not changed, because pulumi-ngrok-tg:onTrafficLoss" in stack.up(fails=True).text
    (backend,) = emulator.account(KEY).backends.values()
    assert backend.labels == {"app": "web"}


def test_a_replacement_under_an_alias_is_refused(stack: Stack, emulator: Emulator) -> None:
    """The state holds the backend under the old name."""
    stack.program(
        web(options='replacement_trigger=2, aliases=[pulumi.Alias(name="web")]').replace(
            '"web", labels', '"site", labels'
        )
    )
    for command in (stack.preview, stack.up):
        assert REFUSED.replace("web: ", "site: ", 1) in command(fails=True).text
    assert emulator.requests.writes == []


@pytest.mark.parametrize("mode", ["warn"])
def test_retain_on_delete_counts_once_an_update_has_recorded_it(stack: Stack, emulator: Emulator, mode: str) -> None:
    """The engine goes by the option in the state, which nobody but the engine can read."""
    (backend,) = emulator.account(KEY).backends
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", mode)
    stack.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", KEY)
    stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", emulator.url)
    retained = web(options="retain_on_delete=True, replacement_trigger=1")
    moved = retained.replace("description=", 'account="eu", description=')
    stack.program(moved)
    said = stack.preview().text
    assert "stops traffic to the ONLY online tunnel" in said
    assert "unless an earlier update has recorded retain_on_delete: Pulumi goes by the option in the state" in said
    stack.program(retained)
    stack.up()
    stack.program(moved)
    stack.up()
    assert emulator.requests.writes == ["POST"]
    assert backend in emulator.account(KEY).backends
