"""The workarounds for gaps in ``pulumi.dynamic``: what they do, and that nothing breaks where upstream has changed."""

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi.dynamic import Config
from pulumi.runtime import proto

from pulumi_ngrok_tg.engine import dynamic_server
from pulumi_ngrok_tg.program import hidden_inputs


class Said(Exception):
    """An error that speaks for itself."""


def shown(server: Any, error: BaseException) -> str:
    """What the server shows of an error."""
    try:
        raise error
    except BaseException:
        text: str = server.traceback.format_exc()
        return text


def test_our_errors_are_one_line_and_others_keep_their_traceback() -> None:
    server = SimpleNamespace(traceback=traceback)
    dynamic_server.show_as_one_line(server, (Said,))
    assert shown(server, Said("one line")) == "one line"
    assert "Traceback" in shown(server, ValueError("x"))
    assert server.traceback.print_exc is traceback.print_exc
    dynamic_server.show_as_one_line(server, (Said,))
    assert shown(server, Said("one line")) == "one line"


def test_a_stand_in_stands_in_once_however_many_pickles_are_configured() -> None:
    messages = SimpleNamespace(Empty=object)
    server = SimpleNamespace(traceback=traceback, proto=proto, empty_pb2=messages)
    for _ in range(2):
        dynamic_server.show_as_one_line(server, (Said,))
        dynamic_server.show_differences(server)
        dynamic_server.watch_cancel(server, lambda: None)
    assert (server.traceback._real, server.proto._real, server.empty_pb2._real) == (traceback, proto, messages)


def test_only_a_cancel_cancels() -> None:
    heard: list[str] = []
    server = SimpleNamespace(empty_pb2=SimpleNamespace(Empty=lambda: "response"))
    dynamic_server.watch_cancel(server, lambda: heard.append("cancel"))

    def Cancel() -> Any:  # noqa: N802
        return server.empty_pb2.Empty()

    def Delete() -> Any:  # noqa: N802
        return server.empty_pb2.Empty()

    assert (Delete(), heard) == ("response", [])
    assert (Cancel(), heard) == ("response", ["cancel"])


def differing(server: Any, differences: dict[str, str], **fields: Any) -> Any:
    """The server's response to a diff."""
    dynamic_server.report_differences(differences)
    return server.proto.DiffResponse(**fields)


def test_a_diff_response_says_what_differs() -> None:
    server = SimpleNamespace(proto=proto)
    dynamic_server.show_differences(server)
    found = differing(
        server,
        {"labels.app": "UPDATE", 'labels["a.b"]': "ADD", "account": "UPDATE_REPLACE"},
        changes=server.proto.DiffResponse.DIFF_SOME,
    )
    assert isinstance(found, proto.DiffResponse)
    assert found.changes == proto.DiffResponse.DIFF_SOME
    assert list(found.diffs) == ["account", "labels"]
    assert found.hasDetailedDiff
    kinds = {path: proto.PropertyDiff.Kind.Name(kind.kind) for path, kind in found.detailedDiff.items()}
    assert kinds == {"labels.app": "UPDATE", 'labels["a.b"]': "ADD", "account": "UPDATE_REPLACE"}
    assert server.proto.CheckResponse is proto.CheckResponse


def test_reported_differences_are_for_the_next_response_of_the_thread() -> None:
    server = SimpleNamespace(proto=proto)
    dynamic_server.show_differences(server)
    dynamic_server.report_differences({"labels.app": "UPDATE"})
    elsewhere: list[Any] = []
    other = threading.Thread(target=lambda: elsewhere.append(server.proto.DiffResponse(changes=1)))
    other.start()
    other.join()
    assert elsewhere == [proto.DiffResponse(changes=1)], "another resource's"
    assert list(server.proto.DiffResponse(changes=2).diffs) == ["labels"]
    assert server.proto.DiffResponse(changes=2) == proto.DiffResponse(changes=2), "another provider's, later"


def test_no_difference_makes_no_detailed_diff() -> None:
    server = SimpleNamespace(proto=proto)
    dynamic_server.show_differences(server)
    assert differing(server, {}, changes=1) == proto.DiffResponse(changes=1)


class Plain:
    """A message of a later SDK, without the fields that are filled in."""

    def __init__(self, **fields: Any) -> None:
        if set(fields) - {"changes"}:
            raise ValueError(fields)
        self.fields = fields


@pytest.mark.parametrize(
    "server",
    [
        None,
        SimpleNamespace(),
        SimpleNamespace(traceback=None, proto=None),
        SimpleNamespace(traceback=SimpleNamespace(), proto=SimpleNamespace()),
        SimpleNamespace(proto=SimpleNamespace(DiffResponse=proto.DiffResponse)),
    ],
)
def test_nothing_is_replaced_if_upstream_has_changed(server: Any) -> None:
    before = dict(vars(server)) if server else None
    dynamic_server.show_as_one_line(server, (Said,))
    dynamic_server.show_differences(server)
    assert (dict(vars(server)) if server else None) == before


@pytest.mark.parametrize(
    "later",
    [
        SimpleNamespace(DiffResponse=Plain, PropertyDiff=proto.PropertyDiff),
        SimpleNamespace(DiffResponse=Plain, PropertyDiff=lambda **_: 1 / int("x")),
    ],
)
def test_a_response_without_these_fields_is_sent_without_them(later: Any) -> None:
    server = SimpleNamespace(proto=later)
    dynamic_server.show_differences(server)
    assert differing(server, {"labels.app": "UPDATE"}, changes=1).fields == {"changes": 1}


def test_queued_calls_get_a_worker_too() -> None:
    waiting, all_at_once = threading.Event(), threading.Barrier(8)

    def call() -> None:
        waiting.wait(10)
        dynamic_server.raise_worker_cap(8)
        all_at_once.wait(10)

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(call) for _ in range(8)]
        waiting.set()
        for done in calls:
            done.result()


def test_outside_the_server_there_is_no_urn_and_no_server() -> None:
    assert dynamic_server.find_urn() == ""
    assert dynamic_server.find_inputs() == {}
    assert dynamic_server.find_server() is None


def test_a_config_without_keys_has_none() -> None:
    assert dynamic_server.list_keys(Config({"a:b": "c"}, "shop")) == ["a:b"]
    assert dynamic_server.list_keys(SimpleNamespace(get=len)) == []
    assert dynamic_server.list_keys(SimpleNamespace(_props=["a"])) == []


def test_a_resource_that_keeps_no_transformations_is_left_alone() -> None:
    resource: Any = object()
    opts = hidden_inputs.finish(resource, None, dict, False)
    assert opts.transformations
    args: Any = SimpleNamespace(resource=resource)
    assert [transformation(args) for transformation in opts.transformations] == [None]
