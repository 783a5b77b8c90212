"""The policy pack with the real CLI: as an executable, as a folder, and as a team's own pack."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.policy.catalog import POLICIES
from tests.conftest import KEY, ROOT
from tests.e2e.stack import Outcome, Stack

PACK = ("--policy-pack", str(Path(sys.executable).parent / "pulumi-ngrok-tg-policy"))
STRICT = {
    "required-label-keys": {"keys": {"app": ["web", "api"]}},
    "protected": {"labels": {"app": "web"}},
    "max-backends": {"max": 8},
}
SECRET = "hush-9f8e7d"
BAD = f"""
secret = pulumi.Output.secret
named = {{"description": "Website", "opts": pulumi.ResourceOptions(protect=True)}}
TunnelGroupBackend("bare", labels={{}}, **named)
TunnelGroupBackend("foreign", labels={{"app": secret("{SECRET}")}}, **named)
TunnelGroupBackend("format", labels={{"app": "web", "my team": "x"}}, **named)
TunnelGroupBackend("silent", labels={{"app": "api", "n": "1"}})
TunnelGroupBackend("open", labels={{"app": "web", "n": "1"}}, description="Website")
TunnelGroupBackend("text", labels={{"app": "web", "n": "2"}}, metadata="{SECRET}", **named)
TunnelGroupBackend("leak", labels={{"app": "web", "n": "3"}}, metadata=secret('{{"password": "{SECRET}"}}'), **named)
passphrase = '{{"password": "red-turnip-fox"}}'
TunnelGroupBackend("maybe", labels={{"app": "api", "n": "4"}}, metadata=passphrase, **named)
TunnelGroupBackend("operators", labels={{"app": "web", "k8s.ngrok.com/namespace": "x"}}, **named)
TunnelGroupBackend("twin", labels={{"app": "web", "n": "3"}}, **named)
TunnelGroupBackend("wide", labels={{"n": "3"}}, **named)
"""
FOUND = {
    ("labels-required", "bare"),
    ("required-label-keys", "bare"),
    ("required-label-keys", "foreign"),
    ("required-label-keys", "wide"),
    ("label-format", "format"),
    ("description-required", "silent"),
    ("protected", "open"),
    ("metadata-json-object", "text"),
    ("no-secrets", "leak"),
    ("possible-secrets", "maybe"),
    ("no-operator-owned", "operators"),
    ("unique-selectors", "leak"),
    ("unique-selectors", "twin"),
    ("overlapping-selectors", "wide"),
    ("max-backends", "shop-dev"),
}
GOOD = 'TunnelGroupBackend("web", labels={"app": "web"}, description="Website")'


def violations(said: Outcome) -> set[tuple[str, str]]:
    """Which policy was violated by which resource."""
    return set(re.findall(r"\[(?:advisory|mandatory)\]\s+([\w-]+)\s+\(\S+ (\S+)\)", said.text))


def config(stack: Stack, settings: object) -> tuple[str, ...]:
    (stack.folder / "policies.json").write_text(json.dumps(settings))
    return (*PACK, "--policy-pack-config", "policies.json")


@pytest.mark.nightly
def test_each_policy_fails_and_passes_in_preview_and_up(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(BAD)
    strict = config(stack, STRICT)
    assert {policy for policy, _ in FOUND} == {policy.name for policy in POLICIES}
    for said in (stack.preview(*strict, fails=True), stack.pulumi("up", "--yes", *strict, fails=True)):
        assert violations(said) == FOUND
        assert SECRET not in said.text
    assert emulator.account(KEY).backends == {}
    # Without a preview, what is wrong with a backend still keeps it from being made.
    stack.program('TunnelGroupBackend("bare", description="Website")')
    assert violations(stack.up(*PACK, fails=True)) == {("labels-required", "bare")}
    assert emulator.account(KEY).backends == {}
    other = new_stack(GOOD, "other")
    for said in (other.preview(*strict[:2]), other.up(*strict[:2])):
        assert violations(said) == set()
        assert f"✅ ngrok-tunnel-groups@v{version('pulumi-ngrok-tg')}" in said.text


@pytest.mark.nightly
def test_a_config_file_sets_levels_and_settings(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack(GOOD.replace('{"app": "web"}', '{"app": "web", "x y": ""}'))
    assert violations(stack.preview(*PACK)) == {("label-format", "web")}
    assert violations(stack.preview(*config(stack, {"label-format": "mandatory"}), fails=True)) == {
        ("label-format", "web")
    }
    assert violations(stack.preview(*config(stack, {"label-format": {"keyPattern": ".*"}}))) == set()
    assert violations(stack.preview(*config(stack, {"all": "disabled"}))) == set()
    wrong = {
        "required-label-keys: keys: Invalid type. Expected: [array,object]": {"required-label-keys": {"keys": 5}},
        "label-format: keyPattern: Does not match format 'regex'": {"label-format": {"keyPattern": "("}},
        "policy label-format: there is no setting keypattern. Known settings: keyPattern": {
            "label-format": {"keypattern": "x"}
        },
    }
    for says, settings in wrong.items():
        assert says in stack.preview(*config(stack, settings), fails=True).text


@pytest.mark.nightly
def test_pack_ends_when_the_engine_is_killed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
        pack = subprocess.Popen([PACK[1], address], stdout=subprocess.PIPE, text=True)
        assert pack.stdout is not None
        assert int(pack.stdout.readline()), "it says on which port it serves"
    with pack:
        assert pack.wait(60) == 1


# The folder form ------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder_form(engine: Path, new_stack: Callable[..., Stack]) -> Callable[[Path], Outcome]:
    """Previews a program that violates something, with a pack in a folder."""
    if not (engine / "pulumi-language-nodejs").exists():
        pytest.skip("the language host that tools/engine builds starts no policy packs; a whole Pulumi CLI does")
    stack = new_stack('TunnelGroupBackend("web", labels={"app": "web", "env": "prod"})')

    def preview(folder: Path) -> Outcome:
        code = "pulumi preview --non-interactive --color=never --policy-pack"
        said = stack.run("sh", "-c", f"{code} '{folder}'; echo code $?")
        return Outcome(int(said.split()[-1]), said)

    return preview


@pytest.mark.nightly
def test_the_pack_is_a_folder_too(folder_form: Callable[[Path], Outcome]) -> None:
    said = folder_form(ROOT / "pulumi_ngrok_tg/policy")
    assert said.code == 0, said.text
    assert violations(said) == {("description-required", "web")}
    assert f"ngrok-tunnel-groups@v{version('pulumi-ngrok-tg')}" in said.text, "PulumiPolicy.yaml has it, too"


@pytest.mark.nightly
def test_the_example_is_a_teams_own_pack(folder_form: Callable[[Path], Outcome]) -> None:
    said = folder_form(ROOT / "examples/policy")
    assert said.code == 1, said.text
    assert violations(said) == {("description-required", "web"), ("protected", "web"), ("owner-required", "web")}
    assert "storefront@v1.0.0" in said.text
