"""From create to destroy: what the API receives and holds at each step."""

import pytest

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

    changes = {
        "description": ('labels={"app": "web"}, description="Shop", metadata={"b": 1, "a": "x"}', "Shop"),
        "labels": ('labels={"app": "shop"}, description="Shop", metadata={"b": 1, "a": "x"}', {"app": "shop"}),
        "metadata": ('labels={"app": "shop"}, description="Shop", metadata="plain"', "plain"),
    }
    for name, (arguments, value) in changes.items():
        stack.program(f'TunnelGroupBackend("web", {arguments})')
        said = stack.up("--diff").text
        assert f"~ {name}" in said
        assert calls(emulator) == [("PATCH", {name: value})]
        assert getattr(backend, name) == value

    stack.program('TunnelGroupBackend("web", labels={}, description="", metadata="")')
    stack.up()
    assert calls(emulator) == [("PATCH", {"labels": {}, "description": "", "metadata": ""})]
    assert (backend.labels, backend.description, backend.metadata) == ({}, "", "")

    for empty in ("", "labels=None, description=None, metadata=None", "labels={}, metadata={}"):
        stack.program(f'TunnelGroupBackend("web", {empty})')
        stack.preview("--expect-no-changes")
    assert calls(emulator) == []

    stack.program(full)
    stack.up()
    assert calls(emulator) == [("PATCH", body)]
    stack.program('TunnelGroupBackend("web")')
    stack.up()
    assert calls(emulator) == [("PATCH", {"labels": {}, "description": "", "metadata": ""})]
    assert (backend.labels, backend.description, backend.metadata) == ({}, "", "")

    stack.destroy()
    assert calls(emulator) == [("DELETE", None)]
    assert emulator.account(KEY).backends == {}
    assert stack.resources() == []


@pytest.mark.nightly
def test_metadata_of_equal_meaning_is_no_change(new_stack, emulator: Emulator) -> None:
    stack = new_stack("""TunnelGroupBackend("web", metadata={"b": [1, 2], "a": "x"})""")
    stack.up()
    stack.program("""TunnelGroupBackend("web", metadata='{ "a": "x",  "b": [1, 2] }')""")
    stack.preview("--expect-no-changes")
    stack.program("""TunnelGroupBackend("web", metadata='{ "a": "x",  "b": [2, 1] }')""")
    assert "~metadata" in stack.preview().text
    assert emulator.requests.methods == ["POST"]


@pytest.mark.nightly
def test_an_update_that_ngrok_does_not_apply_is_an_error(new_stack, emulator: Emulator) -> None:
    stack = new_stack('TunnelGroupBackend("web", description="old", labels={"a": "b"})')
    stack.up()
    before = stack.resources()
    stack.program('TunnelGroupBackend("web", description="new", labels={"a": "c"})')
    emulator.fault(method="PATCH", fields={"description": "old"})
    (error,) = stack.up(fails=True).errors
    assert "ngrok reported success but did not change description" in error
    assert "pulumi refresh" in error
    assert stack.resources() == before
    stack.refresh()
    stack.preview("--expect-no-changes")
