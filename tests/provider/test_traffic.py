"""What a change does to the tunnels online: what is asked of ngrok, what is said, what is refused."""

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import pytest
from pulumi.output import Unknown

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.emulator.store import Backend
from pulumi_ngrok_tg.provider import ProviderError, TunnelGroupBackendProvider
from pulumi_ngrok_tg.traffic import Refused
from tests.conftest import KEY
from tests.provider.deployment import Deployment
from tests.provider.hostile import HostileServer, response

WEB, NEW = {"app": "web"}, {"app": "new"}


@pytest.fixture
def deployment(emulator: Emulator) -> Deployment:
    return Deployment(emulator)


@pytest.fixture
def web(emulator: Emulator) -> Backend:
    """A backend with two tunnels online."""
    account = emulator.account(KEY)
    for name in ("a", "b"):
        account.connect_tunnel({**WEB, "host": name}, f"localhost:{name}")
    return account.create({"labels": WEB})


def change(
    deployment: Deployment, id_: str, before: dict[str, Any], after: dict[str, Any], mode: str | None = None
) -> TunnelGroupBackendProvider:
    """A program's change, in a process of its own, as the engine goes about it."""
    return diff(started(deployment, mode), id_, before, after)


def started(deployment: Deployment, mode: str | None = None) -> TunnelGroupBackendProvider:
    deployment.config = {} if mode is None else {"pulumi-ngrok-tg:onTrafficLoss": mode}
    return deployment.start()


def diff(
    provider: TunnelGroupBackendProvider, id_: str, before: dict[str, Any], after: dict[str, Any]
) -> TunnelGroupBackendProvider:
    provider.check(before, after)
    assert provider.diff(id_, {"created_at": "2025-01-21T18:19:53Z", **before}, after).changes
    return provider


def paths(emulator: Emulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in emulator.requests]


# What is said -------------------------------------------------------------------------------------------------------


def test_who_leaves_is_a_warning_and_who_joins_is_good_to_know(deployment: Deployment, web: Backend) -> None:
    change(deployment, web.id, {"labels": WEB}, {"labels": {**WEB, "host": "a"}})
    change(deployment, web.id, {"labels": {**WEB, "host": "a"}}, {"labels": WEB})
    change(deployment, web.id, {"labels": {"host": "a", **WEB}}, {"labels": {"host": "a"}})
    (warning,), (info,) = deployment.heard.warnings, deployment.heard.infos
    assert warning.startswith("1 of 2 online tunnels leaves (tn_")
    assert warning.endswith(" -> localhost:b), 1 stays, none joins")
    assert info.startswith("1 online tunnel joins (tn_")
    assert info.endswith(" -> localhost:b), 1 stays")


def test_labels_that_are_cleared_leave_no_tunnel(deployment: Deployment, web: Backend) -> None:
    change(deployment, web.id, {"labels": WEB}, {})
    assert deployment.heard.warnings[0].startswith("ALL 2 online tunnels leave")


def test_another_account_takes_all_tunnels_of_the_old_one(
    emulator: Emulator, deployment: Deployment, web: Backend
) -> None:
    provider = started(deployment)
    diff(provider, web.id, {"labels": WEB}, {"labels": WEB, "account": "eu"})
    assert deployment.heard.warnings[0].startswith("ALL 2 online tunnels leave")
    assert [request.headers["Authorization"] for request in emulator.requests] == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    "after",
    [{"labels": Unknown()}, {"labels": {**WEB, "dc": Unknown()}}, {"labels": WEB, "account": Unknown()}],
)
@pytest.mark.parametrize("mode", ["warn", "refuse"])
def test_what_is_not_known_yet_is_not_guessed(
    emulator: Emulator, deployment: Deployment, web: Backend, after: dict[str, Any], mode: str
) -> None:
    change(deployment, web.id, {"labels": WEB}, after, mode)
    (line,) = deployment.heard.infos
    assert line.startswith("which online tunnels leave or join is not known before `pulumi up`")
    assert (deployment.heard.warnings, emulator.requests) == ([], [])


def test_what_an_agent_calls_its_upstream_is_one_line_without_the_key(
    emulator: Emulator, deployment: Deployment
) -> None:
    account = emulator.account(KEY)
    account.connect_tunnel(WEB, f"evil\x1b[2J\r\nerror: {KEY} " + "x" * 5000)
    change(deployment, account.create({"labels": WEB}).id, {"labels": WEB}, {"labels": NEW})
    (line,) = deployment.heard.warnings
    assert line.isprintable()
    assert KEY not in line
    assert len(line) < 800


