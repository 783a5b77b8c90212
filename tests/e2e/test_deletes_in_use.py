"""Deletes and replacements of backends in use, however the engine comes to them: named, and refused if it is set so."""

import json
from collections.abc import Callable, Iterator

import pytest

from pulumi_ngrok_tg.emulator import EmulatedAccount, Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

USES = ("https", "disabled", "tcp", "tls", "failover", "weight0", "tunnel", "free")
REFUSED_BY_NGROK = {"failover", "weight0"}
LISTS = ("/tunnels", "/backends/failover", "/backends/weighted", "/edges/https", "/edges/tcp", "/edges/tls")


def program(*names: str, more: str = "", suffix: str = "") -> str:
    return "\n".join(f'TunnelGroupBackend("{name}{suffix}", labels={{"n": "{name}"}}{more})' for name in names)


def use(account: EmulatedAccount, ids: dict[str, str]) -> dict[str, str]:
    """Makes something use each backend but the last; returns what has to be said of each."""

    def module(name: str, enabled: bool = True) -> dict[str, object]:
        return {"backend": {"enabled": enabled, "backend": {"id": ids[name]}}}

    for name, host in (("https", "www"), ("disabled", "off")):
        routes = [{"match": "/", "match_type": "path_prefix", **module(name, name == "https")}]
        account.add_referrer("https_edges", {"hostports": [f"{host}.example.com:443"], "routes": routes})
    account.add_referrer("tcp_edges", {"hostports": ["1.tcp.example.com:9"], **module("tcp")})
    account.add_referrer("tls_edges", {"hostports": ["1.tls.example.com:9"], **module("tls")})
    failover = account.add_referrer("failover_backends", {"backends": [ids["failover"]]})
    route = {"match": "/f", "match_type": "path_prefix", "backend": {"backend": {"id": failover}}}
    account.add_referrer("https_edges", {"hostports": ["f.example.com:443"], "routes": [route]})
    weighted = account.add_referrer("weighted_backends", {"backends": {ids["weight0"]: 0}})
    tunnel = account.connect_tunnel({"n": "tunnel"}, "http://localhost:8080")
    return {
        "https": "https edge www.example.com:443 / (path prefix) refers to it",
        "disabled": "https edge off.example.com:443 / (path prefix) (disabled) refers to it",
        "tcp": "tcp edge 1.tcp.example.com:9 refers to it",
        "tls": "tls edge 1.tls.example.com:9 refers to it",
        "failover": f"failover {failover} refers to it",
        "weight0": f"weighted {weighted} (disabled) refers to it",
        "tunnel": f"1 tunnel is online in it ({tunnel} -> http://localhost:8080)",
    }


@pytest.fixture
def europe() -> Iterator[Emulator]:
    with Emulator(api_keys=("test-eu-key",)) as running:
        yield running


def leave(stack: Stack, way: str, fails: bool) -> str:
    """Makes the engine give up all backends, in one way; returns what the terminal said."""
    urns = [resource["urn"] for resource in stack.resources()]
    if way == "taken out":
        stack.program('pulumi.export("x", 1)')
        return stack.up(fails=fails).text
    if way == "destroy":
        return stack.destroy(fails=fails).text
    if way == "target":
        targets = [part for urn in urns for part in ("--target", urn)]
        return stack.destroy(*targets, "--continue-on-error", fails=fails).text
    if way == "replace":
        return stack.up(*(part for urn in urns for part in ("--replace", urn)), fails=fails).text
    if way == "account":
        stack.program(program(*USES, more=', account="eu"'))
    else:
        stack.program(program(*USES, suffix="-new"))
    return stack.up("--continue-on-error", fails=fails).text


WAYS = ("taken out", "destroy", "target", "replace", "account", "rename")


@pytest.mark.parametrize(
    ("way", "mode"),
    [
        *((way, "refuse") for way in WAYS),
        ("taken out", "warn"),
        *(pytest.param(way, "warn", marks=pytest.mark.nightly) for way in WAYS[1:]),
        *(pytest.param(way, "ignore", marks=pytest.mark.nightly) for way in WAYS),
    ],
)
def test_what_is_in_use_is_given_up_only_as_the_setting_says(
    new_stack: Callable[..., Stack], emulator: Emulator, europe: Emulator, way: str, mode: str
) -> None:
    stack = new_stack(program(*USES))
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", mode)
    stack.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", "test-eu-key")
    stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", europe.url)
    stack.up()
    stack.age()
    ids = {resource["urn"].rpartition("::")[2]: resource["id"] for resource in stack.resources()}
    said = use(emulator.account(KEY), ids)
    emulator.requests.clear()
    text = " ".join(leave(stack, way, fails=True).split())  # ngrok itself keeps what other backends refer to
    left = {name for name, id_ in ids.items() if id_ in emulator.account(KEY).backends}
    if mode == "refuse":
        assert set(said) <= left
        told = [line for line in said.values() if line in text]
        if way in ("replace", "account"):  # refused before the new backend is made; the engine stops at the first error
            assert "Not replaced, because" in text
            assert told or "stops traffic to the ONLY online tunnel" in text
        else:
            assert told == list(said.values())
    else:
        assert left == REFUSED_BY_NGROK | ({"free"} & left)
        for name, line in said.items():
            if mode == "warn":
                assert f"deletes {ids[name]} while " in text
                assert line in text
            elif name not in REFUSED_BY_NGROK:
                assert line not in text
    looked = [request.path for request in emulator.requests if request.path in LISTS]
    processes = 2 if way in ("replace", "account") else 1  # what the change itself reads, then its deletes
    if mode == "ignore":
        assert set(looked) <= {"/backends/failover", "/backends/weighted"}, "only to explain ngrok's own refusal"
    else:
        assert all(looked.count(path) <= 2 * processes for path in LISTS), "once, and once to explain ngrok's refusals"


