"""Which online tunnels a change takes away: what is reported, and the requests for it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pulumi.output import Unknown

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from pulumi_ngrok_tg.rules.traffic import Refused
from tests.conftest import KEY
from tests.facts import declare
from tests.provider.deployment import Deployment
from tests.provider.traffic import CREATED, HOST_A, NEW, WEB, change, diff, start, take_lines, take_paths


def test_leaving_tunnels_are_a_warning_and_joining_ones_are_info(deployment: Deployment, web: EmulatedBackend) -> None:
    change(deployment, web, HOST_A)
    (warning,), infos = take_lines(deployment)
    assert warning.startswith("stops traffic to 1 of 2 online tunnels (tn_")
    assert warning.endswith(" -> localhost:b); 1 keeps serving, none is added")
    web.labels = HOST_A
    change(deployment, web, WEB)
    warnings, (info,) = take_lines(deployment)
    assert info.startswith("adds 1 online tunnel (tn_")
    assert info.endswith(" -> localhost:b); 1 keeps serving")
    change(deployment, web, {"host": "a"})
    assert warnings == infos == []
    assert take_lines(deployment) == ([], [])


def test_another_account_stops_all_tunnels_of_the_old_one(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    diff(start(deployment), web, {"labels": WEB, "account": "eu"})
    assert deployment.heard.warnings[0].startswith("stops traffic to ALL 2 online tunnels")
    assert {request.headers["Authorization"] for request in emulator.requests} == {f"Bearer {KEY}"}
    assert len(emulator.requests) == 1 + 5, "the tunnels, and who refers to the backend"


@pytest.mark.parametrize("mode", [None, "refuse"])
def test_labels_changed_at_ngrok_hide_no_tunnel(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, mode: str | None
) -> None:
    """The state's labels were never those that the tunnels came by."""
    try:
        diff(start(deployment, mode), web, {"labels": NEW}, labels={"app": "old"})
        (line,), _ = take_lines(deployment)
    except Refused as refused:
        line = str(refused)
    assert "stops traffic to ALL 2 online tunnels" in line
    # Nor does it count those in who are not.
    emulator.account(KEY).create({"labels": {"host": "a"}})
    web.labels = {"app": "nobody"}
    diff(start(deployment, mode), web, {"labels": NEW}, labels=WEB)
    assert take_lines(deployment) == ([], [])


@pytest.mark.parametrize(
    ("after", "begins"),
    [
        (
            {"labels": Unknown()},
            "which online tunnels lose traffic is known only in `pulumi up`, because the new labels",
        ),
        ({"labels": {**WEB, "dc": Unknown()}}, "which online tunnels lose traffic is known only in `pulumi up`"),
        ({"labels": WEB, "account": Unknown()}, "whether all online tunnels lose traffic is known only in `pulumi up`"),
    ],
)
@pytest.mark.parametrize("mode", ["warn", "refuse"])
def test_unknown_labels_are_reported_as_unknown(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, after: dict[str, Any], begins: str, mode: str
) -> None:
    diff(start(deployment, mode), web, after)
    warnings, (line,) = take_lines(deployment)
    assert line.startswith(begins)
    assert (warnings, emulator.requests) == ([], [])


@pytest.mark.parametrize(
    "upstream", ["http://admin:s3cret@localhost:80", "admin:s3cret@localhost:80", "https://a:s3/cret@b@localhost:80"]
)
def test_an_upstreams_password_is_never_shown(emulator: Emulator, deployment: Deployment, upstream: str) -> None:
    emulator.account(KEY).connect_tunnel(WEB, upstream)
    change(deployment, emulator.account(KEY).create({"labels": WEB}), NEW)
    (line,), _ = take_lines(deployment)
    assert line.partition(" -> ")[2].partition(")")[0] == "localhost:80"


def test_200_changes_at_once_list_the_tunnels_once(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    backends = [web, *(emulator.account(KEY).create({"labels": WEB}) for _ in range(199))]
    provider = start(deployment)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda backend: diff(provider, backend, {"labels": {"n": backend.id}}), backends))
    assert take_paths(emulator) == ["GET /tunnels"]
    assert len(deployment.heard.warnings) == 200


@pytest.mark.parametrize("mode", ["warn", "refuse"])
def test_without_a_change_of_labels_there_is_no_request(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, mode: str
) -> None:
    diff(start(deployment, mode), web, {"labels": WEB, "description": "new"})
    diff(start(deployment, mode), web, {"labels": WEB}, metadata="{}")
    assert (emulator.requests, *take_lines(deployment)) == ([], [], [])


def test_ignore_makes_no_request_and_reports_nothing(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    change(deployment, web, NEW, "ignore")
    start(deployment, "ignore").delete(web.id, {})
    assert take_paths(emulator) == [f"DELETE /backends/tunnel_group/{web.id}"]
    assert take_lines(deployment) == ([], [])


@pytest.mark.parametrize("mode", ["warn", "refuse"])
def test_a_refresh_reports_no_change_of_traffic(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, mode: str
) -> None:
    """The engine compares in a refresh, too: what was read with the state. There it checks nothing first."""
    start(deployment, mode).diff(web.id, {"labels": NEW}, {"labels": WEB})
    assert (emulator.requests, *take_lines(deployment)) == ([], [], [])


def test_edges_that_keep_the_old_id_are_a_warning(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.account(KEY).tunnels.clear()
    diff(start(deployment), web, {"labels": WEB, "account": "eu"})
    assert take_lines(deployment) == ([], [])
    backend = {"backend": {"id": web.id}}
    emulator.account(KEY).add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], "backend": backend})
    diff(start(deployment), web, {"labels": WEB, "account": "eu"})
    (warning,), infos = take_lines(deployment)
    assert warning == (
        f"tcp edge 1.tcp.example.com:9 will still refer to {web.id}, which is deleted: put the new id there"
    )
    assert infos == []


def test_a_retained_backend_that_is_replaced_may_still_be_deleted(deployment: Deployment, web: EmulatedBackend) -> None:
    provider, olds = start(deployment), {**CREATED, "labels": WEB, "tunnels": []}
    news = {"labels": WEB, "account": "eu"}
    provider.check(olds, declare(news, retains=True))
    provider.diff(web.id, olds, news)
    (warning,), _ = take_lines(deployment)
    assert warning.startswith("stops traffic to ALL 2 online tunnels")
    assert warning.endswith(
        ", unless an earlier update has recorded retain_on_delete: Pulumi goes by the option in the state"
    )
