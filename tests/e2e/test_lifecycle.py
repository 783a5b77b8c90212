"""From create to destroy: what the API receives and holds at each step."""

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY


def calls(emulator: Emulator) -> list[tuple[str, object]]:
    """The API requests about backends since the last look: method and body."""
    return [(request.method, request.body) for request in emulator.requests.take() if "/tunnel_group" in request.path]


def test_a_backend_is_created_changed_cleared_unset_and_destroyed(new_stack, emulator: Emulator) -> None:
    full = """
        backend = TunnelGroupBackend("web", labels={"app": "web"}, description="Website", metadata={"b": 1, "a": "x"})
        pulumi.export("id", backend.id)
    """
    stack = new_stack(full)

    assert "2 to create" in stack.preview().text
    assert calls(emulator) == [("GET", None)], "one listing, to warn of creates of what exists"

    stack.up()
    body = {"labels": {"app": "web"}, "description": "Website", "metadata": '{"a":"x","b":1}'}
    assert calls(emulator) == [("POST", body)]
    (backend,) = emulator.account(KEY).backends.values()
    assert (backend.labels, backend.description, backend.metadata) == (
        {"app": "web"},
        "Website",
        '{"a":"x","b":1}',
    )
    assert stack.output("id") == backend.id

    assert "2 unchanged" in stack.preview("--expect-no-changes").text
    assert calls(emulator) == []

    stack.program('TunnelGroupBackend("web", labels={"app": "shop"}, description="Website", metadata="plain")')
    said = stack.up("--diff").text
    assert "~ labels" in said
    assert "~ metadata" in said
    assert calls(emulator) == [("PATCH", {"labels": {"app": "shop"}, "metadata": "plain"})]
    assert (backend.labels, backend.metadata) == ({"app": "shop"}, "plain")

    stack.program('TunnelGroupBackend("web", labels={}, description="", metadata="")')
    stack.up()
    assert calls(emulator) == [("PATCH", {"labels": {}, "description": "", "metadata": ""})]
    assert (backend.labels, backend.description, backend.metadata) == ({}, "", "")

    stack.program('TunnelGroupBackend("web", labels=None, metadata={})')
    stack.preview("--expect-no-changes")
    assert calls(emulator) == []

    stack.destroy()
    assert calls(emulator) == [("DELETE", None)]
    assert emulator.account(KEY).backends == {}
    assert stack.resources() == []
