"""The resource under Pulumi's mocks, as people unit-test their own programs."""

import base64
import pickle
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest

from pulumi_ngrok_tg import (
    GetTunnelGroupBackendResult,
    TunnelGroupBackend,
    TunnelRef,
    get_tunnel_group_backend,
    get_tunnel_group_backends_output,
)
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
        tunnels = [{"id": "tn_1", "uri": ""}]
        found = {"id": "bkdtg_found", "labels": args.args["labels"], "description": "", "tunnels": tunnels}
        said = {"ngrok:index:getTunnelGroupBackend": found, "ngrok:index:getTunnelGroupBackends": {"backends": [found]}}
        return said[args.token]


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
def test_awaitables_and_outputs_reach_the_engine_as_what_they_resolve_to() -> "pulumi.Output[None]":
    async def later(value: Any) -> Any:
        return value

    web = TunnelGroupBackend("web", labels=later({"k": "v"}), description=later("d"), metadata=later({"m": 1}))
    api = TunnelGroupBackend("api", metadata=pulumi.Output.from_input({"m": 2}), labels=pulumi.Output.from_input(None))

    def check(outputs: list[Any]) -> None:
        assert outputs == [{"k": "v"}, "d", '{"m":1}', '{"m":2}']

    return pulumi.Output.all(web.labels, web.description, web.metadata, api.metadata).apply(check)


@pulumi.runtime.test
def test_options_reach_the_engine() -> "pulumi.Output[None]":
    site = pulumi.ComponentResource("shop:index:Site", "site")
    options = pulumi.ResourceOptions(parent=site)
    web = TunnelGroupBackend("web", opts=options)
    theirs = TunnelGroupBackend.get("theirs", "bkdtg_theirs", account="eu", opts=options)

    def check(urns: list[str]) -> None:
        assert all("shop:index:Site$pulumi-python:dynamic/ngrok:TunnelGroupBackend::" in urn for urn in urns)
        by_name = {registered.name: registered for registered in REGISTERED}
        assert by_name["web"].resource_id == ""
        assert by_name["theirs"].resource_id == "bkdtg_theirs"
        assert by_name["theirs"].inputs["account"] == "eu"

    return pulumi.Output.all(web.urn, theirs.urn).apply(check)


def test_a_label_that_turns_out_to_be_none_is_an_error() -> None:
    @pulumi.runtime.test
    def declare() -> Any:
        return TunnelGroupBackend("web", labels={"app": "web", "team": pulumi.Output.from_input(None)}).labels

    told = "TunnelGroupBackend 'web': labels: the value of 'team' must be a string, not None"
    with pytest.raises(pulumi.RunError, match=told):
        declare()


@pulumi.runtime.test
def test_invalid_text_is_named_with_its_resource() -> None:
    for inputs, told in (
        ({"description": "\ud800"}, "description holds half of a surrogate pair"),
        ({"metadata": "\ud800"}, "metadata holds half of a surrogate pair"),
        ({"metadata": {"a": object()}}, "metadata cannot be written as JSON"),
        ({"labels": {"a": "\ud800"}}, "labels: the value of 'a' holds half of a surrogate pair"),
        ({"labels": ["app=web"]}, "labels must be .*, not a list"),
    ):
        with pytest.raises(pulumi.RunError, match=f"^TunnelGroupBackend 'web': {told}"):
            TunnelGroupBackend("web", **inputs)  # type: ignore[arg-type]


@pulumi.runtime.test
def test_metadata_that_contains_itself_stops_the_program() -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless
    with pytest.raises(
        pulumi.RunError, match="TunnelGroupBackend 'web': metadata cannot be written as JSON: Circular reference"
    ):
        TunnelGroupBackend("web", metadata=endless)


def test_a_late_error_names_the_resource() -> None:
    @pulumi.runtime.test
    def declare() -> Any:
        labels = pulumi.Output.from_input(5).apply(lambda five: {five: "x"})
        return TunnelGroupBackend("web", labels=labels).labels

    with pytest.raises(pulumi.RunError, match="TunnelGroupBackend 'web': labels: a key must be a string"):
        declare()


