"""Deletes and replacements of a backend that something uses: refused, warned of, or not looked at."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import EmulatedAccount, EmulatedBackend, Emulator
from pulumi_ngrok_tg.rules.traffic import Refused
from tests.conftest import KEY
from tests.provider.deployment import Deployment, backends
from tests.provider.traffic import CREATED, LISTS, WEB, diff, start, take_lines, take_paths

Refer = Callable[[EmulatedAccount, str], object]


def route(account: EmulatedAccount, id_: str, enabled: bool = True) -> None:
    backend = {"enabled": enabled, "backend": {"id": id_}}
    routes = [{"match": "/api", "match_type": "exact_path", "backend": backend}]
    account.add_referrer("https_edges", {"hostports": ["www.example.com:443"], "routes": routes})


def refer(kind: str, body: Callable[[str], Mapping[str, Any]]) -> Refer:
    return lambda account, id_: account.add_referrer(kind, dict(body(id_)))


def under_an_edge(account: EmulatedAccount, id_: str) -> None:
    route(account, account.add_referrer("failover_backends", {"backends": [id_]}))


USES: dict[str, tuple[Refer, str]] = {
    "https route": (route, "https edge www.example.com:443 /api (exact path) refers to it"),
    "disabled route": (
        lambda account, id_: route(account, id_, enabled=False),
        "https edge www.example.com:443 /api (exact path) (disabled) refers to it",
    ),
    "tcp": (
        refer("tcp_edges", lambda id_: {"hostports": ["1.tcp:9"], "backend": {"backend": {"id": id_}}}),
        "tcp edge 1.tcp:9 refers to it",
    ),
    "tls": (
        refer("tls_edges", lambda id_: {"hostports": ["1.tls:9"], "backend": {"backend": {"id": id_}}}),
        "tls edge 1.tls:9 refers to it",
    ),
    "failover under an edge": (under_an_edge, "failover bkdfo_"),
    "weight 0": (refer("weighted_backends", lambda id_: {"backends": {id_: 0}}), "(disabled) refers to it"),
    "tunnel": (lambda account, _: account.connect_tunnel(WEB, "http://localhost:80"), "1 tunnel is online in it (tn_"),
}


@pytest.fixture
def unused(emulator: Emulator) -> EmulatedBackend:
    backend = emulator.account(KEY).create({"labels": WEB})
    emulator.requests.clear()
    return backend


@pytest.mark.parametrize("use", USES)
def test_what_is_in_use_is_deleted_only_as_the_setting_says(
    emulator: Emulator, deployment: Deployment, unused: EmulatedBackend, use: str
) -> None:
    add, said = USES[use]
    add(emulator.account(KEY), unused.id)
    state = {**CREATED, "labels": WEB}
    with pytest.raises(Refused) as refused:
        start(deployment, "refuse").delete(unused.id, state)
    assert said in str(refused.value)
    assert unused.id in emulator.account(KEY).backends
    # A replacement gives up the id, too.
    with pytest.raises(Refused) as refused:
        diff(start(deployment, "refuse"), unused, {"labels": WEB, "account": "eu"})
    assert said in str(refused.value) or use == "tunnel"
    assert take_lines(deployment) == ([], [])
    take_paths(emulator)

    if use in ("failover under an edge", "weight 0"):
        return  # ngrok itself does not delete it
    start(deployment).delete(unused.id, state)
    (line,), infos = take_lines(deployment)
    assert line.startswith(f"deletes {unused.id} while ")
    assert said in line
    assert infos == []
    assert take_paths(emulator) == ["GET /tunnels", *LISTS, f"DELETE /backends/tunnel_group/{unused.id}"]


def test_ignore_reads_nothing(emulator: Emulator, deployment: Deployment, unused: EmulatedBackend) -> None:
    route(emulator.account(KEY), unused.id)
    start(deployment, "ignore").delete(unused.id, {**CREATED, "labels": WEB})
    assert take_lines(deployment) == ([], [])
    assert take_paths(emulator) == [f"DELETE /backends/tunnel_group/{unused.id}"]


@pytest.mark.parametrize(
    "fault", [{"status": 403, "error_code": 7008}, {"status": 503}, {"drop": "before"}, {"body": "{}"}], ids=str
)
@pytest.mark.parametrize("path", ["/edges/https", "/backends/weighted"])
def test_what_may_be_in_use_is_not_deleted_under_refuse(
    emulator: Emulator, deployment: Deployment, unused: EmulatedBackend, path: str, fault: dict[str, Any]
) -> None:
    emulator.fault(path=path, times=None, **fault)
    with pytest.raises(
        Refused, match=r"was not deleted, .*Could not list the .* it is unknown which of them use a backend"
    ):
        start(deployment, "refuse").delete(unused.id, {**CREATED, "labels": WEB})
    with pytest.raises(Refused, match=r"Not replaced, .*Could not list the"):
        diff(start(deployment, "refuse"), unused, {"labels": WEB, "account": "eu"})
    assert unused.id in emulator.account(KEY).backends
    # A warning never stops or delays a delete, and is one line for all of a run.
    provider, more = start(deployment), emulator.account(KEY).create({"labels": {"n": "2"}})
    for backend in (unused, more):
        provider.delete(backend.id, {**CREATED, "labels": dict(backend.labels)})
    assert emulator.account(KEY).backends == {}
    warnings, infos = take_lines(deployment)
    assert infos == []
    assert [line.startswith("ngrok did not say whether something uses bkdtg_") for line in warnings] == [True]


def test_what_is_unknown_is_said_beside_what_is_known(
    emulator: Emulator, deployment: Deployment, unused: EmulatedBackend
) -> None:
    emulator.account(KEY).connect_tunnel(WEB)
    emulator.set(references_error=7008)
    start(deployment).delete(unused.id, {**CREATED, "labels": WEB})
    (line,), _ = take_lines(deployment)
    assert line.startswith(f"deletes {unused.id} while 1 tunnel is online in it (")
    assert "; ngrok did not list everything that may use it (GET /backends/failover: " in line


@pytest.mark.parametrize("path", ["/tunnels", "/backends/failover", None])
def test_a_slow_look_delays_no_delete_for_long(emulator: Emulator, path: str | None) -> None:
    """All looks of a run share one bound, whether one of them is slow or each."""
    deployment = Deployment(emulator, snapshot_seconds=0.5, read_timeout=30)
    ids = [emulator.account(KEY).create({"labels": {"n": str(n)}}).id for n in range(2)]
    if path is None:
        emulator.fault(path="/tunnels", times=None, status=404, error_code=7008)
        emulator.set(latency=0.2)
    else:
        emulator.fault(path=path, times=None, hang=20)
    provider = start(deployment)
    emulator.requests.clear()
    for id_ in ids:
        provider.delete(id_, {**CREATED, "tunnels": [{"id": f"tn_{n}"} for n in range(20)]})
    assert emulator.account(KEY).backends == {}
    assert [request.method for request in emulator.requests].count("GET") <= 6
    assert emulator.requests.writes == ["DELETE"] * 2


def test_deletes_see_what_has_begun_to_refer_since_the_run_began(
    emulator: Emulator, deployment: Deployment, unused: EmulatedBackend
) -> None:
    """An earlier replacement of the run has read the lists already."""
    provider = start(deployment)
    more = emulator.account(KEY).create({"labels": {"n": "2"}})
    diff(provider, more, {"labels": {"n": "2"}, "account": "eu"})
    take_lines(deployment)
    route(emulator.account(KEY), unused.id)
    provider.delete(unused.id, {**CREATED, "labels": WEB})
    (line,), _ = take_lines(deployment)
    assert "https edge www.example.com:443 /api (exact path) refers to it" in line

    refusing = start(Deployment(emulator, snapshot_max_age=0.0), "refuse")
    diff(refusing, more, {"labels": {"n": "2"}, "account": "eu"})
    route(emulator.account(KEY), more.id)
    with pytest.raises(Refused, match="refers to it"):
        refusing.delete(more.id, {**CREATED, "labels": {"n": "2"}})


def test_all_deletes_of_a_run_share_the_lists(emulator: Emulator) -> None:
    deployment = Deployment(emulator)
    assert deployment.up(backends(60)) == {}
    for n in range(150):
        emulator.account(KEY).add_referrer("tcp_edges", {"hostports": [f"{n}:9"]})
        emulator.account(KEY).connect_tunnel({"other": str(n)})
    emulator.requests.clear()
    assert deployment.destroy() == {}
    paths = [request.path for request in emulator.requests if request.method == "GET"]
    assert sorted(paths) == sorted(
        ["/tunnels", "/edges/tcp", *(line.removeprefix("GET ") for line in ["GET /tunnels", *LISTS])]
    )
    assert len(emulator.requests) == 60 + 8


def test_all_deletes_of_a_run_share_the_lists_under_refuse(emulator: Emulator) -> None:
    deployment = Deployment(emulator, snapshot_max_age=60.0)
    assert deployment.up(backends(20)) == {}
    emulator.requests.clear()
    deployment.config = {"pulumi-ngrok-tg:onTrafficLoss": "refuse"}
    assert deployment.destroy() == {}
    paths = [request.path for request in emulator.requests if request.method == "GET"]
    assert [paths.count(line.removeprefix("GET ")) for line in ["GET /tunnels", *LISTS]] == [1] * 6
    assert len(emulator.requests) == 20 + 20 + 6, "each is read right before its delete"
