"""What is read of the tunnels in a backend, and what its state names."""

from typing import Any

import pytest

from pulumi_ngrok_tg.accounts.clients import connect
from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.errors import ApiError, Unreadable
from pulumi_ngrok_tg.api.models import Ref
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.engine.read_usage import read_members, read_refs
from tests.conftest import KEY
from tests.reporter import Heard

WEB = {"app": "web"}


def read(emulator: Emulator, id_: str, **settings: Any) -> Any:
    client = connect(AccountSettings(KEY, emulator.url, max_attempts=1, **settings), Heard())
    return read_members(client, id_, lambda: client.get(id_))


def test_the_list_gives_the_labels_of_the_tunnels(emulator: Emulator) -> None:
    web = emulator.account(KEY).create({"labels": WEB}).id
    tunnel = emulator.account(KEY).connect_tunnel({**WEB, "version": "2"})
    seen = read(emulator, web)
    assert [(one.id, one.labels) for one in seen.members] == [(tunnel, {**WEB, "version": "2"})]
    assert (seen.labels, seen.failure, seen.are_known) == (WEB, None, True)


def test_without_a_list_the_named_tunnels_are_read_if_ngrok_withdrew_it(emulator: Emulator) -> None:
    web = emulator.account(KEY).create({"labels": WEB}).id
    tunnel = emulator.account(KEY).connect_tunnel({**WEB, "version": "2"})
    emulator.fault(path="/tunnels", times=None, status=404, error_code=7008)
    seen = read(emulator, web)
    assert [(one.id, one.labels) for one in seen.members] == [(tunnel, {**WEB, "version": "2"})]
    assert isinstance(seen.failure, ApiError)
    assert seen.are_known


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": "before"}])
def test_in_an_outage_only_the_ids_of_the_tunnels_are_known(emulator: Emulator, fault: dict[str, Any]) -> None:
    web = emulator.account(KEY).create({"labels": WEB}).id
    tunnel = emulator.account(KEY).connect_tunnel(WEB)
    emulator.fault(path="/tunnels", times=None, **fault)
    seen = read(emulator, web)
    assert [(one.id, one.labels) for one in seen.members] == [(tunnel, {})]
    assert (seen.tunnels, seen.are_known) == ([], False)


def test_without_tunnels_everything_is_known(emulator: Emulator) -> None:
    web = emulator.account(KEY).create({"labels": WEB}).id
    emulator.fault(path="/tunnels", times=None, status=503)
    seen = read(emulator, web)
    assert (seen.members, seen.are_known) == ([], True)


def test_a_backend_that_does_not_name_its_tunnels_is_unreadable(emulator: Emulator) -> None:
    web = emulator.account(KEY).create({"labels": WEB}).id
    emulator.fault(path=web, fields={"tunnels": None})
    with pytest.raises(Unreadable, match=f"^ngrok does not say which tunnels are in {web}.$"):
        read(emulator, web)


@pytest.mark.parametrize(
    ("state", "refs"),
    [
        ({}, None),
        ({"tunnels": None}, None),
        ({"tunnels": []}, []),
        ({"tunnels": [{"id": "tn_1", "uri": "x"}, "tn_2", {"uri": "x"}]}, [Ref("tn_1", ""), Ref("", "")]),
    ],
)
def test_the_tunnels_of_a_state_are_those_that_it_names(state: dict[str, Any], refs: list[Ref] | None) -> None:
    assert read_refs(state) == refs