@pulumi.runtime.test
def test_a_value_that_the_engine_cannot_carry_stops_the_program() -> None:
    with pytest.raises(pulumi.RunError, match="TunnelGroupBackend 'web': labels: the key 1 must be a string"):
        TunnelGroupBackend("web", labels={1: "x"})  # type: ignore[dict-item]


# A key in plain text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accounts", "config", "secret", "warned"),
    [
        ([None, None], {"ngrok:apiKey": "k"}, [], ["ngrok:apiKey"]),
        ([None], {"ngrok:apiKey": "k"}, ["ngrok:apiKey"], []),
        ([None], {}, [], []),
        (["eu", "eu"], {"ngrok:apiKey": "k", "ngrok-eu:apiKey": "k"}, ["ngrok:apiKey"], ["ngrok-eu:apiKey"]),
        ([None, "eu"], {"ngrok:apiKey": "k", "ngrok-eu:apiKey": "k"}, [], ["ngrok:apiKey", "ngrok-eu:apiKey"]),
        ([pulumi.Output], {"ngrok:apiKey": "k", "ngrok-eu:apiKey": "k"}, [], []),
    ],
)
def test_a_key_in_plain_text_is_one_warning(
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
    accounts: list[Any],
    config: dict[str, str],
    secret: list[str],
    warned: list[str],
) -> None:
    pulumi.runtime.set_mocks(Ngrok(), project=request.node.name, preview=False)

    @pulumi.runtime.test
    def declare() -> None:
        pulumi.runtime.set_all_config(config, secret)
        for number, account in enumerate(accounts):
            named = pulumi.Output.from_input("eu") if account is pulumi.Output else account
            TunnelGroupBackend(f"b{number}", account=named)

    declare()
    assert [record.message for record in caplog.records if record.name == "root"] == [
        f"{key} is in plain text in the stack's config. Run `pulumi config set --secret {key}` instead."
        for key in warned
    ]


def test_a_variable_with_a_typo_is_one_warning(
    caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi.runtime.set_mocks(Ngrok(), project=request.node.name, preview=False)
    monkeypatch.setenv("NGROK_API_URL", "http://localhost:4041")
    monkeypatch.delenv("NGROK_API_BASE_URL", raising=False)

    @pulumi.runtime.test
    def declare() -> None:
        TunnelGroupBackend("one")
        TunnelGroupBackend("two")

    declare()
    (warning,) = [record.message for record in caplog.records if record.name == "root"]
    assert warning.startswith("The environment variable NGROK_API_URL has no effect.")


@pulumi.runtime.test
def test_under_mocks_an_import_is_what_the_mocks_say() -> "pulumi.Output[None]":
    web = TunnelGroupBackend("web", labels={"app": "web"}, opts=pulumi.ResourceOptions(import_="bkdtg_theirs"))

    def check(_id: str) -> None:
        (registered,) = REGISTERED
        assert registered.resource_id == "bkdtg_theirs"
        assert registered.inputs.keys() == {"labels", "__provider"}

    return web.id.apply(check)


@pulumi.runtime.test
def test_under_mocks_look_ups_are_calls() -> "pulumi.Output[None]":
    one = get_tunnel_group_backend(labels={"app": "web"})
    assert (one.id, one.labels, one.tunnels[0].id) == ("bkdtg_found", {"app": "web"}, "tn_1")
    every = get_tunnel_group_backends_output(labels=pulumi.Output.from_input({"app": "web"}))
    return every.backends.apply(lambda backends: check_found(backends[0]))


def check_found(found: GetTunnelGroupBackendResult) -> None:
    assert (found.id, found.description) == ("bkdtg_found", "")


class Other(pulumi.dynamic.ResourceProvider):
    """Somebody else's provider, which is pickled with what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = {"like": {"a": {"class": {}}}}


class OtherResource(pulumi.dynamic.Resource):
    """A resource of theirs."""


@pulumi.runtime.test
def test_hundreds_of_backends_do_not_break_other_dynamic_resources() -> "pulumi.Output[None]":
    for number in range(400):
        TunnelGroupBackend(f"backend-{number}")
    other = OtherResource(Other(), "other", {})

    def check(urn: str) -> None:
        assert urn.endswith("::other")

    return other.urn.apply(check)
