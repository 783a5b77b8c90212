"""``pulumi-ngrok-tg list --references``: what refers to each backend, without a stack."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import EmulatedAccount, Emulator
from tests.conftest import KEY

TOOL = Path(sys.executable).parent / "pulumi-ngrok-tg"


@pytest.fixture
def run_list(emulator: Emulator, tmp_path: Path) -> Callable[..., str]:
    """Runs ``list --references`` in a folder without a project; returns what it printed."""

    def run(*options: str, code: int = 0) -> str:
        done = subprocess.run(
            [TOOL, "list", "--references", *options],
            cwd=tmp_path,
            env={**os.environ, **emulator.environment, "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if "--json" in options else done.stdout + done.stderr

    return run


@pytest.fixture
def account(emulator: Emulator) -> EmulatedAccount:
    return emulator.account(KEY)


def module(id_: str, enabled: bool = True) -> dict[str, Any]:
    return {"backend": {"enabled": enabled, "backend": {"id": id_}}}


def used_by(said: str, id_: str) -> str:
    """The last cell of a backend's row."""
    header = next(line for line in said.splitlines() if line.startswith("ID "))
    row = next(line for line in said.splitlines() if line.startswith(id_))
    return row[header.index("USED BY") :].strip()


def test_each_form_of_reference_is_beside_its_backend(
    account: EmulatedAccount, emulator: Emulator, run_list: Callable[..., str]
) -> None:
    https, tcp, tls, off, spare, weighted, free = (account.create({"description": str(n)}).id for n in range(7))
    routes = [
        {"match": "/", "match_type": "path_prefix", **module(https)},
        {"match": "/off", "match_type": "exact_path", **module(off, enabled=False)},
        {"match": "/none", "backend": None},
    ]
    account.add_referrer("https_edges", {"hostports": ["www.example.com:443"], "routes": routes})
    account.add_referrer("https_edges", {"hostports": None, "routes": []})
    account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9999"], **module(tcp)})
    edge = account.add_referrer("tls_edges", {"hostports": None, **module(tls)})
    failover = account.add_referrer("failover_backends", {"backends": [spare], "description": "main then spare"})
    api = [{"match": "/api", "match_type": "exact_path", **module(failover)}]
    account.add_referrer("https_edges", {"hostports": ["www.example.com:443"], "routes": api})
    by_weight = account.add_referrer("weighted_backends", {"backends": {weighted: 10}})
    said = run_list()
    assert {id_: used_by(said, id_) for id_ in (https, tcp, tls, off, spare, weighted, free)} == {
        https: "https edge www.example.com:443 / (path prefix)",
        off: "https edge www.example.com:443 /off (exact path) (disabled)",
        tcp: "tcp edge 1.tcp.example.com:9999",
        tls: f"tls edge {edge}",
        spare: f'failover {failover} "main then spare" ← https edge www.example.com:443 /api (exact path)',
        weighted: f"weighted {by_weight}",
        free: "nobody",
    }
    assert len(emulator.requests) == 5 + 1
    assert emulator.requests.writes == []


def test_backends_that_refer_to_each_other_are_followed_once(
    account: EmulatedAccount, run_list: Callable[..., str]
) -> None:
    web = account.create({}).id
    other = account.ids.make("bkdfo")
    one = account.add_referrer("failover_backends", {"backends": [web, other]})
    account.add_referrer("failover_backends", {"id": other, "backends": [one]})
    account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], **module(other)})
    assert used_by(run_list(), web) == f"failover {one} ← failover {other} ← tcp edge 1.tcp.example.com:9"


