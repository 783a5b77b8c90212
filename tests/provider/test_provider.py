"""The provider's calls one by one, where the engine's order of them matters."""

import pytest

from pulumi_ngrok_tg.api.client import Client
from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.api.settings import Settings
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.provider import ProviderError, TunnelGroupBackendProvider
from tests.conftest import KEY

MISSING = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"


@pytest.fixture
def provider(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> TunnelGroupBackendProvider:
    monkeypatch.setenv("NGROK_API_KEY", KEY)
    monkeypatch.setenv("NGROK_API_BASE_URL", emulator.url)
    return TunnelGroupBackendProvider()


def test_a_refresh_of_what_is_gone_says_gone_and_a_get_of_it_fails(provider: TunnelGroupBackendProvider) -> None:
    refreshed = provider.read(MISSING, {"created_at": "2025-01-21T18:19:53Z", "labels": {}})
    assert (refreshed.id, refreshed.outs) == ("", {})
    with pytest.raises(ProviderError, match=f"There is no backend {MISSING} in this account"):
        provider.read(MISSING, {})


@pytest.mark.parametrize("id_", ["", "web", "bkdtg_x/../../api_keys", "bkdhr_2rwwlBV3giwRa5gGhtBlK6AH8q4"])
def test_a_malformed_id_is_never_sent(provider: TunnelGroupBackendProvider, emulator: Emulator, id_: str) -> None:
    with pytest.raises(ProviderError, match="is not the id of a tunnel group backend"):
        provider.read(id_, {})
    assert emulator.requests == []


def test_what_a_client_has_changed_it_reads_as_it_is_now(emulator: Emulator) -> None:
    client = Client(Settings(KEY, emulator.url), print)
    ids = [emulator.account(KEY).create({"description": "old"}).id for _ in range(6)]
    for id_ in ids:
        client.read(id_)
    assert len(emulator.requests) == 3, "two GETs and a page"
    client.update(ids[3], {"description": "new"})
    assert client.read(ids[3]).description == "new"
    client.delete(ids[4])
    with pytest.raises(NotFound):
        client.read(ids[4])
    made = client.create({"description": "made"})
    assert client.read(made.id).description == "made"
    assert client.read(ids[5]).description == "old"