# What is asked of ngrok -----------------------------------------------------------------------------------------------


def test_200_changes_at_once_list_the_tunnels_once(emulator: Emulator, deployment: Deployment, web: Backend) -> None:
    provider = started(deployment)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: diff(provider, f"bkdtg_{n}", {"labels": WEB}, {"labels": {"n": str(n)}}), range(200)))
    assert paths(emulator) == ["GET /tunnels"]
    assert len(deployment.heard.warnings) == 200


def test_every_page_is_read(emulator: Emulator, deployment: Deployment) -> None:
    for _ in range(201):
        emulator.account(KEY).connect_tunnel(WEB)
    change(deployment, "bkdtg_1", {"labels": WEB}, {"labels": NEW})
    assert deployment.heard.warnings[0].startswith("ALL 201 online tunnels leave")
    assert paths(emulator) == ["GET /tunnels"] * 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"labels": WEB}, {"labels": WEB, "description": "new"}),
        ({"labels": WEB, "metadata": "{}"}, {"labels": WEB}),
    ],
)
def test_where_no_label_changes_nothing_is_asked(
    emulator: Emulator, deployment: Deployment, web: Backend, before: dict[str, Any], after: dict[str, Any]
) -> None:
    for mode in ("warn", "refuse"):
        change(deployment, web.id, before, after, mode)
    assert (emulator.requests, deployment.heard.warnings, deployment.heard.infos) == ([], [], [])


def test_ignore_asks_nothing_and_says_nothing(emulator: Emulator, deployment: Deployment, web: Backend) -> None:
    provider = change(deployment, web.id, {"labels": WEB}, {"labels": NEW}, "ignore")
    provider.delete(web.id, {})
    assert paths(emulator) == [f"DELETE /backends/tunnel_group/{web.id}"]
    assert (deployment.heard.warnings, deployment.heard.infos) == ([], [])


def test_a_refresh_is_no_change(emulator: Emulator, deployment: Deployment, web: Backend) -> None:
    """The engine compares in a refresh, too: what was read with the state. There it checks nothing first."""
    for mode in ("warn", "refuse"):
        started(deployment, mode).diff(web.id, {"labels": NEW}, {"labels": WEB})
    assert (emulator.requests, deployment.heard.warnings) == ([], [])


# Refusing -------------------------------------------------------------------------------------------------------------


def test_a_change_by_which_tunnels_leave_is_refused(emulator: Emulator, deployment: Deployment, web: Backend) -> None:
    with pytest.raises(Refused, match=r'^Not changed, as .*onTrafficLoss is "refuse": 1 of 2 online tunnels leaves \('):
        change(deployment, web.id, {"labels": WEB}, {"labels": {**WEB, "host": "a"}}, "refuse")
    change(deployment, web.id, {"labels": {**WEB, "host": "a"}}, {"labels": WEB}, "refuse")
    with pytest.raises(Refused, match=r'^Not replaced, as .*onTrafficLoss is "refuse": ALL 2 online tunnels leave \('):
        change(deployment, web.id, {"labels": WEB}, {"labels": WEB, "account": "eu"}, "refuse")
    assert deployment.heard.warnings == []
    assert len(deployment.heard.infos) == 1, "who only joins is no loss"


def test_a_delete_is_refused_while_tunnels_are_online(emulator: Emulator, deployment: Deployment, web: Backend) -> None:
    path = f"/backends/tunnel_group/{web.id}"
    provider = started(deployment, "refuse")
    with pytest.raises(Refused, match=f"^{web.id} was not deleted, .* 2 tunnels are online in it"):
        provider.delete(web.id, {})
    emulator.account(KEY).tunnels.clear()
    provider.delete(web.id, {})
    assert paths(emulator) == [f"GET {path}", f"GET {path}", f"DELETE {path}"]
    provider.delete(web.id, {})
    assert web.id not in emulator.account(KEY).backends, "already gone is a success, as ever"


def test_a_delete_whose_tunnels_cannot_be_seen_deletes_nothing(
    emulator: Emulator, deployment: Deployment, web: Backend
) -> None:
    emulator.fault(method="GET", times=None, status=403, error_code=205)
    with pytest.raises(ProviderError, match=r"^GET .*The account is suspended; contact ngrok support"):
        started(deployment, "refuse").delete(web.id, {})
    assert web.id in emulator.account(KEY).backends


# Where ngrok does not tell --------------------------------------------------------------------------------------------