@pytest.mark.parametrize("code", [635, 7008, 7196])
def test_a_forbidden_list_is_unknown(
    account: EmulatedAccount, emulator: Emulator, run_list: Callable[..., str], code: int
) -> None:
    web = account.create({}).id
    emulator.set(references_error=code)
    said = run_list(code=3)
    assert used_by(said, web) == "unknown"
    (line,) = (line for line in said.splitlines() if line.startswith("Could not list"))
    assert line.startswith(
        "Could not list the failover backends, the weighted backends, the https edges, the tcp edges, "
    )
    found = json.loads(run_list("--json", code=3))
    assert found["backends"][0]["in_use"] is None
    assert [one["kind"] for one in found["unlisted"]] == ["failover", "weighted", "https edge", "tcp edge", "tls edge"]


def test_json_holds_references_and_in_use(account: EmulatedAccount, run_list: Callable[..., str]) -> None:
    web, free = account.create({}).id, account.create({}).id
    failover = account.add_referrer("failover_backends", {"backends": [web]})
    edge = account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], **module(failover)})
    found = json.loads(run_list("--json"))
    assert {one["id"]: one["in_use"] for one in found["backends"]} == {web: True, free: False}
    assert found["unlisted"] == []
    target = {"where": "", "enabled": True}
    assert found["references"] == [
        {"kind": "failover", "id": failover, "name": "", "targets": [{"id": web, **target}]},
        {"kind": "tcp edge", "id": edge, "name": "1.tcp.example.com:9", "targets": [{"id": failover, **target}]},
    ]


def test_tunnels_and_references_show_the_whole_path_of_the_traffic(
    account: EmulatedAccount, run_list: Callable[..., str]
) -> None:
    web, idle = account.create({"labels": {"app": "web"}}).id, account.create({"labels": {"app": "idle"}}).id
    tunnel = account.connect_tunnel({"app": "web"}, "http://localhost:8080")
    failover = account.add_referrer("failover_backends", {"backends": [web]})
    account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], **module(failover)})
    said = run_list("--tunnels")
    assert (
        f"\n{web} (app=web)\n  from  tcp edge 1.tcp.example.com:9 → failover {failover}\n"
        f"  to    {tunnel} → http://localhost:8080\n"
    ) in said
    assert f"\n{idle} (app=idle)\n  from  nobody\n  to    no tunnel online\n" in said


@pytest.mark.nightly
def test_the_json_grows_with_the_routes_and_not_with_their_square(
    account: EmulatedAccount, run_list: Callable[..., str]
) -> None:
    """All backends are in one failover backend, to which one edge has as many routes."""
    ids = [account.create({"labels": {"n": str(n)}}).id for n in range(1000)]
    failover = account.add_referrer("failover_backends", {"backends": ids})
    routes = [{"match": f"/{n}", "match_type": "exact_path", **module(failover)} for n in range(1000)]
    account.add_referrer("https_edges", {"hostports": ["www.example.com:443"], "routes": routes})
    assert len(run_list("--json")) < 1_500_000
    said = run_list("--tunnels")
    assert said.count("→ failover") == 1000 * 20
    assert said.count("  from  980 more\n") == 1000


@pytest.mark.nightly
def test_a_list_that_hangs_costs_its_time_once(
    account: EmulatedAccount, emulator: Emulator, run_list: Callable[..., str]
) -> None:
    account.create({})
    emulator.fault(path="/backends/failover", times=None, drop="before")
    found = json.loads(run_list("--json", code=3))
    assert [one["kind"] for one in found["unlisted"]] == ["failover", "weighted", "https edge", "tcp edge", "tls edge"]
    assert {request.path for request in emulator.requests} == {"/backends/tunnel_group", "/backends/failover"}


@pytest.mark.nightly
def test_three_thousand_backends_and_five_hundred_edges_are_listed(
    account: EmulatedAccount, emulator: Emulator, run_list: Callable[..., str]
) -> None:
    ids = [account.create({"labels": {"n": str(n)}}).id for n in range(3000)]
    for n in range(500):
        account.add_referrer("https_edges", {"hostports": [f"{n}.example.com:443"], "routes": [module(ids[n])]})
    assert used_by(run_list(), ids[7]) == "https edge 7.example.com:443 / (path prefix)"
    assert len(emulator.requests) == 30 + 4 + 5
