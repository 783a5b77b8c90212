"""The provider's calls one by one, where the engine's order of them matters."""

import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime import proto

from pulumi_ngrok_tg.accounts.clients import Clients, connect, take_fingerprint
from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.errors import ConnectionFailed, NotFound
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.engine import dynamic_server
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from pulumi_ngrok_tg.rules.advice import ProviderError
from tests.conftest import KEY
from tests.facts import declare
from tests.provider.deployment import Deployment
from tests.reporter import Heard

MISSING = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
STATE = {"created_at": "2025-01-21T18:19:53Z", "labels": {}}


@pytest.fixture
def provider(emulator: Emulator) -> TunnelGroupBackendProvider:
    return Deployment(emulator).start()


def test_a_refresh_of_a_gone_backend_says_gone_and_a_get_fails(provider: TunnelGroupBackendProvider) -> None:
    refreshed = provider.read(MISSING, {**STATE})
    assert (refreshed.id, refreshed.outs) == ("", {})
    told = rf"There is no backend {MISSING} in this account. Check the id and the account. \(GET .*ERR_NGROK_6514"
    with pytest.raises(ProviderError, match=told):
        provider.read(MISSING, {})


def test_a_provider_that_the_engine_loads_has_the_clients_of_its_process(emulator: Emulator) -> None:
    config = {"ngrok:apiKey": KEY, "ngrok:apiBaseUrl": emulator.url}
    for _ in range(2):
        loaded = pickle.loads(pickle.dumps(TunnelGroupBackendProvider()))  # noqa: S301
        loaded.configure(ConfigureRequest(Config(config, "test")))
        made = loaded.create({"description": "x"})
        assert loaded.read(made.id, made.outs).outs["description"] == "x"
    # The second one reads what the first one's client knows.
    assert emulator.requests.methods == ["POST", "POST"]


@pytest.mark.parametrize("state", [{}, STATE])
def test_a_read_backend_keeps_its_account(emulator: Emulator, state: dict[str, Any]) -> None:
    deployment = Deployment(emulator)
    deployment.config = {"ngrok-eu:apiKey": KEY, "ngrok-eu:apiBaseUrl": emulator.url}
    found = deployment.start().read(emulator.account(KEY).create({}).id, {**state, "account": "eu"})
    assert found.outs is not None
    assert found.outs["account"] == "eu"


def test_a_get_is_one_get(provider: TunnelGroupBackendProvider, emulator: Emulator) -> None:
    ids = [emulator.account(KEY).create({}).id for _ in range(3)]
    for id_ in ids:
        provider.read(id_, {})
    assert [request.path.rpartition("/")[2] for request in emulator.requests] == ids


CALLS: dict[str, Callable[[TunnelGroupBackendProvider, str], object]] = {
    "refresh": lambda provider, id_: provider.read(id_, {**STATE}),
    "get": lambda provider, id_: provider.read(id_, {}),
    "update": lambda provider, id_: provider.update(id_, {**STATE}, {"labels": {"a": "b"}}),
    "delete": lambda provider, id_: provider.delete(id_, {**STATE}),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(
    "id_",
    ["", "web", "x/../../../api_keys/ak_1", "bkdtg_x/../../api_keys", "bkdtg_a?b", "bkdhr_2rwwlBV3giwRa5gGhtBlK6AH8q4"],
)
def test_a_malformed_id_is_never_sent(
    provider: TunnelGroupBackendProvider,
    emulator: Emulator,
    call: Callable[[TunnelGroupBackendProvider, str], object],
    id_: str,
) -> None:
    with pytest.raises(ProviderError, match="is not the id of a tunnel group backend"):
        call(provider, id_)
    assert emulator.requests == []


def test_an_update_that_was_not_applied_names_the_fields(
    provider: TunnelGroupBackendProvider, emulator: Emulator
) -> None:
    id_ = emulator.account(KEY).create({"description": "old", "metadata": "old"}).id
    emulator.fault(method="PATCH", fields={"description": "old", "metadata": "old"})
    with pytest.raises(ProviderError) as error:
        provider.update(
            id_, {**STATE, "description": "old"}, {"description": "new", "metadata": "new", "labels": {"a": "b"}}
        )
    assert str(error.value) == (
        f"PATCH /backends/tunnel_group/{id_}: ngrok reported success but did not change description, metadata. "
        "Run `pulumi refresh` to see what it holds now."
    )


def test_an_update_of_a_gone_backend_says_how_to_go_on(provider: TunnelGroupBackendProvider) -> None:
    with pytest.raises(ProviderError) as error:
        provider.update(MISSING, {**STATE}, {"description": "new"})
    assert str(error.value).startswith(
        f"The backend {MISSING} no longer exists. Run `pulumi refresh`, then `pulumi up` to create it. "
        f"(PATCH /backends/tunnel_group/{MISSING}: ngrok rejected it, with a message that is not shown because it may "
    )
    with pytest.raises(ProviderError, match=f"^PATCH /backends/tunnel_group/{MISSING}: .* Another API key saw this"):
        provider.update(MISSING, {**STATE, "__key_fingerprint": "00000000"}, {"description": "new"})


@pytest.mark.parametrize(
    ("olds", "news", "replaces", "kinds"),
    [
        ({"labels": {"a": "1"}}, {"labels": {"a": "1"}}, [], {}),
        ({"labels": {"a": "1"}}, {"labels": {"a": "2"}}, [], {"labels.a": "UPDATE"}),
        (
            {"account": "eu", "description": "x"},
            {"account": "us"},
            ["account"],
            {"account": "UPDATE_REPLACE", "description": "DELETE"},
        ),
        ({}, {"account": "us"}, ["account"], {"account": "ADD_REPLACE"}),
    ],
)
def test_a_diff_names_differences_and_replacements(
    provider: TunnelGroupBackendProvider,
    olds: dict[str, Any],
    news: dict[str, Any],
    replaces: list[str],
    kinds: dict[str, str],
) -> None:
    provider.check(olds, declare(news))
    found = provider.diff(MISSING, olds, news)
    assert (found.changes, found.replaces, found.delete_before_replace) == (bool(kinds), replaces, False)
    server = SimpleNamespace(proto=proto)
    dynamic_server.show_differences(server)
    told = server.proto.DiffResponse().detailedDiff
    assert {path: proto.PropertyDiff.Kind.Name(diff.kind) for path, diff in told.items()} == kinds


# What check reports ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"description": "x"}, []),
        ({"description": 5}, ["description must be a string, not a number."]),
        ({"account": "eu"}, ["No ngrok API key is configured for the account 'eu'."]),
        ({"account": "e u"}, ["account must be a name of letters"]),
        ({"account": 5}, ["account must be a name of letters"]),
        (
            {"account": "eu", "labels": {"": "x"}},
            ["labels: a key must not be empty.", "No ngrok API key is configured"],
        ),
        ({"account": "us"}, []),
    ],
)
def test_check_reports_bad_properties_and_missing_settings(
    emulator: Emulator, inputs: dict[str, Any], told: list[str]
) -> None:
    provider = TunnelGroupBackendProvider(Clients(lambda settings: connect(settings, Heard())))
    config = {"ngrok:apiKey": KEY, "ngrok-us:apiKey": KEY}
    provider.configure(ConfigureRequest(Config(config, "test")))
    checked = provider.check({}, dict(inputs))
    assert checked.failures is not None
    assert len(checked.failures) == len(told)
    for failure, expected in zip(checked.failures, told, strict=True):
        assert failure.reason.startswith(expected)
        assert failure.property == ""  # the engine would print the property's value, a secret one, too
    assert checked.inputs == inputs
    assert emulator.requests == []


