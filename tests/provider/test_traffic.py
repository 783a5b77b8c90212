"""What a change does to the tunnels online: what is asked of ngrok, what is said, what is refused."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count, repeat
from typing import Any

import pytest
from pulumi.output import Unknown

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator, RateLimit
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.traffic import Refused
from tests.conftest import KEY
from tests.provider.deployment import Deployment
from tests.provider.hostile import HostileServer, response

WEB, NEW, HOST_A = {"app": "web"}, {"app": "new"}, {"app": "web", "host": "a"}
CREATED = {"created_at": "2025-01-21T18:19:53Z"}


@pytest.fixture
def web(emulator: Emulator) -> EmulatedBackend:
    """A backend with two tunnels online."""
    account = emulator.account(KEY)
    for name in ("a", "b"):
        account.connect_tunnel({**WEB, "host": name}, f"localhost:{name}")
    return account.create({"labels": WEB})


def started(deployment: Deployment, mode: str | None = None) -> TunnelGroupBackendProvider:
    deployment.config = {} if mode is None else {"pulumi-ngrok-tg:onTrafficLoss": mode}
    return deployment.start()


def diff(provider: TunnelGroupBackendProvider, backend: EmulatedBackend, news: dict[str, Any], **state: Any) -> None:
    """A change that a program declares, as the engine goes about it; the state is as it is at ngrok, or as given."""
    olds = {**CREATED, "labels": dict(backend.labels), "tunnels": [], **state}
    provider.check(olds, news)
    assert provider.diff(backend.id, olds, news).changes


def change(
    deployment: Deployment, backend: EmulatedBackend, labels: Any, mode: str | None = None, **state: Any
) -> None:
    """Another set of labels, in a provider process of its own."""
    diff(started(deployment, mode), backend, {"labels": labels}, **state)


def said(deployment: Deployment) -> tuple[list[str], list[str]]:
    """The warnings and what else was said since the last look."""
    heard = deployment.heard
    told = list(heard.warnings), list(heard.infos)
    heard.warnings.clear()
    heard.infos.clear()
    return told


def paths(emulator: Emulator) -> list[str]:
    told = [f"{request.method} {request.path}" for request in emulator.requests]
    emulator.requests.clear()
    return told


# What is said -------------------------------------------------------------------------------------------------------


def test_who_leaves_is_a_warning_and_who_joins_is_good_to_know(deployment: Deployment, web: EmulatedBackend) -> None:
    change(deployment, web, HOST_A)
    (warning,), infos = said(deployment)
    assert warning.startswith("stops traffic to 1 of 2 online tunnels (tn_")
    assert warning.endswith(" -> localhost:b); 1 keeps serving, none is added")
    web.labels = HOST_A
    change(deployment, web, WEB)
    warnings, (info,) = said(deployment)
    assert info.startswith("adds 1 online tunnel (tn_")
    assert info.endswith(" -> localhost:b); 1 keeps serving")
    change(deployment, web, {"host": "a"})
    assert warnings == infos == []
    assert said(deployment) == ([], [])


def test_labels_that_are_cleared_leave_no_tunnel(deployment: Deployment, web: EmulatedBackend) -> None:
    change(deployment, web, {})
    assert deployment.heard.warnings[0].startswith("stops traffic to ALL 2 online tunnels")


def test_another_account_takes_all_tunnels_of_the_old_one(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    diff(started(deployment), web, {"labels": WEB, "account": "eu"})
    assert deployment.heard.warnings[0].startswith("stops traffic to ALL 2 online tunnels")
    assert {request.headers["Authorization"] for request in emulator.requests} == {f"Bearer {KEY}"}
    assert len(emulator.requests) == 1 + 5, "the tunnels, and who refers to the backend"


@pytest.mark.parametrize("mode", [None, "refuse"])
def test_a_change_behind_the_stacks_back_hides_nobody(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, mode: str | None
) -> None:
    """The state's labels were never those that the tunnels came by."""
    try:
        diff(started(deployment, mode), web, {"labels": NEW}, labels={"app": "old"})
        (line,), _ = said(deployment)
    except Refused as refused:
        line = str(refused)
    assert "stops traffic to ALL 2 online tunnels" in line
    # Nor does it count those in who are not.
    emulator.account(KEY).create({"labels": {"host": "a"}})
    web.labels = {"app": "nobody"}
    diff(started(deployment, mode), web, {"labels": NEW}, labels=WEB)
    assert said(deployment) == ([], [])


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
def test_what_is_not_known_yet_is_not_guessed(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, after: dict[str, Any], begins: str, mode: str
) -> None:
    diff(started(deployment, mode), web, after)
    warnings, (line,) = said(deployment)
    assert line.startswith(begins)
    assert (warnings, emulator.requests) == ([], [])


