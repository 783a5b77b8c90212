"""What the provider knows of a resource by its URN, which it reads from the server's frame."""

from contextlib import nullcontext
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from pulumi_ngrok_tg.rules import adopt_identical, adoption
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.traffic import Refused
from tests.conftest import KEY
from tests.facts import declare
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
        given = {**declare({"labels": WEB}), adoption.INPUT: web.id}
        return [failure.reason for failure in serve(urn, lambda: provider.check({}, given)).failures]

    assert adopt(NEW) == []
    assert adopt(OLD) == [
        f"import_: {web.id} belongs to another resource of this program, {NEW}. Remove one of the two."
    ]


@pytest.fixture
def identical(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(adopt_identical.VARIABLE, "identical")


@pytest.mark.usefixtures("identical")
@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({}, None),
        ({"others": {"ID": "urn:mine"}}, "import_: ID is already managed by urn:mine in this stack"),
        ({"unread": "EOF"}, "PULUMI_NGROK_TG_ADOPT: the stack's state could not be read (EOF)."),
        ({"explicit": True}, "PULUMI_NGROK_TG_ADOPT: a resource with an explicit provider"),
        ({"managed": None}, "PULUMI_NGROK_TG_ADOPT: the state holds another resource of this name"),
    ],
)
def test_an_identical_backend_is_adopted_unless_it_may_be_anothers(
    provider: Any, web: EmulatedBackend, said: dict[str, Any], error: str | None
) -> None:
    said = {**said, **({"others": {web.id: "urn:mine"}} if "others" in said else {})}
    checked = serve(NEW, lambda: provider.check({}, declare({"labels": WEB}, **said)))
    reasons = [failure.reason for failure in checked.failures]
    if error is None:
        assert (reasons, checked.inputs[adoption.INPUT]) == ([], web.id)
    else:
        assert len(reasons) == 1
        assert reasons[0].startswith(error.replace("ID", web.id))


@pytest.mark.usefixtures("identical")
def test_identical_resources_do_not_share_a_backend(provider: Any, web: EmulatedBackend) -> None:
    first, second = (serve(urn, lambda: provider.check({}, declare({"labels": WEB}))) for urn in (NEW, OLD))
    assert (first.failures, first.inputs[adoption.INPUT]) == ([], web.id)
    assert second.failures[0].reason.startswith(f"PULUMI_NGROK_TG_ADOPT: {web.id} has exactly these contents, but also")


@pytest.mark.usefixtures("identical")
def test_a_managed_or_replaced_backend_is_not_adopted(provider: Any, web: EmulatedBackend) -> None:
    for said in ({"managed": f"bkdtg_x {web.id}"}, {"managed": None, "recorded": {NEW: {"id": web.id}}}):
        checked = serve(NEW, lambda said=said: provider.check({}, declare({"labels": WEB}, **said)))
        assert (checked.failures, adoption.INPUT in checked.inputs) == ([], False)


@pytest.mark.parametrize(("labels", "warned"), [(WEB, True), ({"app": "other"}, False)])
def test_a_preview_warns_of_a_create_of_what_exists(
    deployment: Deployment, emulator: Emulator, web: EmulatedBackend, labels: dict[str, str], warned: bool
) -> None:
    provider = deployment.start()
    for urn in (NEW, OLD):
        given = declare({"labels": labels}, previews=True)
        assert serve(urn, lambda given=given: provider.check({}, given)).failures == []
    assert [web.id in line for line in deployment.heard.warnings] == [True] * 2 * warned
    assert emulator.requests.methods == ["GET"], "one listing for all"


@pytest.mark.parametrize("said", [{"previews": False}, {"managed": "ID"}, {"managed": None}])
def test_no_warning_for_a_real_create_or_what_the_stack_manages(
    deployment: Deployment, web: EmulatedBackend, said: dict[str, Any]
) -> None:
    said = {"previews": True, **said, **({"managed": web.id} if said.get("managed") else {})}
    serve(NEW, lambda: deployment.start().check({}, declare({"labels": WEB}, **said)))
    assert deployment.heard.warnings == []


