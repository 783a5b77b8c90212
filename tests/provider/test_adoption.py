"""Adoption as the engine asks for it, call by call."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from pulumi_ngrok_tg.accounts.clients import Clients, connect
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.engine.operation import Operation
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from pulumi_ngrok_tg.rules import adoption
from pulumi_ngrok_tg.rules.advice import ProviderError
from tests.conftest import KEY
from tests.facts import declare
from tests.reporter import Heard

WEB = {"labels": {"app": "web"}, "metadata": "m"}


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def provider(emulator: Emulator, told: list[str]) -> TunnelGroupBackendProvider:
    made = TunnelGroupBackendProvider(Clients(lambda settings: connect(settings, Heard())), Heard(infos=told))
    made.configure(ConfigureRequest(Config({"ngrok:apiKey": KEY, "ngrok:apiBaseUrl": emulator.url}, "test")))
    return made


def inputs(id_: Any, secret: Sequence[str] = (), said: Mapping[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    return {**declare({**WEB, **given}, secret, **(said or {})), adoption.INPUT: id_}


def refusals(provider: TunnelGroupBackendProvider, given: dict[str, Any]) -> list[str]:
    checked = provider.check({}, given)
    # Where a property is named, the engine would print its value, secret or not.
    assert {failure.property for failure in checked.failures} <= {""}
    return [failure.reason for failure in checked.failures]


def test_a_matching_backend_is_adopted_with_one_request(
    provider: TunnelGroupBackendProvider, emulator: Emulator, told: list[str]
) -> None:
    web = emulator.account(KEY).create(WEB)
    checked = provider.check({}, inputs(web.id))
    assert checked.failures == []
    made = provider.create(checked.inputs)
    assert (made.id, made.outs["labels"], made.outs["created_at"]) == (web.id, {"app": "web"}, web.created_at)
    assert told == [f"adopts {web.id}, which exists; nothing is created or changed at ngrok"]
    assert emulator.requests.methods == ["GET", "GET"], "once in check, and once more in create"
    assert made.outs[adoption.INPUT] == web.id
    # From then on the option changes nothing, there or not.
    emulator.requests.clear()
    for later in (inputs(web.id), WEB):
        known = provider.check(checked.inputs, dict(later))
        assert known.failures == []
        assert provider.diff(web.id, made.outs, known.inputs).changes is False
    assert emulator.requests == []


@pytest.mark.parametrize(
    "change", [{"description": "new"}, {"labels": {"app": "shop"}}, {"metadata": '{"owned-by": "ngrok-operator"}'}]
)
def test_a_backend_that_changes_between_check_and_create_is_not_adopted(
    provider: TunnelGroupBackendProvider, emulator: Emulator, change: dict[str, Any]
) -> None:
    web = emulator.account(KEY).create(WEB)
    checked = provider.check({}, inputs(web.id))
    for name, value in change.items():
        setattr(emulator.account(KEY).backends[web.id], name, value)
    with pytest.raises(ProviderError, match=f"^import_: {web.id}: .* at ngrok, but"):
        provider.create(checked.inputs)
    assert emulator.requests.writes == []


def test_all_reasons_against_an_adoption_are_one_line(provider: TunnelGroupBackendProvider, emulator: Emulator) -> None:
    web = emulator.account(KEY).create(WEB)
    checked = provider.check({}, inputs(web.id))
    web.description, web.labels = "new", {"app": "new"}
    with pytest.raises(ProviderError) as error:
        provider.create(checked.inputs)
    how = "Write ngrok's value into the program; change it after the adoption."
    assert str(error.value).count(f" {how} import_: {web.id}: ") == 1
    assert str(error.value).endswith(how)


def test_many_adoptions_cost_one_listing_and_a_get_each(
    provider: TunnelGroupBackendProvider, emulator: Emulator
) -> None:
    made = [emulator.account(KEY).create({"labels": {"n": str(n)}, "metadata": "m"}) for n in range(20)]
    checked = [
        provider.check({}, inputs(one.id, said={"adoptions": 20}, labels={"n": str(n)})) for n, one in enumerate(made)
    ]
    assert emulator.requests.take().methods == ["GET"]
    assert [provider.create(one.inputs).id for one in checked] == [one.id for one in made]
    assert [request.path.rpartition("/")[2] for request in emulator.requests] == [one.id for one in made]


def test_a_backend_that_only_the_list_shows_is_not_adopted(
    provider: TunnelGroupBackendProvider, emulator: Emulator
) -> None:
    ghost = emulator.account(KEY).create(WEB)
    checked = provider.check({}, inputs(ghost.id, **WEB))
    assert checked.failures == []
    emulator.fault(path=ghost.id, times=None, status=404, error_code=6514)
    with pytest.raises(ProviderError, match=f"There is no backend {ghost.id} in this account"):
        provider.create(checked.inputs)


def test_a_backend_of_another_resource_is_refused_without_a_request(
    provider: TunnelGroupBackendProvider, emulator: Emulator
) -> None:
    web = emulator.account(KEY).create(WEB)
    (told,) = refusals(provider, inputs(web.id, said={"manager": "urn:pulumi:dev::shop::type::old"}))
    assert f"{web.id} is already managed in this stack, by urn:pulumi:dev::shop::type::old." in told
    assert emulator.requests == []


def test_nothing_is_adopted_without_the_state(provider: TunnelGroupBackendProvider, emulator: Emulator) -> None:
    web = emulator.account(KEY).create(WEB)
    (told,) = refusals(provider, inputs(web.id, said={"unread": "no such stack"}))
    assert "it is unknown whether another resource manages" in told
    assert "(no such stack)" in told
    assert emulator.requests == []


def test_a_backend_adopted_in_an_update_is_not_deleted_in_it(
    provider: TunnelGroupBackendProvider, emulator: Emulator
) -> None:
    """Where the state could not be asked: a rename without an alias deletes the old name after the new one adopts."""
    web = emulator.account(KEY).create(WEB)
    provider.create(provider.check({}, inputs(web.id)).inputs)
    with pytest.raises(ProviderError, match=f"{web.id} was not deleted: another resource holds it, too."):
        provider.delete(web.id, {**WEB})
    assert web.id in emulator.account(KEY).backends


def test_bad_inputs_are_reported_without_a_request(provider: TunnelGroupBackendProvider, emulator: Emulator) -> None:
    web = emulator.account(KEY).create(WEB)
    (told,) = refusals(provider, inputs(web.id, labels={"a=b": "c"}))
    assert "must not contain" in told
    assert emulator.requests == []


def test_a_proxys_404_and_a_bad_key_are_different_errors(
    provider: TunnelGroupBackendProvider, emulator: Emulator
) -> None:
    web = emulator.account(KEY).create(WEB)
    emulator.fault(method="GET", times=2, status=404, body="<html></html>")
    (told,) = refusals(provider, inputs(web.id))
    assert told.startswith("import_: GET /backends/tunnel_group: HTTP 404, not in ngrok's error format.")
    assert "whether a proxy is in between" in told


def test_a_backend_that_a_resource_has_is_not_deleted_for_another() -> None:
    run = Operation()
    assert run.find_other("a", "urn:web") is None
    run.keep("a", "urn:web")
    assert run.find_other("a", "urn:web") is None, "its own delete"
    assert run.find_other("a", "urn:old") == "urn:web"
    assert run.adopt("a", "urn:new") == "urn:web"
    assert run.adopt("b", "urn:new") is None
    assert run.adopt("b", "urn:new") is None, "a check may come twice"
    assert run.adopt("b", "urn:newer") == "urn:new"
    assert run.find_other("b", "urn:new") == "urn:new", "adopted just now, so it is the old one that goes"
    assert run.find_other("b", "") == "urn:new"
    run.keep("d", "urn:d")
    run.release("urn:d")
    assert run.find_other("d", "urn:old-d") is None, "it is replaced"
    run.keep("c", "")
    assert run.find_other("c", "urn:web") == "", "where the engine's calls do not tell who they are about"


def test_import_of_another_id_is_refused(provider: TunnelGroupBackendProvider, emulator: Emulator) -> None:
    web, other = (emulator.account(KEY).create(WEB) for _ in range(2))
    with pytest.raises(
        ProviderError,
        match=f"^import_ names {other.id}, but this resource already manages {web.id}. Remove import_, or adopt "
        f"{other.id} under another resource name.$",
    ):
        provider.diff(web.id, WEB, {**WEB, adoption.INPUT: other.id})
    assert emulator.requests == []


def test_a_missing_backend_is_named(provider: TunnelGroupBackendProvider) -> None:
    missing = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
    (reason,) = refusals(provider, inputs(missing))
    assert reason.startswith(
        f"import_: There is no backend {missing} in this account. Check the id and the account. (GET"
    )
    assert reason.endswith(
        ") If somebody deleted it, remove import_ from its options; `pulumi up` then creates it again."
    )


def test_an_update_keeps_the_account(emulator: Emulator) -> None:
    provider = TunnelGroupBackendProvider(Clients(lambda settings: connect(settings, Heard())))
    config = {"ngrok-us:apiKey": KEY, "ngrok-us:apiBaseUrl": emulator.url}
    provider.configure(ConfigureRequest(Config(config, "test")))
    made = provider.create({"account": "us"})
    assert made.outs is not None
    updated = provider.update(made.id, made.outs, {"account": "us", "description": "new"})
    assert updated.outs is not None
    assert updated.outs["account"] == "us"