def test_what_an_agent_calls_its_upstream_is_one_line_without_the_key(
    emulator: Emulator, deployment: Deployment
) -> None:
    account = emulator.account(KEY)
    account.connect_tunnel(WEB, f"evil\x1b[2J\r\nerror: {KEY} " + "x" * 5000)
    backend = account.create({"labels": WEB})
    for fields in ({}, {"tunnels": [{"id": f"evil\x1b[2J\r\n{KEY} " + "x" * 5000, "labels": WEB}]}):
        emulator.fault(path="/tunnels", fields=fields)
        change(deployment, backend, NEW)
        (line,), _ = said(deployment)
        assert line.isprintable()
        assert KEY not in line
        assert len(line) < 300


# What is asked of ngrok -----------------------------------------------------------------------------------------------


def test_200_changes_at_once_list_the_tunnels_once(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    backends = [web, *(emulator.account(KEY).create({"labels": WEB}) for _ in range(199))]
    provider = started(deployment)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda backend: diff(provider, backend, {"labels": {"n": backend.id}}), backends))
    assert paths(emulator) == ["GET /tunnels"]
    assert len(deployment.heard.warnings) == 200


def test_refuse_asks_for_200_backends_in_pages(emulator: Emulator, deployment: Deployment) -> None:
    backends = [emulator.account(KEY).create({"labels": {"n": str(n)}}) for n in range(200)]
    provider = started(deployment, "refuse")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda backend: diff(provider, backend, {"labels": NEW}), backends))
    assert len(paths(emulator)) <= 4


def test_every_page_is_read(emulator: Emulator, deployment: Deployment) -> None:
    for _ in range(201):
        emulator.account(KEY).connect_tunnel(WEB)
    change(deployment, emulator.account(KEY).create({"labels": WEB}), NEW)
    assert deployment.heard.warnings[0].startswith("stops traffic to ALL 201 online tunnels")
    assert paths(emulator) == ["GET /tunnels"] * 3


def test_a_tunnel_on_two_pages_is_one(deployment: Deployment, web: EmulatedBackend) -> None:
    pages = iter([("tn_1", "tn_2"), ("tn_2", "tn_3")])

    def page(_method: str, _path: str) -> bytes:
        tunnels = [{"id": id_, "labels": WEB} for id_ in next(pages)]
        return response(
            200, {"tunnels": tunnels, "next_page_uri": "/tunnels?p=2" if tunnels[0]["id"] == "tn_1" else None}
        )

    with HostileServer(page) as server:
        twice = Deployment(deployment.emulator, server.url)
        change(twice, web, NEW)
        assert twice.heard.warnings[0].startswith("stops traffic to ALL 3 online tunnels (tn_1, tn_2, tn_3)")


@pytest.mark.parametrize("mode", ["warn", "refuse"])
def test_where_no_label_changes_nothing_is_asked(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, mode: str
) -> None:
    diff(started(deployment, mode), web, {"labels": WEB, "description": "new"})
    diff(started(deployment, mode), web, {"labels": WEB}, metadata="{}")
    assert (emulator.requests, *said(deployment)) == ([], [], [])


