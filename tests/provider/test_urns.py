"""What the provider knows of a resource by its URN, which it reads from the server's frame."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from pulumi_ngrok_tg.rules import adoption
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.replaced import INPUT
from tests.conftest import KEY
from tests.provider.deployment import Deployment
from tests.provider.traffic import CREATED, WEB, start
from tests.serving import serve

PREFIX = "urn:pulumi:dev::shop::pulumi-python:dynamic/ngrok:TunnelGroupBackend::"
NEW, OLD = f"{PREFIX}new", f"{PREFIX}old"
STATE = {**CREATED, "labels": WEB, "tunnels": []}


@pytest.fixture
def provider(deployment: Deployment) -> Any:
    return start(deployment)


def test_a_kept_backend_is_deleted_by_its_own_resource_only(
    provider: Any, emulator: Emulator, web: EmulatedBackend
) -> None:
    serve(NEW, lambda: provider.check(STATE, {"labels": WEB}))
    serve(NEW, lambda: provider.diff(web.id, STATE, {"labels": WEB}))
    with pytest.raises(ProviderError, match=f"^{web.id} was not deleted: {NEW} holds it, too. Remove {OLD} from the"):
        serve(OLD, lambda: provider.delete(web.id, STATE))
    assert emulator.requests.writes == []
    serve(NEW, lambda: provider.delete(web.id, STATE))
    assert emulator.requests.writes == ["DELETE"]


@pytest.mark.parametrize(("declared", "news"), [(False, {"labels": WEB}), (True, {"labels": WEB, "account": "eu"})])
def test_a_refresh_and_another_account_keep_nothing(
    provider: Any, web: EmulatedBackend, declared: bool, news: dict[str, Any]
) -> None:
    if declared:
        serve(NEW, lambda: provider.check(STATE, news))
    serve(NEW, lambda: provider.diff(web.id, STATE, news))
    serve(OLD, lambda: provider.delete(web.id, STATE))


def test_two_resources_that_adopt_one_backend_are_named(provider: Any, web: EmulatedBackend) -> None:
    def adopt(urn: str) -> list[str]:
        given = {"labels": WEB, adoption.INPUT: {"id": web.id, "plain": {"labels": WEB}}}
        return [failure.reason for failure in serve(urn, lambda: provider.check({}, given)).failures]

    assert adopt(NEW) == []
    assert adopt(OLD) == [
        f"import_: {web.id} belongs to another resource of this program, {NEW}. Remove one of the two."
    ]


@pytest.mark.parametrize(
    ("found", "error"),
    [
        ({}, None),
        ({"held_by": [{"urn": "urn:mine", "type": "my:Other"}]}, "import_: ID is already held by urn:mine"),
        ({"held_by": [{"urn": NEW, "type": "my:Other"}]}, None),
    ],
)
def test_an_identical_backend_is_adopted_unless_another_resource_holds_it(
    provider: Any, web: EmulatedBackend, found: dict[str, Any], error: str | None
) -> None:
    asked = {"mode": "identical", "identical": {"ids": [web.id], **found}, "plain": {"labels": WEB}}
    checked = serve(NEW, lambda: provider.check({}, {"labels": WEB, adoption.INPUT: asked}))
    reasons = [failure.reason for failure in checked.failures]
    if error is None:
        assert (reasons, checked.inputs[adoption.INPUT]) == ([], web.id)
    else:
        assert len(reasons) == 1
        assert reasons[0].startswith(error.replace("ID", web.id))


def test_an_identical_backend_that_has_changed_since_is_not_adopted(provider: Any, web: EmulatedBackend) -> None:
    asked = {"mode": "identical", "identical": {"ids": [web.id]}, "plain": {"labels": {"app": "shop"}}}
    (told,) = serve(NEW, lambda: provider.check({}, {"labels": {"app": "shop"}, adoption.INPUT: asked})).failures
    assert told.reason.startswith(f'import_: {web.id}: labels.app is "web" at ngrok, but "shop" in the program.')


def test_a_create_that_replaces_a_backend_with_tunnels_is_refused(
    deployment: Deployment, emulator: Emulator, web: EmulatedBackend
) -> None:
    provider = start(deployment, "refuse")
    tunnel = emulator.account(KEY).connect_tunnel(dict(web.labels))
    held = {"id": web.id, "account": None}
    (failure,) = serve(NEW, lambda: provider.check({}, {"labels": WEB, INPUT: {NEW: held}})).failures
    assert failure.reason.startswith(
        'new: Not replaced, because pulumi-ngrok-tg:onTrafficLoss is "refuse": stops traffic'
    )
    assert tunnel in failure.reason
    assert serve(OLD, lambda: provider.check({}, {"labels": WEB, INPUT: {NEW: held}})).failures == []


@pytest.mark.parametrize("known", ['{"team":"a"}', '{"team": "b"}', None])
def test_a_refresh_keeps_the_inputs_spelling_of_metadata(provider: Any, emulator: Emulator, known: str | None) -> None:
    backend = emulator.account(KEY).create({"metadata": '{"team": "a"}'})
    inputs = Struct()
    inputs.update({} if known is None else {"metadata": known})
    state = {**CREATED, "metadata": '{"team":  "a"}'}
    read = serve(NEW, lambda: provider.read(backend.id, state), inputs=inputs)
    assert read.outs["metadata"] == '{"team":  "a"}'
    assert read.inputs["metadata"] == (known if known == '{"team":"a"}' else '{"team":  "a"}')