@pytest.mark.parametrize("mode", ["refuse", "warn"])
def test_what_may_be_in_use_is_not_deleted_under_refuse(
    new_stack: Callable[..., Stack], emulator: Emulator, mode: str
) -> None:
    """ngrok no longer lists edges. What leaving.md says of it, as printed."""
    stack = new_stack(program("a", "b"))
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", mode)
    stack.up()
    stack.age()
    emulator.set(references_error=7008)
    if mode == "warn":
        text = " ".join(stack.destroy().text.split())
        summary = text.partition("Diagnostics:")[2]
        assert summary.count("ngrok did not say whether something uses bkdtg_") == 1, "once for all deletes"
        assert emulator.account(KEY).backends == {}
        return
    text = " ".join(stack.destroy(fails=True).text.split())
    assert "Could not list the failover backends, the weighted backends, the https edges" in text
    assert len(emulator.account(KEY).backends) == 2
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "warn")
    stack.up()
    stack.program("")
    stack.up()
    assert emulator.account(KEY).backends == {}


@pytest.mark.nightly
def test_a_destroy_of_two_hundred_costs_its_deletes_and_six_lists(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    stack = new_stack('for n in range(200):\n    TunnelGroupBackend(f"b{n}", labels={"n": str(n)})')
    stack.up()
    for n in range(150):
        emulator.account(KEY).connect_tunnel({"other": str(n)})
    emulator.requests.clear()
    stack.destroy()
    methods = [request.method for request in emulator.requests]
    assert (methods.count("DELETE"), methods.count("GET")) == (200, 6 + 1)
    assert len(methods) == 207


@pytest.mark.nightly
def test_review_says_before_what_the_change_would_do(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(program(*USES))
    stack.pulumi("config", "set", "--secret", "ngrok:apiKey", KEY)
    stack.up()
    ids = {resource["urn"].rpartition("::")[2]: resource["id"] for resource in stack.resources()}
    use(emulator.account(KEY), ids)
    del stack.environment["NGROK_API_KEY"]

    def review(command: str, *options: str) -> list[str]:
        done = stack.run("sh", "-c", f"{command} | pulumi-ngrok-tg review {' '.join(options)} -; echo code $?")
        return done.splitlines()

    stack.program('pulumi.export("x", 1)')
    emulator.requests.clear()
    for command in (
        "pulumi preview --json --show-sames 2>/dev/null",
        "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json 2>/dev/null",
        "pulumi destroy --preview-only --json 2>/dev/null",
    ):
        lines = review(command)
        assert {line.partition(" ")[0]: line.rpartition(", ")[2] for line in lines if "deletes it" in line} == {
            name: "safe" if name == "free" else "in use" for name in USES
        }
        assert "  used by      https edge off.example.com:443 / (path prefix) (disabled)" in lines
        assert lines[-2] == (
            "8 changes: 7 in use or stopping traffic, 0 unknown, 1 safe. 8 of 8 backends are deleted or replaced."
        )
        assert lines[-1] == "code 3"
    assert emulator.requests.writes == []
    stack.program(program(*USES[:-1]))
    assert review("pulumi preview --json 2>/dev/null")[-1] == "code 0", "only the unused one is deleted"
    assert "Add --show-sames" in review("pulumi preview --json 2>/dev/null", "--max-deletes", "12%", "2>&1")[0]
    for most, code in (("12%", 3), ("13%", 0)):
        lines = review("pulumi preview --json --show-sames 2>/dev/null", "--max-deletes", most)
        assert lines[-1] == f"code {code}", "one of eight is 12.5%"
    stack.program(program(*USES[:-2], USES[-1]) + '\nTunnelGroupBackend("tunnel", labels={"n": "other"})')
    lines = review("pulumi preview --json 2>/dev/null", "--markdown")
    assert lines[0] == f"- **tunnel** ({ids['tunnel']}): changes its labels, **stops traffic**"
    assert any("preview: warning: tunnel: stops traffic to the ONLY online tunnel" in line for line in lines)
    found = json.loads("\n".join(review("pulumi preview --json 2>/dev/null", "--json")[:-1]))
    assert [one["verdict"] for one in found["changes"]] == ["stops traffic"]
