"""The resource under Pulumi's mocks, as people unit-test their own programs."""

import base64
import pickle
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest

from pulumi_ngrok_tg import TunnelGroupBackend, TunnelRef
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider

# pulumi.runtime.set_mocks asks for the current event loop, which Python 3.12 and newer deprecate where there is none.
pytestmark = pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning")

REGISTERED: list[pulumi.runtime.MockResourceArgs] = []


class Ngrok(pulumi.runtime.Mocks):
    """Answers a registration as ngrok would."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        REGISTERED.append(args)
        tunnels = [{"id": "tn_1", "uri": "https://api.ngrok.com/tunnels/tn_1"}]
        return "bkdtg_1", {**args.inputs, "uri": "https://x", "created_at": "2025-01-21T18:19:53Z", "tunnels": tunnels}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}


@pytest.fixture(autouse=True)
def mocks() -> None:
    REGISTERED.clear()
    pulumi.runtime.set_mocks(Ngrok(), preview=False)


@pulumi.runtime.test
def test_outputs_are_typed() -> "pulumi.Output[None]":
    web = TunnelGroupBackend("web", labels={"app": "web"}, metadata={"b": 1, "a": 2})

    def check(outputs: list[Any]) -> None:
        id_, labels, metadata, uri, created_at, _ = outputs
        assert (id_, labels, metadata) == ("bkdtg_1", {"app": "web"}, '{"a":2,"b":1}')
        assert (uri, created_at) == ("https://x", "2025-01-21T18:19:53Z")

    def check_tunnels(tunnels: Sequence[TunnelRef]) -> None:
        (tunnel,) = tunnels
        assert isinstance(tunnel, TunnelRef)
        assert (tunnel.id, tunnel.uri) == ("tn_1", "https://api.ngrok.com/tunnels/tn_1")

    tunnels = web.tunnels.apply(check_tunnels)
    return pulumi.Output.all(web.id, web.labels, web.metadata, web.uri, web.created_at, tunnels).apply(check)


@pulumi.runtime.test
def test_the_type_token_and_the_provider_are_those_that_states_rely_on() -> "pulumi.Output[None]":
    web = TunnelGroupBackend("web", account="eu")

    def check(_id: str) -> None:
        (registered,) = REGISTERED
        assert registered.typ == "pulumi-python:dynamic/ngrok:TunnelGroupBackend"
        assert registered.inputs["account"] == "eu"
        pickled = base64.b64decode(registered.inputs["__provider"])
        assert isinstance(pickle.loads(pickled), TunnelGroupBackendProvider)  # noqa: S301
        assert len(pickled) < 90, "the class by its name, and nothing of an instance"

    return web.id.apply(check)


@pulumi.runtime.test
def test_outputs_at_every_depth_become_one_value() -> "pulumi.Output[None]":
    known = pulumi.Output.from_input("x")
    web = TunnelGroupBackend("web", metadata={"list": [known, ["y", (known,)]]}, labels={"a": known})

    def check(outputs: list[Any]) -> None:
        assert outputs == ['{"list":["x",["y",["x"]]]}', {"a": "x"}]

    return pulumi.Output.all(web.metadata, web.labels).apply(check)


@pulumi.runtime.test
def test_what_cannot_be_sent_stops_the_program_in_a_line() -> None:
    with pytest.raises(pulumi.RunError, match="TunnelGroupBackend 'web': labels: the key 1 must be a string"):
        TunnelGroupBackend("web", labels={1: "x"})  # type: ignore[dict-item]