def test_ignore_asks_nothing_and_says_nothing(emulator: Emulator, deployment: Deployment, web: EmulatedBackend) -> None:
    change(deployment, web, NEW, "ignore")
    started(deployment, "ignore").delete(web.id, {})
    assert paths(emulator) == [f"DELETE /backends/tunnel_group/{web.id}"]
    assert said(deployment) == ([], [])


@pytest.mark.parametrize("mode", ["warn", "refuse"])
def test_a_refresh_is_no_change(emulator: Emulator, deployment: Deployment, web: EmulatedBackend, mode: str) -> None:
    """The engine compares in a refresh, too: what was read with the state. There it checks nothing first."""
    started(deployment, mode).diff(web.id, {"labels": NEW}, {"labels": WEB})
    assert (emulator.requests, *said(deployment)) == ([], [], [])


# Refusing -------------------------------------------------------------------------------------------------------------


def test_a_change_by_which_tunnels_leave_is_refused(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    with pytest.raises(
        Refused, match=r'^Not changed, because .*onTrafficLoss is "refuse": stops traffic to 1 of 2 online tunnels \('
    ):
        change(deployment, web, HOST_A, "refuse")
    with pytest.raises(
        Refused, match=r'^Not replaced, because .*onTrafficLoss is "refuse": stops traffic to ALL 2 online tunnels \('
    ):
        diff(started(deployment, "refuse"), web, {"labels": WEB, "account": "eu"})
    assert said(deployment) == ([], [])
    web.labels = HOST_A
    change(deployment, web, WEB, "refuse")
    _, (info,) = said(deployment)
    assert info.startswith("adds 1 online tunnel"), "who only joins is no loss"


def test_tunnels_that_the_list_leaves_out_are_not_forgotten(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    hidden = tuple(emulator.account(KEY).tunnels)
    emulator.fault(path="/tunnels", times=None, hide=hidden)
    with pytest.raises(Refused, match=rf"stops traffic to ALL 2 online tunnels \({', '.join(hidden)}\)"):
        change(deployment, web, NEW, "refuse")


def test_a_delete_is_refused_while_tunnels_are_online(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    path = f"/backends/tunnel_group/{web.id}"
    provider = started(deployment, "refuse")
    with pytest.raises(Refused, match=f"^{web.id} was not deleted, .* 2 tunnels are online in it"):
        provider.delete(web.id, {})
    assert paths(emulator) == ["GET /tunnels", f"GET {path}"]
    emulator.account(KEY).tunnels.clear()
    provider = started(deployment, "refuse")
    provider.delete(web.id, {})
    assert web.id not in emulator.account(KEY).backends
    provider.delete(web.id, {})
    expected = ["GET /tunnels", f"GET {path}", f"DELETE {path}", f"GET {path}"]
    assert paths(emulator) == expected, "already gone is a success"


def test_another_key_looks_once_for_tunnels_and_for_the_backend(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    path = f"/backends/tunnel_group/{web.id}"
    provider, last_seen = started(deployment, "refuse"), {"__key_fingerprint": "00000000"}
    with pytest.raises(Refused):
        provider.delete(web.id, last_seen)
    emulator.account(KEY).tunnels.clear()
    provider = started(deployment, "refuse")
    provider.delete(web.id, last_seen)
    assert paths(emulator) == ["GET /tunnels", f"GET {path}"] * 2 + [f"DELETE {path}"]
    with pytest.raises(ProviderError, match="Another API key saw this backend last"):
        provider.delete(web.id, last_seen)


@pytest.mark.parametrize("mode", [None, "warn", "ignore"])
def test_another_key_deletes_with_tunnels_online_unless_that_is_refused(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, mode: str | None
) -> None:
    path = f"/backends/tunnel_group/{web.id}"
    started(deployment, mode).delete(web.id, {"__key_fingerprint": "00000000"})
    assert paths(emulator) == [f"GET {path}", f"DELETE {path}"]


def test_a_delete_whose_tunnels_cannot_be_seen_deletes_nothing(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(method="GET", times=None, status=403, error_code=205)
    with pytest.raises(ProviderError, match=r"^GET .*The account is suspended; contact ngrok support"):
        started(deployment, "refuse").delete(web.id, {})
    assert web.id in emulator.account(KEY).backends


def test_what_a_server_calls_its_tunnels_is_one_line_without_the_key(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(times=None, method="GET", fields={"tunnels": [{"id": f"evil\x1b[31m\n{KEY}" + "x" * 9000}]})
    with pytest.raises(Refused) as refused:
        started(deployment, "refuse").delete(web.id, {})
    assert str(refused.value).isprintable()
    assert KEY not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_a_mode_that_there_is_not_is_said_before_anything_is_made(deployment: Deployment) -> None:
    failures = started(deployment, "allow").check({}, {"labels": WEB}).failures
    assert [failure.reason for failure in failures or ()] == [
        'pulumi-ngrok-tg:onTrafficLoss must be "warn", "ignore" or "refuse".'
    ]


def test_a_backend_that_is_not_found_is_not_changed(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    """A PATCH might still succeed."""
    emulator.fault(method="GET", times=None, status=404, error_code=7020)
    with pytest.raises(Refused, match=r"Not changed, .*: ngrok did not say how many"):
        change(deployment, web, NEW, "refuse")
    emulator.faults.clear()
    del emulator.account(KEY).backends[web.id]
    with pytest.raises(Refused, match=r"Not changed, .* run `pulumi refresh` if somebody has deleted it"):
        change(deployment, web, NEW, "refuse")


def shown(backend: EmulatedBackend) -> dict[str, Any]:
    """A backend as a page of LIST shows it, but for its tunnels."""
    return {"id": backend.id, "uri": "", "created_at": backend.created_at, "labels": dict(backend.labels)}


@pytest.mark.parametrize("tunnels", [{}, {"tunnels": None}], ids=str)
def test_a_backend_that_does_not_say_who_is_in_it_is_not_changed_or_deleted(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, tunnels: dict[str, Any]
) -> None:
    emulator.account(KEY).tunnels.clear()
    emulator.fault(method="GET", path="tunnel_group", times=None, fields={"backends": [{**shown(web), **tunnels}]})
    emulator.fault(method="GET", path=web.id, times=None, fields={"tunnels": None})
    with pytest.raises(Refused, match="ngrok did not say how many tunnels are online"):
        change(deployment, web, NEW, "refuse")
    with pytest.raises(Refused, match=f"{web.id} was not deleted, .* ngrok did not say which tunnels are online in it"):
        started(deployment, "refuse").delete(web.id, {})
    assert web.id in emulator.account(KEY).backends


def test_a_tunnel_that_only_the_list_shows_is_not_cut_off(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    """It came online between the two requests."""
    listed = [{**shown(web), "tunnels": []}]
    emulator.fault(method="GET", path="tunnel_group", times=None, fields={"backends": listed})
    emulator.fault(method="GET", path=web.id, times=None, fields={"tunnels": []})
    with pytest.raises(Refused, match="stops traffic to ALL 2 online tunnels"):
        change(deployment, web, NEW, "refuse")
    with pytest.raises(Refused, match=f"{web.id} was not deleted, .* 2 tunnels are online in it"):
        started(deployment, "refuse").delete(web.id, {})


def update(provider: TunnelGroupBackendProvider, backend: EmulatedBackend, labels: dict[str, str]) -> None:
    provider.update(backend.id, {**CREATED, "labels": dict(backend.labels)}, {"labels": labels})


def test_a_change_that_comes_late_is_judged_by_a_look_of_its_own(emulator: Emulator) -> None:
    backend = emulator.account(KEY).create({"labels": WEB})
    provider = started(Deployment(emulator, snapshot_max_age=0.0), "refuse")
    diff(provider, backend, {"labels": NEW})
    emulator.account(KEY).connect_tunnel(WEB)
    with pytest.raises(Refused, match=r"^Not changed, .* stops traffic to the ONLY online tunnel"):
        update(provider, backend, NEW)
    assert backend.labels == WEB


@pytest.mark.parametrize("shows", ["the backend", "the list"])
def test_each_half_of_a_late_look_is_made_again(emulator: Emulator, shows: str) -> None:
    backend = emulator.account(KEY).create({"labels": WEB})
    provider = started(Deployment(emulator, snapshot_max_age=0.0), "refuse")
    diff(provider, backend, {"labels": NEW})
    tunnel = emulator.account(KEY).connect_tunnel(WEB)
    if shows == "the backend":
        emulator.fault(path="/tunnels", times=None, hide=(tunnel,))
    else:
        listed = [{**shown(backend), "tunnels": []}]
        emulator.fault(method="GET", path="tunnel_group", times=None, fields={"backends": listed})
    with pytest.raises(Refused, match=r"stops traffic to the ONLY online tunnel"):
        update(provider, backend, NEW)


@pytest.mark.parametrize("write", ["update", "delete"])
def test_a_write_that_waits_for_a_limit_is_judged_when_it_may_go(emulator: Emulator, write: str) -> None:
    backend = emulator.account(KEY).create({"labels": WEB})
    provider = started(Deployment(emulator, snapshot_max_age=0.2, rate_window=2.0), "refuse")
    emulator.set(rate_limit=RateLimit(2, 2.0))  # the look takes both
    with ThreadPoolExecutor(1) as pool:
        calls = {"update": lambda: update(provider, backend, NEW), "delete": lambda: provider.delete(backend.id, {})}
        writing = pool.submit(calls[write])
        while not any(request.status == 429 for request in emulator.requests):
            threading.Event().wait(0.01)
        emulator.account(KEY).connect_tunnel(WEB)
        with pytest.raises(Refused):
            writing.result()
    assert emulator.account(KEY).backends[backend.id].labels == WEB
    emulator.set(rate_limit=None)


def test_a_delete_that_waits_for_the_list_reads_the_backend_after_it(emulator: Emulator) -> None:
    backend = emulator.account(KEY).create({"labels": WEB})
    emulator.fault(path="/tunnels", status=429, headers={"Retry-After": "1"})
    emulator.fault(path="/tunnels", times=None, status=503)
    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(started(Deployment(emulator), "refuse").delete, backend.id, {})
        while not emulator.requests:
            threading.Event().wait(0.01)
        emulator.account(KEY).connect_tunnel(WEB)
        with pytest.raises(Refused):
            deleting.result()
    assert backend.id in emulator.account(KEY).backends


def test_a_change_right_after_its_look_costs_no_other(emulator: Emulator, web: EmulatedBackend) -> None:
    emulator.account(KEY).tunnels.clear()
    provider = started(Deployment(emulator, snapshot_max_age=600.0), "refuse")
    diff(provider, web, {"labels": NEW})
    update(provider, web, NEW)
    expected = ["GET /tunnels", "GET /backends/tunnel_group", f"PATCH /backends/tunnel_group/{web.id}"]
    assert paths(emulator) == expected


@pytest.mark.parametrize(
    "upstream", ["http://admin:s3cret@localhost:80", "admin:s3cret@localhost:80", "https://a:s3/cret@b@localhost:80"]
)
def test_the_user_and_password_of_an_upstream_are_never_shown(
    emulator: Emulator, deployment: Deployment, upstream: str
) -> None:
    emulator.account(KEY).connect_tunnel(WEB, upstream)
    change(deployment, emulator.account(KEY).create({"labels": WEB}), NEW)
    (line,), _ = said(deployment)
    assert "localhost:80" in line
    assert "s3" not in line
    assert "@" not in line


# Where ngrok does not tell --------------------------------------------------------------------------------------------

WITHDRAWN: dict[str, Any] = {"status": 404, "error_code": 7008}
REFUSALS: list[dict[str, Any]] = [
    {"status": 403, "error_code": 205},
    WITHDRAWN,
    {"status": 404, "error_code": 6514},
    {"status": 404, "body": "<html>"},
    {"status": 401, "error_code": 203},
    {"status": 429},
    {"status": 429, "error_code": 225},
    {"status": 429, "error_code": 226, "headers": {"Retry-After": "3600"}},
    {"status": 429, "headers": {"Retry-After": "3600"}},
    {"status": 503, "headers": {"Retry-After": "3600"}},
    {"status": 503},
    {"drop": "before"},
    {"truncate": True},
    {"body": "[]"},
    {"body": '{"tunnels": [{}]}'},
]
THREE = [{"id": f"tn_{n}"} for n in range(3)]


@pytest.mark.parametrize("fault", REFUSALS, ids=str)
def test_what_the_state_saw_is_said_instead_and_the_change_goes_on(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend, fault: dict[str, Any]
) -> None:
    emulator.fault(path="/tunnels", times=None, **fault)
    provider = started(deployment)
    for _ in range(3):
        diff(provider, web, {"labels": NEW}, tunnels=THREE)
    warnings, infos = said(deployment)
    assert len(set(warnings)) == 1
    assert warnings[0].startswith(
        "3 tunnels were online when it was last read; ngrok did not say which of them match the new labels (GET "
    )
    assert infos == []
    diff(provider, web, {"labels": NEW}, tunnels=[])
    diff(provider, web, {"labels": NEW}, tunnels=None)
    _, infos = said(deployment)
    assert infos[0].startswith("no tunnel was online when it was last read; ngrok did not say whether one is now (GET ")
    assert infos[1].startswith("ngrok did not say how many tunnels are online (GET ")
    assert paths(emulator) == ["GET /tunnels"]

    # What /tunnels says of limits and waits is not heeded elsewhere.
    provider.update(web.id, {**CREATED, "labels": WEB}, {"labels": NEW})
    provider.create({"labels": WEB})
    assert paths(emulator) == [f"PATCH /backends/tunnel_group/{web.id}", "POST /backends/tunnel_group"]
    assert deployment.heard.statuses == []


def test_who_stays_for_certain_is_no_matter_of_the_list(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(path="/tunnels", times=None, **WITHDRAWN)
    web.labels = HOST_A
    for mode in ("warn", "refuse"):
        change(deployment, web, WEB, mode, tunnels=THREE)
    assert said(deployment) == ([], [])
    change(deployment, web, {}, tunnels=THREE)
    (line,), _ = said(deployment)
    assert "stops traffic to all online tunnels: 3 tunnels were online when it was last read" in line


def test_refuse_goes_by_what_the_backend_says_then(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(path="/tunnels", times=None, **WITHDRAWN)
    told = (
        r"2 tunnels were online when it was last read; ngrok did not say which of them "
        r"match the new labels .*\(GET /tunnels: ngrok says"
    )
    with pytest.raises(Refused, match=told):
        change(deployment, web, NEW, "refuse")
    # Somebody has made the change already, behind the stack's back.
    diff(started(deployment, "refuse"), web, {"labels": WEB}, labels=NEW)
    emulator.account(KEY).tunnels.clear()
    change(deployment, web, NEW, "refuse")
    emulator.fault(times=None, status=404, body="<html>")
    with pytest.raises(Refused, match="ngrok did not say how many tunnels are online"):
        change(deployment, web, NEW, "refuse")


def test_refuse_waits_for_a_limit_rather_than_refuse(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.set(rate_limit=RateLimit(2, 0.5))
    emulator.fault(path="/tunnels", times=2, status=429, error_code=225)
    web.labels = HOST_A
    change(deployment, web, WEB, "refuse")
    _, (info,) = said(deployment)
    assert info.startswith("adds 1 online tunnel")


def test_what_refuse_waits_is_not_what_the_list_takes(emulator: Emulator, deployment: Deployment) -> None:
    for _ in range(201):
        emulator.account(KEY).connect_tunnel(WEB)
    backend = emulator.account(KEY).create({"labels": HOST_A})
    emulator.fault(path="/tunnels", skip=1, status=429, headers={"Retry-After": "1"})
    change(Deployment(emulator, snapshot_seconds=0.7), backend, WEB, "refuse")
    looks = [request.arrived for request in emulator.requests if request.path == "/tunnels"]
    assert len(looks) == 4
    assert looks[2] - looks[1] >= 1


def test_refuse_asks_once_where_the_list_fails(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    emulator.fault(path="/tunnels", times=None, status=503)
    provider = started(deployment, "refuse")
    for _ in range(3):
        with pytest.raises(Refused):
            diff(provider, web, {"labels": NEW})
    assert paths(emulator).count("GET /tunnels") == 1


def test_a_look_keeps_to_the_limits_that_are_known(
    emulator: Emulator, deployment: Deployment, web: EmulatedBackend
) -> None:
    hasty = Deployment(emulator, snapshot_seconds=0.2, max_concurrency=1)
    provider = started(hasty)
    emulator.fault(method="GET", path=web.id, hang=0.3)
    emulator.set(latency=0.05)
    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(provider.read, web.id, {})
        diff(provider, web, {"labels": NEW})
        reading.result()
    assert emulator.peak == 1
    emulator.set(latency=0)

    provider = started(hasty)
    emulator.fault(method="GET", path=web.id, status=429, error_code=226, headers={"Retry-After": "2"})
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(provider.read, web.id, {})
        while not any(request.status == 429 for request in emulator.requests):
            threading.Event().wait(0.01)
        said(hasty)
        diff(provider, web, {"labels": NEW})
        _, (line,) = said(hasty)
        assert line.endswith("and one call may wait 0.2 s in all)")
        reading.result()


def test_a_list_without_an_end_is_not_read_to_the_end(deployment: Deployment, web: EmulatedBackend) -> None:
    """Each page takes 0.2 s and names another one."""
    numbers = count()

    def page(_method: str, _path: str) -> list[bytes]:
        number = next(numbers)
        body = {"tunnels": [{"id": f"tn_{number}"}], "next_page_uri": f"/tunnels?p={number}"}
        return [b"", b"", b"", b"", response(200, body)]

    with HostileServer(page) as server:
        endless = Deployment(deployment.emulator, server.url, snapshot_seconds=1.0)
        change(endless, web, NEW)
        _, (line,) = said(endless)
        assert line.endswith("(The tunnels online were not all listed within 1 s)")
        assert len(server.requests) <= 5


def test_a_list_that_comes_too_slowly_is_asked_for_once(deployment: Deployment, web: EmulatedBackend) -> None:
    with HostileServer(lambda _method, _path: repeat(b" ")) as server:
        slow = Deployment(deployment.emulator, server.url, snapshot_seconds=0.4, read_timeout=30)
        provider = started(slow)
        for _ in range(3):
            diff(provider, web, {"labels": NEW})
        assert [" within 0.4 s" in line for line in slow.heard.infos] == [True] * 3
        assert server.requests == ["GET /tunnels?limit=100"]


@pytest.mark.parametrize("mode", [None, "refuse"])
def test_the_key_of_the_old_account_may_be_gone(deployment: Deployment, web: EmulatedBackend, mode: str | None) -> None:
    try:
        diff(started(deployment, mode), web, {"labels": WEB}, account="eu", tunnels=THREE)
        (line,), _ = said(deployment)
    except Refused as refused:
        line = str(refused)
    assert "No ngrok API key is configured for the account 'eu'" in line
