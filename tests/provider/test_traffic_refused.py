"""onTrafficLoss is ``refuse``: changes and deletes that would stop traffic."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.traffic import Refused
from tests.conftest import KEY
from tests.facts import declare
from tests.provider.deployment import Deployment
from tests.provider.traffic import (
    CREATED,
    HOST_A,
    LISTS,
    NEW,
    WEB,
    change,
    diff,
    show,
    start,
    take_lines,
    take_paths,
    update,
)


def test_a_change_that_stops_traffic_is_refused(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    with pytest.raises(
        Refused, match=r'^Not changed, because .*onTrafficLoss is "refuse": stops traffic to 1 of 2 online tunnels \('
    ):
        change(deployment, web, HOST_A, "refuse")
    with pytest.raises(
        Refused, match=r'^Not replaced, because .*onTrafficLoss is "refuse": stops traffic to ALL 2 online tunnels \('
    ):
        diff(start(deployment, "refuse"), web, {"labels": WEB, "account": "eu"})
    assert take_lines(deployment) == ([], [])
    web.labels = HOST_A
    change(deployment, web, WEB, "refuse")
    _, (info,) = take_lines(deployment)
    assert info.startswith("adds 1 online tunnel"), "who only joins is no loss"


def test_tunnels_missing_in_the_list_still_count(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    hidden = tuple(emulator.account(KEY).tunnels)
    emulator.fault(path="/tunnels", times=None, hide=hidden)
    with pytest.raises(Refused, match=rf"stops traffic to ALL 2 online tunnels \({', '.join(hidden)}\)"):
        change(deployment, web, NEW, "refuse")


def test_a_delete_with_tunnels_online_is_refused(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    path = f"/backends/tunnel_group/{web.id}"
    provider = start(deployment, "refuse")
    with pytest.raises(Refused, match=f"^{web.id} was not deleted, .* 2 tunnels are online in it"):
        provider.delete(web.id, {})
    assert take_paths(emulator) == ["GET /tunnels", f"GET {path}", *LISTS]
    emulator.account(KEY).tunnels.clear()
    provider = start(deployment, "refuse")
    provider.delete(web.id, {})
    assert web.id not in emulator.account(KEY).backends
    provider.delete(web.id, {})
    expected = ["GET /tunnels", f"GET {path}", *LISTS, f"DELETE {path}", f"GET {path}"]
    assert take_paths(emulator) == expected, "already gone is a success"


def test_another_key_reads_tunnels_and_backend_once(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    path = f"/backends/tunnel_group/{web.id}"
    provider, last_seen = start(deployment, "refuse"), {"__key_fingerprint": "00000000"}
    with pytest.raises(Refused):
        provider.delete(web.id, last_seen)
    emulator.account(KEY).tunnels.clear()
    provider = start(deployment, "refuse")
    provider.delete(web.id, last_seen)
    assert take_paths(emulator) == ["GET /tunnels", f"GET {path}", *LISTS] * 2 + [f"DELETE {path}"]
    with pytest.raises(ProviderError, match="Another API key saw this backend last"):
        provider.delete(web.id, last_seen)


@pytest.mark.parametrize("mode", [None, "warn", "ignore"])
def test_another_key_deletes_with_tunnels_online_without_refuse(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, mode: str | None
) -> None:
    path = f"/backends/tunnel_group/{web.id}"
    start(deployment, mode).delete(web.id, {"__key_fingerprint": "00000000"})
    looks = [] if mode == "ignore" else ["GET /tunnels", *LISTS]
    assert take_paths(emulator) == [f"GET {path}", *looks, f"DELETE {path}"]


def test_a_delete_without_a_readable_backend_deletes_nothing(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(method="GET", times=None, status=403, error_code=205)
    with pytest.raises(ProviderError, match=r"^GET .*The account is suspended; contact ngrok support"):
        start(deployment, "refuse").delete(web.id, {})
    assert web.id in emulator.account(KEY).backends


def test_an_unknown_mode_is_reported_in_check(deployment: Deployment) -> None:
    failures = start(deployment, "allow").check({}, {"labels": WEB}).failures
    assert [failure.reason for failure in failures or ()] == [
        'pulumi-ngrok-tg:onTrafficLoss must be "warn", "ignore" or "refuse".'
    ]


def test_a_missing_backend_is_not_changed(emulator: Emulator, deployment: Deployment, web: EmulatedBackend) -> None:
    """A PATCH might still succeed."""
    emulator.fault(method="GET", times=None, status=404, error_code=7020)
    with pytest.raises(Refused, match=r"Not changed, .*: ngrok did not say how many"):
        change(deployment, web, NEW, "refuse")
    emulator.faults.clear()
    del emulator.account(KEY).backends[web.id]
    with pytest.raises(Refused, match=r"Not changed, .* run `pulumi refresh` if somebody has deleted it"):
        change(deployment, web, NEW, "refuse")


@pytest.mark.parametrize("tunnels", [{}, {"tunnels": None}], ids=str)
def test_a_backend_without_a_list_of_tunnels_is_not_changed_or_deleted(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, tunnels: dict[str, Any]
) -> None:
    emulator.account(KEY).tunnels.clear()
    emulator.fault(method="GET", path="tunnel_group", times=None, fields={"backends": [{**show(web), **tunnels}]})
    emulator.fault(method="GET", path=web.id, times=None, fields={"tunnels": None})
    with pytest.raises(Refused, match="ngrok did not say how many tunnels are online"):
        change(deployment, web, NEW, "refuse")
    with pytest.raises(Refused, match=f"{web.id} was not deleted, .* ngrok did not say which tunnels are online in it"):
        start(deployment, "refuse").delete(web.id, {})
    assert web.id in emulator.account(KEY).backends


def test_a_tunnel_only_in_the_list_counts(emulator: Emulator, deployment: Deployment, web: EmulatedBackend) -> None:
    """It came online between the two requests."""
    listed = [{**show(web), "tunnels": []}]
    emulator.fault(method="GET", path="tunnel_group", times=None, fields={"backends": listed})
    emulator.fault(method="GET", path=web.id, times=None, fields={"tunnels": []})
    with pytest.raises(Refused, match="stops traffic to ALL 2 online tunnels"):
        change(deployment, web, NEW, "refuse")
    with pytest.raises(Refused, match=f"{web.id} was not deleted, .* 2 tunnels are online in it"):
        start(deployment, "refuse").delete(web.id, {})


def test_a_late_change_is_checked_again(emulator: Emulator) -> None:
    backend = emulator.account(KEY).create({"labels": WEB})
    provider = start(Deployment(emulator, snapshot_max_age=0.0), "refuse")
    diff(provider, backend, {"labels": NEW})
    emulator.account(KEY).connect_tunnel(WEB)
    with pytest.raises(Refused, match=r"^Not changed, .* stops traffic to the ONLY online tunnel"):
        update(provider, backend, NEW)
    assert backend.labels == WEB


@pytest.mark.parametrize("shows", ["the backend", "the list"])
def test_a_late_check_reads_backend_and_list_again(emulator: Emulator, shows: str) -> None:
    backend = emulator.account(KEY).create({"labels": WEB})
    provider = start(Deployment(emulator, snapshot_max_age=0.0), "refuse")
    diff(provider, backend, {"labels": NEW})
    tunnel = emulator.account(KEY).connect_tunnel(WEB)
    if shows == "the backend":
        emulator.fault(path="/tunnels", times=None, hide=(tunnel,))
    else:
        listed = [{**show(backend), "tunnels": []}]
        emulator.fault(method="GET", path="tunnel_group", times=None, fields={"backends": listed})
    with pytest.raises(Refused, match=r"stops traffic to the ONLY online tunnel"):
        update(provider, backend, NEW)


def test_a_delete_that_waits_for_the_list_reads_the_backend_after_it(emulator: Emulator) -> None:
    backend = emulator.account(KEY).create({"labels": WEB})
    emulator.fault(path="/tunnels", status=429, headers={"Retry-After": "1"})
    emulator.fault(path="/tunnels", times=None, status=503)
    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(start(Deployment(emulator), "refuse").delete, backend.id, {})
        while not emulator.requests:
            threading.Event().wait(0.01)
        emulator.account(KEY).connect_tunnel(WEB)
        with pytest.raises(Refused):
            deleting.result()
    assert backend.id in emulator.account(KEY).backends


def test_a_change_right_after_its_check_costs_no_second_one(emulator: Emulator, web: EmulatedBackend) -> None:
    emulator.account(KEY).tunnels.clear()
    provider = start(Deployment(emulator, snapshot_max_age=600.0), "refuse")
    diff(provider, web, {"labels": NEW})
    update(provider, web, NEW)
    expected = ["GET /tunnels", "GET /backends/tunnel_group", f"PATCH /backends/tunnel_group/{web.id}"]
    assert take_paths(emulator) == expected


def test_a_tunnels_id_is_one_line_without_the_key(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(times=None, method="GET", fields={"tunnels": [{"id": f"evil\x1b[31m\n{KEY}" + "x" * 9000}]})
    with pytest.raises(Refused) as refused:
        start(deployment, "refuse").delete(web.id, {})
    assert str(refused.value).isprintable()
    assert KEY not in str(refused.value)
    assert len(str(refused.value)) < 700


def test_a_refused_delete_says_why_the_backend_could_not_be_read(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(path=web.id, times=None, fields={"tunnels": None})
    with pytest.raises(Refused, match=rf"it \(ngrok does not say which tunnels are in {web.id}\)\. Try again later"):
        start(deployment, "refuse").delete(web.id, {})


def test_a_new_backend_that_a_server_does_not_know_yet_is_no_deleted_one(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(path=web.id, times=None, status=404, error_code=6514)
    emulator.fault(path="tunnel_group", times=None, fields={"backends": []})
    provider = start(deployment, "refuse")
    for call in (provider.delete, provider.read):
        with pytest.raises(ProviderError, match="It is only seconds old"):
            call(web.id, {"created_at": web.created_at, "labels": WEB})
    assert web.id in emulator.account(KEY).backends


def test_a_program_that_says_refuse_is_obeyed_without_config(deployment: Deployment, web: EmulatedBackend) -> None:
    """An explicit provider gets no stack config, but the program reads the setting."""
    provider, olds = start(deployment), {**CREATED, "labels": WEB, "tunnels": []}
    provider.check(olds, declare({"labels": NEW}, refuses=True))
    with pytest.raises(Refused, match="stops traffic to ALL 2 online tunnels"):
        provider.diff(web.id, olds, {"labels": NEW})


def test_without_a_list_a_refusal_does_not_claim_to_know_who_joins(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(path="/tunnels", times=None, status=404, error_code=7008)
    with pytest.raises(Refused) as refused:
        change(deployment, web, HOST_A, "refuse")
    assert "stops traffic to 1 of 2 online tunnels" in str(refused.value)
    assert "others may be added" in str(refused.value)