REFUSALS = [
    {"status": 403, "error_code": 205},
    {"status": 404, "error_code": 7008},
    {"status": 404, "error_code": 6514},
    {"status": 404, "body": "<html>"},
    {"status": 401, "error_code": 203},
    {"status": 429, "error_code": 226, "headers": {"Retry-After": "3600"}},
    {"status": 503},
    {"drop": "before"},
    {"truncate": True},
    {"body": "[]"},
    {"body": '{"tunnels": [{}]}'},
]


@pytest.mark.parametrize("fault", REFUSALS, ids=str)
def test_what_the_state_saw_is_said_instead_and_nobody_asks_again(
    emulator: Emulator, deployment: Deployment, web: Backend, fault: dict[str, Any]
) -> None:
    emulator.fault(path="/tunnels", times=None, **fault)
    seen = {"labels": WEB, "tunnels": [{"id": "tn_1"}, {"id": "tn_2"}, {"id": "tn_3"}]}
    provider = started(deployment)
    for _ in range(3):
        diff(provider, web.id, seen, {"labels": NEW})
    assert len(set(deployment.heard.warnings)) == 1
    assert deployment.heard.warnings[0].startswith(
        "3 tunnels were online when it was last read; which of them carry the new labels could not be found out (GET "
    )
    diff(provider, web.id, {"labels": WEB, "tunnels": []}, {"labels": NEW})
    assert deployment.heard.infos[0].startswith("no tunnel was online when it was last read; whether one is now could")
    assert paths(emulator) == ["GET /tunnels"]


@pytest.mark.parametrize("fault", [{"status": 404, "error_code": 7008}, {"status": 404, "body": "<html>"}], ids=str)
def test_refuse_asks_the_backend_itself_then(
    emulator: Emulator, deployment: Deployment, web: Backend, fault: dict[str, Any]
) -> None:
    emulator.fault(path="/tunnels", times=None, **fault)
    old_state = {"labels": WEB, "tunnels": []}
    with pytest.raises(Refused, match="2 tunnels were online when it was last read; which of them carry the new"):
        change(deployment, web.id, old_state, {"labels": NEW}, "refuse")
    emulator.account(KEY).tunnels.clear()
    change(deployment, web.id, old_state, {"labels": NEW}, "refuse")
    emulator.fault(times=None, **fault)
    with pytest.raises(Refused, match="whether one is now could not be found out"):
        change(deployment, web.id, old_state, {"labels": NEW}, "refuse")


def test_a_list_without_an_end_is_not_read_to_the_end(deployment: Deployment) -> None:
    """Each page is quick and names another one."""
    pages = iter(range(10**9))

    def page(_method: str, _path: str) -> bytes:
        number = next(pages)
        return response(200, {"tunnels": [{"id": f"tn_{number}"}], "next_page_uri": f"/tunnels?p={number}"})

    with HostileServer(page) as server:
        endless = Deployment(deployment.emulator, server.url, look_seconds=0.3)
        change(endless, "bkdtg_1", {"labels": WEB}, {"labels": NEW})
        (line,) = endless.heard.infos
        assert line.endswith("could not be found out (The tunnels online were not all listed within 0.3 s)")


def test_a_list_that_comes_too_slowly_is_asked_for_once(deployment: Deployment) -> None:
    with HostileServer(lambda _method, _path: repeat(b" ")) as server:
        slow = Deployment(deployment.emulator, server.url, look_seconds=0.3, read_timeout=30)
        provider = started(slow)
        for n in range(3):
            diff(provider, f"bkdtg_{n}", {"labels": WEB}, {"labels": NEW})
        assert len(slow.heard.infos) == 3
        assert all(" within 0.3 s" in line for line in slow.heard.infos)
        assert server.requests == ["GET /tunnels?limit=100"]


def test_the_key_of_the_old_account_may_be_gone(deployment: Deployment) -> None:
    before = {"labels": WEB, "account": "eu", "tunnels": [{"id": "tn_1"}]}
    change(deployment, "bkdtg_1", before, {"labels": WEB})
    assert "No ngrok API key is configured for the account 'eu'" in deployment.heard.warnings[0]


def test_a_look_waits_for_a_limit_as_long_as_a_look_may(
    emulator: Emulator, deployment: Deployment, web: Backend
) -> None:
    emulator.fault(path="/tunnels", status=429, error_code=225)
    change(deployment, web.id, {"labels": WEB}, {"labels": NEW})
    assert deployment.heard.warnings[0].startswith("ALL 2 online tunnels leave")
    assert paths(emulator) == ["GET /tunnels"] * 2
