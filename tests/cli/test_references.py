"""``pulumi-ngrok-tg list --references``: what refers to each backend, without a stack."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import EmulatedAccount, Emulator
from tests.conftest import KEY

TOOL = Path(sys.executable).parent / "pulumi-ngrok-tg"


@pytest.fixture
def run_list(emulator: Emulator, tmp_path: Path) -> Callable[..., str]:
    """Runs ``list --references`` in a folder without a project; returns what it printed."""

    def run(
        *options: str, code: int = 0, references: bool = True, env: Mapping[str, str] = {}, stderr: bool = True
    ) -> str:
        done = subprocess.run(
            [TOOL, "list", *(["--references"] if references else []), *options],
            cwd=tmp_path,
            env={**os.environ, **emulator.environment, "NO_PROXY": "127.0.0.1", **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if "--json" in options or not stderr else done.stdout + done.stderr

    return run


@pytest.fixture
def account(emulator: Emulator) -> EmulatedAccount:
    return emulator.account(KEY)


def module(id_: str, enabled: bool = True) -> dict[str, Any]:
    return {"backend": {"enabled": enabled, "backend": {"id": id_}}}


def fields(said: str, id_: str) -> dict[str, str]:
    """The fields of a backend's block."""
    block = re.search(rf"^{id_}\n((?:  .*\n)+)", said, re.MULTILINE)
    assert block
    found: dict[str, list[str]] = {}
    for line in block[1].splitlines():
        name = line[2:15].strip() or name  # noqa: F821  # of the line before
        found.setdefault(name, []).append(line[15:])
    return {name: "\n".join(lines) for name, lines in found.items()}


def used_by(said: str, id_: str) -> str:
    """What the block of a backend says of what uses it."""
    return fields(said, id_)["used by"]


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
    tunnel = account.connect_tunnel({"app": "web", "version": "2"}, "http://localhost:8080")
    failover = account.add_referrer("failover_backends", {"backends": [web]})
    account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], **module(failover)})
    said = run_list("--tunnels")
    shown = fields(said, web)
    assert shown["used by"] == f"failover {failover} ← tcp edge 1.tcp.example.com:9"
    assert shown["tunnels"].startswith(f"{tunnel} → http://localhost:8080 (agent session ts_")
    assert shown["tunnels"].endswith(", labels app=web, version=2)")
    shown = fields(said, idle)
    assert (shown["used by"], shown["tunnels"]) == ("nobody", "none online")


def test_nothing_is_cut_at_80_columns(account: EmulatedAccount, run_list: Callable[..., str]) -> None:
    labels = {"app": "web", "datacenter": "fra", "environment": "production-europe"}
    backend = account.create({"labels": labels, "description": "Public website of the shop, " * 5})
    backend.created_at, web = "2025-01-21T18:19:53Z", backend.id
    account.connect_tunnel({**labels, "version": "2"})
    account.connect_tunnel({"app": "stray"})
    referrers = [{"hostports": [f"{'long-' * 9}{n}.example.com:443"], "routes": [module(web)]} for n in range(2)]
    for edge in referrers:
        account.add_referrer("https_edges", edge)
    terminal = {"FORCE_COLOR": "1", "COLUMNS": "80", "TERM": "xterm"}
    blocks = ("--references", "--tunnels")
    for options, columns in (((), 80), ((), 40), (blocks, 80), (blocks, 40)):
        terminal["COLUMNS"] = str(columns)
        wide, narrow = (run_list(*options, references=False, env=env, stderr=False) for env in ({}, terminal))
        narrow = re.sub(r"\x1b\[[0-9;]*m", "", narrow)
        assert web in narrow
        assert max(map(len, narrow.splitlines())) <= 80
        assert narrow.lstrip().startswith(("ID ", web))
        assert sorted("".join(wide.split())) == sorted("".join(narrow.split()))


def test_what_serves_nothing_is_listed_apart(account: EmulatedAccount, run_list: Callable[..., str]) -> None:
    account.create({"labels": {"app": "web"}})
    stray = account.connect_tunnel({}, "http://localhost:9")
    said = run_list("--tunnels", references=False)
    block = said.partition("Tunnels that serve no backend\n")[2]
    assert re.match(rf"  tunnel       {stray} → http://localhost:9 \(agent session ts_\w+, no labels\)\n", block)


def test_mermaid_says_what_is_unknown_or_absent(
    account: EmulatedAccount, emulator: Emulator, run_list: Callable[..., str]
) -> None:
    assert "There are no backends in this account." in run_list("--mermaid")
    account.create({})
    emulator.set(references_error=7008)
    drawn = run_list("--mermaid", code=3)
    assert '  unknown["Not all lists could be read: more may refer to these backends"]\n' in drawn


def test_a_variable_with_a_typo_gets_a_hint(account: EmulatedAccount, run_list: Callable[..., str]) -> None:
    said = run_list(env={"PULUMI_NGROK_ADOPT": "identical"})
    assert "The environment variable PULUMI_NGROK_ADOPT has no effect." in said


def test_mermaid_draws_who_uses_what(account: EmulatedAccount, run_list: Callable[..., str]) -> None:
    web, idle = account.create({"labels": {"app": "web"}}).id, account.create({}).id
    tunnel = account.connect_tunnel({"app": "web"}, "http://localhost:8080")
    failover = account.add_referrer("failover_backends", {"backends": [web], "description": 'a "b" <i>#`c`'})
    account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], **module(failover, enabled=False)})
    routes = [{"match": "/a|b", "match_type": "exact_path", **module(web)}]
    account.add_referrer("https_edges", {"hostports": ["www.example.com:443"], "routes": routes})
    drawn = run_list("--mermaid", "--tunnels", "--label", "app=web")
    assert drawn.splitlines() == [
        "flowchart LR",
        f'  n0["app=web<br>{web}"]',
        f"  n1([\"failover {failover} #34;a 'b' #60;i#62;#35;#96;c#96;#34;\"])",
        '  n2(["https edge www.example.com:443"])',
        '  n3(["tcp edge 1.tcp.example.com:9"])',
        "  n1 --> n0",
        '  n2 -->|"/a|b (exact path)"| n0',
        "  n3 -.-> n1",
        f'  n0 --> n4[/"http://localhost:8080<br>{tunnel}"/]',
    ]
    assert idle not in drawn


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
    assert said.count(" ← https edge") == 1000 * 20
    assert said.count("  980 more\n") == 1000


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
