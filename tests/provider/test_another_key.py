"""Another key than the one that saw a backend last: to it nothing is gone."""

from collections.abc import Iterator

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from pulumi_ngrok_tg.accounts.clients import Clients, connect, take_fingerprint
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from pulumi_ngrok_tg.rules.advice import ProviderError
from tests.conftest import KEY
from tests.provider.deployment import Deployment, backends
from tests.reporter import Heard

MISSING = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
STATE = {"created_at": "2025-01-21T18:19:53Z", "labels": {}}


OTHER, ROTATED = "other_0123456789abcdefghijklm", "rotated_0123456789abcdefghijk"


@pytest.fixture
def stack() -> Iterator[Deployment]:
    with Emulator(api_keys=(KEY, OTHER)) as emulator:
        made = Deployment(emulator)
        made.up(backends(12))
        made.age()
        yield made


def rotate_key(stack: Deployment) -> None:
    stack.emulator.rotate_key(KEY, ROTATED)
    stack.key = ROTATED


def test_another_accounts_key_removes_nothing(stack: Deployment) -> None:
    before = dict(stack.state)
    stack.key = OTHER
    changed = backends(12, metadata="new")
    for errors in (stack.refresh(), stack.destroy(), stack.up(changed)):
        assert len(errors) == 12
        assert all("(ERR_NGROK_6514, HTTP 404, " in error for error in errors.values())
        assert all("Another API key saw this backend last" in error for error in errors.values())
    assert stack.state == before
    stack.key = KEY
    stack.assert_in_step()
    assert stack.emulator.account(OTHER).backends == {}


def test_the_error_names_the_backend_and_the_settings_of_its_account(emulator: Emulator) -> None:
    provider = TunnelGroupBackendProvider(Clients(lambda settings: connect(settings, Heard())))
    config = {"ngrok-eu:apiKey": KEY, "ngrok-eu:apiBaseUrl": emulator.url}
    provider.configure(ConfigureRequest(Config(config, "test")))
    with pytest.raises(ProviderError) as error:
        provider.delete(MISSING, {**STATE, "account": "eu", "__key_fingerprint": "00000000"})
    path = f"/backends/tunnel_group/{MISSING}"
    assert str(error.value).startswith(f"GET {path}: ngrok says: Backend not found")
    assert "set the right one (ngrok-eu:apiKey; ngrok-eu:apiBaseUrl)" in str(error.value)
    assert "remove it from the state with `pulumi state delete`." in str(error.value)


def test_a_rotated_key_takes_over_with_the_first_refresh(stack: Deployment) -> None:
    rotate_key(stack)
    assert stack.refresh() == {}
    stack.assert_in_step()
    stack.emulator.account(ROTATED).backends.clear()
    assert stack.refresh() == {}
    assert stack.state == {}, "gone under the key that saw it last"


def test_a_backend_lost_during_a_rotation_needs_a_decision(stack: Deployment) -> None:
    rotate_key(stack)
    del stack.emulator.account(ROTATED).backends[stack.state["b3"].id]
    (name,) = stack.refresh()
    assert name == "b3"
    del stack.state["b3"]  # pulumi state delete
    assert stack.up(backends(12)) == {}
    assert stack.refresh() == {}
    stack.assert_in_step()


def test_a_state_without_a_fingerprint_behaves_as_before(stack: Deployment) -> None:
    for resource in stack.state.values():
        del resource.outputs["__key_fingerprint"]
    stack.key = OTHER
    assert stack.refresh() == {}
    assert stack.state == {}


def test_a_delete_whose_response_was_lost_is_done_under_a_rotated_key_too(stack: Deployment) -> None:
    rotate_key(stack)
    stack.emulator.fault(method="DELETE", status=502, handled=True)
    assert stack.destroy() == {}
    assert stack.state == {}


def test_another_accounts_key_proves_no_lost_delete(stack: Deployment) -> None:
    before = dict(stack.state)
    stack.key = OTHER
    stack.emulator.fault(method="DELETE", times=None, status=503)
    errors = stack.destroy()
    assert len(errors) == 12
    assert all("Another API key saw this backend last" in error for error in errors.values())
    assert stack.state == before


def test_a_fingerprint_does_not_reveal_the_key() -> None:
    key, address = "test_0123456789abcdefghijklmnop", "https://api.ngrok.com"
    # Recorded: states hold it, so it may never change.
    assert take_fingerprint(key, address) == "644dd0df"
    assert (
        take_fingerprint(key + "x", address) != take_fingerprint(key, address) != take_fingerprint(key, address + "x")
    )
    assert key.encode().hex()[:8] != take_fingerprint(key, address)
