"""``pulumi-ngrok-tg review``: what a previewed change does to traffic, without a stack."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pulumi_ngrok_tg.accounts.clients import take_fingerprint
from pulumi_ngrok_tg.emulator import EmulatedAccount, Emulator
from tests.cli.plans import as_document, as_events, make_step
from tests.conftest import KEY

GONE = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
TOOL = Path(sys.executable).parent / "pulumi-ngrok-tg"
Run = Callable[..., str]


@pytest.fixture
def run(emulator: Emulator, tmp_path: Path) -> Run:
    """Reviews a plan in a folder without a project; returns what was printed."""

    def review(plan: str, *options: str, code: int = 0) -> str:
        done = subprocess.run(
            [TOOL, "review", *options, "-"],
            cwd=tmp_path,
            env={**os.environ, **emulator.environment, "NO_PROXY": "127.0.0.1"},
            input=plan,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert (done.stdout != "") == (code in (0, 3))
        return done.stdout if code in (0, 3) else done.stderr

    return review


@pytest.fixture
def account(emulator: Emulator) -> EmulatedAccount:
    return emulator.account(KEY)


def route(account: EmulatedAccount, id_: str, enabled: bool = True) -> None:
    backend = {"enabled": enabled, "backend": {"id": id_}}
    routes = [{"match": "/api", "match_type": "exact_path", "backend": backend}]
    account.add_referrer("https_edges", {"hostports": ["www.example.com:443"], "routes": routes})


@pytest.mark.parametrize("op", ["delete", "replace"])
def test_what_is_in_use_comes_first_and_is_named(account: EmulatedAccount, run: Run, op: str) -> None:
    free, used, routed = (account.create({"labels": {"app": name}}).id for name in ("free", "used", "routed"))
    tunnel = account.connect_tunnel({"app": "used"}, "http://localhost:8080")
    route(account, routed, enabled=False)
    plan = as_document(
        make_step(op, free, {"app": "free"}, name="free"),
        make_step(op, used, {"app": "used"}, name="used"),
        make_step(op, routed, {"app": "routed"}, name="routed"),
    )
    does = {"delete": "deletes it", "replace": "replaces it"}[op]
    assert run(plan, code=3) == (
        f"used ({used}): {does}, in use\n"
        f"  tunnels      1 online: {tunnel} -> http://localhost:8080\n"
        "  used by      nobody\n"
        "\n"
        f"routed ({routed}): {does}, in use\n"
        "  tunnels      none online\n"
        "  used by      https edge www.example.com:443 /api (exact path) (disabled)\n"
        "\n"
        f"free ({free}): {does}, safe\n"
        "  tunnels      none online\n"
        "  used by      nobody\n"
        "\n"
        "3 changes: 2 in use or stopping traffic, 0 unknown, 1 safe. 3 of 3 backends are deleted or replaced.\n"
    )


def test_nothing_risky_is_success(account: EmulatedAccount, emulator: Emulator, run: Run) -> None:
    free = account.create({"labels": {"app": "web"}}).id
    tunnel = account.connect_tunnel({"app": "web", "dc": "fra"})
    wider = make_step("update", free, {"app": "web", "dc": "fra"}, {"app": "web"})
    said = run(as_document(wider))
    assert f"web ({free}): changes its labels, safe\n  tunnels      1 online: {tunnel}" in said
    kept = make_step("delete", free, retainOnDelete=True)
    assert f"web ({free}): leaves it at ngrok (retain_on_delete), safe\n" in run(as_document(kept))
    emulator.requests.clear()
    assert run(as_document(make_step("same", free))).startswith("0 changes: ")
    assert emulator.requests == []


@pytest.mark.parametrize("form", [as_document, as_events])
def test_a_change_of_labels_that_stops_traffic_is_named(account: EmulatedAccount, run: Run, form: Any) -> None:
    web = account.create({"labels": {"app": "web"}}).id
    stays = account.connect_tunnel({"app": "web", "v": "2"})
    leaves = account.connect_tunnel({"app": "web"})
    said = run(form(make_step("update", web, {"app": "web"}, {"app": "web", "v": "2"})), code=3)
    assert f"web ({web}): changes its labels, stops traffic\n" in said
    assert f"  stops        {leaves} -> http://localhost:80\n" in said
    assert said.count(stays) == 1


def test_each_list_is_read_once(account: EmulatedAccount, emulator: Emulator, run: Run) -> None:
    ids = [account.create({"labels": {"n": str(n)}}).id for n in range(500)]
    steps = [make_step("delete", id_, {"n": str(n)}, name=f"b{n}") for n, id_ in enumerate(ids)]
    run(as_document(*steps))
    assert len(emulator.requests) == 5 + 1 + 5, "five pages of backends, the tunnels, five kinds of referrers"
    assert emulator.requests.writes == []


def test_what_is_unknown_needs_attention(account: EmulatedAccount, emulator: Emulator, run: Run) -> None:
    web = account.create({"labels": {"app": "web"}}).id
    emulator.set(references_error=7008)
    said = run(as_document(make_step("delete", web)), code=3)
    assert f"web ({web}): deletes it, unknown\n  tunnels      none online\n  used by      unknown\n" in said
    assert "  unknown      whether the https edges use it\n" in said
    emulator.set(references_error=None)
    for after in ("[secret]", {"app": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}):
        said = run(as_document(make_step("update", web, {"app": "web"}, after)), code=3)
        assert "  unknown      which tunnels match the new labels, because the plan does not show them\n" in said
    said = run(as_document(make_step("delete", web, inputs={"account": "[secret]"})), code=3)
    assert "  unknown      everything, because the plan hides the account\n" in said
    for outputs in ({"__key_fingerprint": "00000000"}, {}):
        other = make_step("delete", GONE, outputs=outputs)
        assert "this key does not find it, and the state does not say that" in run(as_document(other), code=3)
    failed = [{"severity": "error", "message": "error: no"}]
    said = run(as_document(make_step("same", web), diagnostics=failed), code=3)
    assert "The preview failed, so it may not show every change: error: no\n" in said


def test_a_backend_that_this_key_saw_and_ngrok_calls_gone_is_safe_to_delete(emulator: Emulator, run: Run) -> None:
    seen = {"__key_fingerprint": take_fingerprint(KEY, emulator.url), "created_at": "2025-01-21T18:19:53Z"}
    gone = make_step("delete", GONE, outputs=seen)
    assert run(as_document(gone)).startswith(
        f"web ({GONE}): deletes it, safe\n  gone         ngrok does not have it any more\n"
    )
    emulator.requests.clear()
    steps = [make_step("delete", f"bkdtg_{n}", name=f"b{n}", outputs=seen) for n in range(500)]
    assert "480 unknown, 20 safe" in run(as_document(*steps), code=3), "no more are read one by one"
    assert len(emulator.requests) == 1 + 1 + 5 + 20


def test_a_backend_that_is_only_seconds_old_is_not_called_gone(emulator: Emulator, run: Run) -> None:
    new = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    seen = {"__key_fingerprint": take_fingerprint(KEY, emulator.url), "created_at": new}
    said = run(as_document(make_step("delete", GONE, outputs=seen)), code=3)
    assert "deletes it, unknown\n" in said
    assert "It is only seconds old" in said


def test_drifted_labels_count_too(account: EmulatedAccount, emulator: Emulator, run: Run) -> None:
    """Neither the backend nor the tunnel names the other."""
    web = account.create({"labels": {"app": "drifted"}})
    shown = {"id": web.id, "uri": "", "created_at": web.created_at, "labels": web.labels, "tunnels": None}
    tunnels = [{"id": "tn_1", "labels": {"app": "drifted"}}]
    emulator.fault(path="tunnel_group", times=None, fields={"backends": [shown]})
    emulator.fault(path="/tunnels", times=None, fields={"tunnels": tunnels})
    assert "deletes it, in use\n  tunnels      1 online: tn_1\n" in run(
        as_document(make_step("delete", web.id)), code=3
    )
    said = run(as_document(make_step("delete", web.id, "[secret]")), code=3)
    assert "deletes it, unknown\n  tunnels      unknown\n" in said
    assert "  unknown      which tunnels are online (ngrok does not say it)\n" in said
    found = json.loads(run(as_document(make_step("delete", web.id, "[secret]")), "--json", code=3))
    assert found["changes"][0]["tunnels"] is None


def test_hidden_labels_of_a_backend_with_tunnels_are_unknown(account: EmulatedAccount, run: Run) -> None:
    web = account.create({"labels": {"app": "web"}}).id
    account.connect_tunnel({"app": "web"})
    said = run(as_document(make_step("update", web, "[secret]", {"app": "web"})), code=3)
    assert "changes its labels, unknown\n" in said


def test_without_a_list_of_tunnels_those_that_a_backend_names_are_read(
    account: EmulatedAccount, emulator: Emulator, run: Run
) -> None:
    web = account.create({"labels": {"app": "web"}}).id
    tunnel = account.connect_tunnel({"app": "web"}, "http://localhost:8080")
    emulator.fault(path="/tunnels", times=None, status=404, error_code=7008)
    assert f"1 online: {tunnel} -> http://localhost:8080\n" in run(as_document(make_step("delete", web)), code=3)
    change = as_document(make_step("update", web, {"app": "web"}, {"app": "new"}))
    assert f"  stops        {tunnel} -> http://localhost:8080\n" in run(change, code=3)
    emulator.fault(path=f"/tunnels/{tunnel}", times=None, status=404, error_code=7008)
    assert f"1 online: {tunnel}\n" in run(as_document(make_step("delete", web)), code=3)
    said = run(change, code=3)
    assert "changes its labels, unknown\n" in said
    assert f"  unknown      whether {tunnel} match the new labels (GET /tunnels: " in said


@pytest.mark.parametrize(("most", "code"), [("1", 3), ("2", 0), ("49%", 3), ("50%", 0), ("100%", 0), ("0", 3)])
def test_too_many_deletes_need_attention_even_if_nothing_is_in_use(
    account: EmulatedAccount, run: Run, most: str, code: int
) -> None:
    ids = [account.create({"labels": {"n": str(n)}}).id for n in range(4)]
    ops = ["delete", "replace", "same", "same"]
    steps = [make_step(op, id_, {"n": "x"}, name=id_) for op, id_ in zip(ops, ids, strict=True)]
    said = run(as_document(*steps), "--max-deletes", most, code=code)
    more = ", more than --max-deletes allows.\n" if code else ".\n"
    assert said.endswith(f"2 of 4 backends are deleted or replaced{more}")
    found = json.loads(run(as_document(*steps), "--max-deletes", most, "--json", code=code))
    assert found["exceeded"] is bool(code)


def test_a_percentage_needs_all_backends(account: EmulatedAccount, run: Run) -> None:
    plan = json.loads(as_document(make_step("delete", account.create({}).id)))
    plan["changeSummary"]["same"] = 9
    said = run(json.dumps(plan), "--max-deletes", "30%", code=1)
    assert "Add --show-sames to `pulumi preview`." in said
    assert run(json.dumps(plan), "--max-deletes", "1").endswith(" 1 backend is deleted or replaced.\n")


@pytest.mark.parametrize("most", ["", "-1", "five", "101%", "1.5"])
def test_a_senseless_limit_is_wrong_usage(run: Run, most: str) -> None:
    assert "is neither a number, such as 5, nor a percentage" in run(as_document(), "--max-deletes", most, code=2)


def test_markdown_shows_texts_as_they_are(account: EmulatedAccount, run: Run) -> None:
    web = account.create({"labels": {"app": "web"}}).id
    account.connect_tunnel({"app": "web"}, "http://<b>|x|all [l](u) `c`")
    step = make_step("delete", web, name="web*x*")
    said = [{"urn": step["urn"], "severity": "warning", "message": "warning: <img> @all\n- x"}]
    printed = run(as_document(step, diagnostics=said), "--markdown", code=3)
    assert printed.startswith(f"- **web\\*x\\*** ({web}): deletes it, **in use**\n  - tunnels: 1 online: tn\\_")
    assert r"http://\<b\>\|x\|all \[l\](u) \`c\`" in printed
    assert "  - preview: warning: \\<img\\> &#64;all - x\n" in printed
    failed = [{"severity": "error", "message": "error: <img src=x> @octocat __b__ & #1"}]
    printed = run(as_document(diagnostics=failed), "--markdown", code=3)
    assert "\n\nThe preview failed" in f"\n{printed}"
    assert r"\<img src=x\> &#64;octocat \_\_b\_\_ &amp; \#1" in printed


def test_markdown_is_short_enough_for_a_comment(account: EmulatedAccount, run: Run) -> None:
    ids = [account.create({"labels": {"n": str(n)}}).id for n in range(300)]
    for n in range(300):
        account.connect_tunnel({"n": str(n)}, "http://" + "x" * 60)
    steps = [make_step("delete", id_, {"n": str(n)}, name=f"b{n}") for n, id_ in enumerate(ids)]
    printed = run(as_document(*steps), "--markdown", code=3)
    assert "- 200 more; --json has all of them\n" in printed
    assert len(printed) < 65_536


def test_json_holds_each_change(account: EmulatedAccount, run: Run) -> None:
    web = account.create({"labels": {"app": "web"}}).id
    tunnel = account.connect_tunnel({"app": "web"}, "http://localhost:80")
    step = make_step("delete", web)
    found = json.loads(run(as_document(step), "--json", code=3))
    assert found == {
        "changes": [
            {
                "name": "web",
                "urn": step["urn"],
                "id": web,
                "account": None,
                "kind": "delete",
                "verdict": "in use",
                "tunnels": [{"id": tunnel, "forwards_to": "http://localhost:80"}],
                "stops": [tunnel],
                "used_by": "nobody",
                "unknown": [],
                "preview": [],
            }
        ],
        "deletes": 1,
        "backends": 1,
        "exceeded": False,
        "errors": [],
    }
    assert "exclude each other" in run(as_document(), "--json", "--markdown", code=2)


def test_junk_and_an_unreadable_account_fail(account: EmulatedAccount, emulator: Emulator, run: Run) -> None:
    assert run("Previewing update", code=1).startswith("Error: the standard input is not what `pulumi preview --json`")
    emulator.fault(path="tunnel_group", times=None, status=403, error_code=205)
    said = run(as_document(make_step("delete", "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4")), code=1)
    assert said.startswith("Error: GET /backends/tunnel_group: ngrok says: ")