def test_the_state_holds_the_backend_and_the_fingerprint(
    provider: TunnelGroupBackendProvider, emulator: Emulator
) -> None:
    tunnel = emulator.account(KEY).connect_tunnel({"app": "web"})
    made = provider.create({"labels": {"app": "web"}, "description": "d", "metadata": "m", "account": None})
    assert made.outs == {
        "account": None,
        "description": "d",
        "metadata": "m",
        "labels": {"app": "web"},
        "uri": f"{emulator.url}/backends/tunnel_group/{made.id}",
        "created_at": emulator.account(KEY).backends[made.id].created_at,
        "tunnels": [{"id": tunnel, "uri": f"{emulator.url}/tunnels/{tunnel}"}],
        "__key_fingerprint": take_fingerprint(KEY, emulator.url),
    }
    assert provider.read(made.id, made.outs).outs == made.outs
    # What a get has read is marked: the stack does not manage it.
    assert provider.read(made.id, {}).outs == {**made.outs, "__read_only": True}
    assert provider.read(made.id, {**made.outs, "__read_only": True}).outs == {**made.outs, "__read_only": True}


def test_the_account_of_a_backend_is_kept_in_its_state(emulator: Emulator) -> None:
    provider = TunnelGroupBackendProvider(Clients(lambda settings: connect(settings, Heard())))
    config = {"ngrok-us:apiKey": KEY, "ngrok-us:apiBaseUrl": emulator.url}
    provider.configure(ConfigureRequest(Config(config, "test")))
    made = provider.create({"account": "us"})
    assert made.outs is not None
    assert made.outs["account"] == "us"


def test_a_client_reads_its_own_changes(emulator: Emulator) -> None:
    client = connect(AccountSettings(KEY, emulator.url), Heard())
    ids = [emulator.account(KEY).create({"description": "old"}).id for _ in range(6)]
    for id_ in ids:
        client.read(id_)
    assert len(emulator.requests) == 1, "a page"
    client.update(ids[3], {"description": "new"})
    assert client.read(ids[3]).description == "new"
    client.delete(ids[4])
    with pytest.raises(NotFound):
        client.read(ids[4])
    made = client.create({"description": "made"})
    assert client.read(made.id).description == "made"
    assert client.read(ids[5]).description == "old"
    assert emulator.requests.methods == ["GET", "PATCH", "DELETE", "GET", "POST"]


def test_a_backend_of_a_failed_update_is_fetched_by_id(emulator: Emulator) -> None:
    client = connect(AccountSettings(KEY, emulator.url, max_attempts=1), Heard())
    id_ = emulator.account(KEY).create({"description": "old"}).id
    assert client.read(id_).description == "old"
    emulator.fault(method="PATCH", drop="after")
    with pytest.raises(ConnectionFailed):
        client.update(id_, {"description": "new"})
    assert client.read(id_).description == "new"


@pytest.mark.parametrize("call", ["read", "delete", "update"])
def test_a_bad_key_says_which_commands_use_the_recorded_one(
    provider: TunnelGroupBackendProvider, emulator: Emulator, call: str
) -> None:
    emulator.fault(times=None, status=401, error_code=203)
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: provider.read(MISSING, {**STATE}),
        "delete": lambda: provider.delete(MISSING, {**STATE}),
        "update": lambda: provider.update(MISSING, {**STATE}, {"description": "new"}),
    }
    with pytest.raises(ProviderError) as error:
        calls[call]()
    # The engine runs an update with the config of the program.
    assert ("use the key that the last `pulumi up` recorded" in str(error.value)) == (call != "update")
