"""Outputs, as other resources, this program and other stacks use them."""

import re
from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack


@pytest.mark.nightly
def test_outputs_feed_applies_and_other_resources(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack("""
        web = TunnelGroupBackend("web", labels={"app": "web"}, description="Website", metadata={"a": 1})
        TunnelGroupBackend("canary", labels={"of": web.id}, description=web.uri, metadata={"made": web.created_at})
        pulumi.export("shouted", web.id.apply(lambda id: id.upper()))
        pulumi.export("labels", web.labels)
        pulumi.export("app", web.labels["app"])
        pulumi.export("metadata", web.metadata)
        pulumi.export("description", web.description)
        pulumi.export("account", web.account)
        pulumi.export("first_tunnel", web.tunnels.apply(lambda tunnels: tunnels[0].uri if tunnels else None))
        pulumi.export("typed", web.tunnels.apply(lambda tunnels: type(tunnels).__name__))
    """)
    said = stack.preview("--diff").text
    assert "of: [unknown]" in said
    assert re.search(r"shouted +: \[unknown\]", said)
    assert emulator.requests.writes == []

    stack.up()
    backends = emulator.account(KEY).backends.values()
    web = next(backend for backend in backends if backend.description == "Website")
    canary = next(backend for backend in backends if backend is not web)
    assert canary.labels == {"of": web.id}
    assert canary.description == f"{emulator.url}/backends/tunnel_group/{web.id}"
    assert canary.metadata == f'{{"made":"{web.created_at}"}}'
    assert stack.output("shouted") == web.id.upper()
    assert stack.output("labels") == {"app": "web"}
    assert stack.output("app") == "web"
    assert stack.output("metadata") == '{"a":1}'
    assert stack.output("description") == "Website"
    assert stack.output("typed") == "list"

    tunnel = emulator.account(KEY).connect_tunnel({"app": "web"})
    stack.up("--refresh")
    assert stack.output("first_tunnel") == f"{emulator.url}/tunnels/{tunnel}"


@pytest.mark.nightly
def test_inputs_may_be_awaitables_and_outputs_of_every_depth(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    stack = new_stack("""
        async def later(value):
            return value
        output = pulumi.Output.from_input("o")
        TunnelGroupBackend("a", labels=later({"k": "v"}), description=later("d"), metadata=later({"m": 1}))
        TunnelGroupBackend("b", labels={"k": output}, description=output, metadata={"m": [{"deep": output}]})
        TunnelGroupBackend("c", labels=output.apply(lambda o: {"k": o}), metadata=output.apply(lambda o: {"m": output}))
    """)
    stack.up()
    held = {(b.description, b.labels["k"], b.metadata) for b in emulator.account(KEY).backends.values()}
    assert held == {("d", "v", '{"m":1}'), ("o", "o", '{"m":[{"deep":"o"}]}'), ("", "o", '{"m":"o"}')}
    stack.preview("--expect-no-changes")


@pytest.mark.nightly
def test_get_reads_a_backend_that_another_stack_manages(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    theirs = emulator.account(KEY).create({"labels": {"app": "web"}, "description": "Theirs"})
    stack = new_stack(f"""
        theirs = TunnelGroupBackend.get("theirs", "{theirs.id}")
        TunnelGroupBackend("mine", labels=theirs.labels, description=theirs.description)
        pulumi.export("created_at", theirs.created_at)
        pulumi.export("tunnels", theirs.tunnels)
    """)
    assert 'description: "Theirs"' in stack.preview("--diff").text
    stack.up()
    assert stack.output("created_at") == theirs.created_at
    mine = next(b for b in emulator.account(KEY).backends.values() if b is not theirs)
    assert (mine.labels, mine.description) == ({"app": "web"}, "Theirs")
    stack.preview("--expect-no-changes")
    stack.destroy()
    assert list(emulator.account(KEY).backends) == [theirs.id]