@pytest.mark.parametrize("fault", [{"status": 403, "error_code": 205}, {"status": 503}, {"drop": "after"}], ids=str)
def test_an_advice_that_fails_is_nobodys_failure(
    deployment: Deployment, emulator: Emulator, web: EmulatedBackend, fault: dict[str, Any]
) -> None:
    emulator.fault(times=None, **fault)
    provider = deployment.start()
    for urn in (NEW, OLD):
        assert serve(urn, lambda: provider.check({}, declare({"labels": WEB}, previews=True))).failures == []
    assert (len(emulator.requests), deployment.heard.warnings) == (1, [])


@given(st.sets(st.sampled_from(["labels.of", "description", "metadata", "account", "import_"]), min_size=1))
def test_no_write_happens_without_known_values(unknown: set[str]) -> None:
    """With --exclude, a real create or update has unknown values. The engine drops them, but the program knows them."""
    with Emulator(api_keys=(KEY,)) as emulator:
        provider = Deployment(emulator).start()
        for previews in (False, True):
            news = declare({"labels": WEB}, unknown=sorted(unknown), previews=previews, labels=["app", "lost"])
            failures = serve(NEW, lambda news=news: provider.check({}, news)).failures
            lost = "A transform dropped a label" if previews else "Nothing was sent, because the value"
            assert [failure.reason[: len(lost)] for failure in failures] == [lost]
        assert emulator.requests == []


def test_a_create_that_replaces_a_backend_with_tunnels_is_refused(
    deployment: Deployment, emulator: Emulator, web: EmulatedBackend
) -> None:
    provider = start(deployment, "refuse")
    tunnel = emulator.account(KEY).connect_tunnel(dict(web.labels))
    given = declare({"labels": WEB}, recorded={NEW: {"id": web.id}})
    (failure,) = serve(NEW, lambda: provider.check({}, given)).failures
    assert failure.reason.startswith(
        'new: Not replaced, because pulumi-ngrok-tg:onTrafficLoss is "refuse": stops traffic'
    )
    assert tunnel in failure.reason
    assert serve(OLD, lambda: provider.check({}, given)).failures == []
    aliased = declare({"labels": WEB}, recorded={"urn:a": {"id": web.id}}, aliases=["urn:a"])
    assert len(serve(OLD, lambda: provider.check({}, aliased)).failures) == 1
    retained = declare({"labels": WEB}, recorded={NEW: {"id": web.id}}, retains=True)
    assert serve(NEW, lambda: provider.check({}, retained)).failures == []


def test_a_create_is_refused_if_it_is_unknown_whether_it_replaces_a_backend(deployment: Deployment) -> None:
    provider = start(deployment, "refuse")
    for news in ({"labels": WEB}, declare({"labels": WEB}, unread="EOF")):
        (failure,) = serve(NEW, lambda news=news: provider.check({}, news)).failures
        assert "it is unknown whether this replaces a backend: the stack's state could not be read" in failure.reason


@pytest.mark.parametrize(("retains", "refused"), [(True, False), (False, True)])
def test_another_account_is_refused_unless_the_old_backend_is_retained(
    deployment: Deployment, emulator: Emulator, web: EmulatedBackend, retains: bool, refused: bool
) -> None:
    emulator.account(KEY).connect_tunnel(dict(web.labels))
    provider = start(deployment, "refuse")
    news = {"labels": WEB, "account": "eu"}
    serve(NEW, lambda: provider.check(STATE, declare(news, retains=retains)))
    with pytest.raises(Refused) if refused else nullcontext():
        assert serve(NEW, lambda: provider.diff(web.id, STATE, news)).replaces == ["account"]
    if retains:
        (warning,) = deployment.heard.warnings
        assert "unless an earlier update has recorded retain_on_delete" in warning


@pytest.mark.parametrize("known", ['{"team":"a"}', '{"team": "b"}', None])
def test_a_refresh_keeps_the_inputs_spelling_of_metadata(provider: Any, emulator: Emulator, known: str | None) -> None:
    backend = emulator.account(KEY).create({"metadata": '{"team": "a"}'})
    inputs = Struct()
    inputs.update({} if known is None else {"metadata": known})
    state = {**CREATED, "metadata": '{"team":  "a"}'}
    read = serve(NEW, lambda: provider.read(backend.id, state), inputs=inputs)
    assert read.outs["metadata"] == '{"team":  "a"}'
    assert read.inputs["metadata"] == (known if known == '{"team":"a"}' else '{"team": "a"}')
