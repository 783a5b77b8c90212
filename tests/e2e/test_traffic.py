"""What a change of labels does to traffic, as the terminal says it."""

import re
from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

SOME = (
    "stops traffic to 2 of 3 online tunnels (tn_ -> localhost:8081, tn_ -> localhost:8080); 1 keeps serving, none is "
    "added"
)
ALL = (
    "stops traffic to ALL 3 online tunnels (tn_ -> localhost:8082, tn_ -> localhost:8081, tn_ -> localhost:8080): "
    "NOTHING is left to serve this backend"
)
JOINS = "adds 1 online tunnel (tn_ -> localhost:9090); none keeps serving"
UNKNOWN = (
    "which online tunnels lose traffic is known only in `pulumi up`, because the new labels depend on other resources"
)
NOT_CHANGED = (
    f'Not changed, because pulumi-ngrok-tg:onTrafficLoss is "refuse": {SOME}. First restart the agents with '
    'labels that match the old and the new labels (docs: "Changing labels without a gap"), or stop them, or allow it '
    "with `pulumi config set pulumi-ngrok-tg:onTrafficLoss warn`."
)
NOT_REPLACED = (
    f'Not replaced, because pulumi-ngrok-tg:onTrafficLoss is "refuse": {ALL}. Declare a second backend, put its id '
    "into what refers to this one, and move the tunnels; then remove this one. Or stop the tunnels, or allow it with "
    "`pulumi config set pulumi-ngrok-tg:onTrafficLoss warn`."
)
NOT_DELETED = (
    'bkdtg_ was not deleted, because pulumi-ngrok-tg:onTrafficLoss is "refuse": 3 tunnels are online in it (tn_ -> '
    "localhost:8080, tn_ -> localhost:8081, tn_ -> localhost:8082). Stop the tunnels and put another backend into "
    "what refers to it first, or allow it with `pulumi config set pulumi-ngrok-tg:onTrafficLoss warn`. So that the new "
    "setting applies, add --run-program to `pulumi destroy`; if the program declares no backend any more, declare this "
    "one again for one `pulumi up`."
)
WEB = {"app": "web"}


@pytest.fixture
def tunnels(emulator: Emulator) -> list[str]:
    """Three tunnels of the website, of which one is in fra, and one of something else."""
    connect = emulator.account(KEY).connect_tunnel
    website = [connect(WEB, "localhost:8080"), connect(WEB, "localhost:8081")]
    return [*website, connect({**WEB, "dc": "fra"}, "localhost:8082"), connect({"app": "shop"}, "localhost:9090")]


def web(**labels: str) -> str:
    return f'TunnelGroupBackend("web", labels={labels})'


def said(text: str) -> dict[str, str]:
    """What the diagnostics say of each backend, without what differs from run to run."""
    diagnostics = text.partition("Diagnostics:")[2].partition("\nResources:")[0]
    told = re.findall(r"^  pulumi-python:\S+ \((\S+)\):\n((?:    .+\n)+)", diagnostics, re.MULTILINE)
    lines = {name: re.sub(r"(tn_|bkdtg_|op_)\w+", r"\1", " ".join(lines.split())) for name, lines in told}
    # With --diff the engine shows a line without its row, so it names the resource, but for deletes, which name the id.
    for name, line in lines.items():
        assert re.match(rf"(error: |warning: )?({name}: |.*: bkdtg_|bkdtg_)", line), (name, line)
    return {name: line.replace(f"{name}: ", "", 1) for name, line in lines.items()}


def asked(emulator: Emulator) -> list[str]:
    """The requests since the last look, but for writes."""
    return [request.path for request in emulator.requests.take() if request.method == "GET"]


def test_the_row_names_the_tunnels_that_leave_stay_and_join(
    new_stack: Callable[..., Stack], emulator: Emulator, tunnels: list[str]
) -> None:
    names = ("some", "all", "joins", "nobody", "later")

    def program(*labels: str, more: str = "") -> str:
        declared = [
            f'TunnelGroupBackend("{name}", labels={given}{more})' for name, given in zip(names, labels, strict=True)
        ]
        return "\n".join(['fresh = TunnelGroupBackend("fresh")' if "fresh" in labels[-1] else "", *declared])

    stack = new_stack(program(f"{WEB}", f"{WEB}", "{'app': 'none'}", "{'app': 'nobody'}", f"{WEB}"))
    stack.up()
    asked(emulator)
    after = (
        "{'app': 'web', 'dc': 'fra'}",
        "{'app': 'api'}",
        "{'app': 'shop'}",
        "{'dc': 'nowhere'}",
        "{'app': fresh.id}",
    )
    stack.program(program(*after))
    expected = {"some": f"warning: {SOME}", "all": f"warning: {ALL}", "joins": JOINS}
    assert said(stack.preview().text) == {**expected, "later": UNKNOWN}
    assert sorted(asked(emulator)) == ["/backends/tunnel_group", "/tunnels"]
    assert said(stack.up().text) == {**expected, "later": f"warning: {ALL}"}
    assert asked(emulator) == ["/tunnels"]

    stack.program(program(*after, more=", description='new'"))
    assert said(stack.preview().text) == {}
    assert said(stack.up().text) == {}
    assert asked(emulator) == []


def test_refuse_holds_until_other_tunnels_serve(
    new_stack: Callable[..., Stack], emulator: Emulator, tunnels: list[str]
) -> None:
    account = emulator.account(KEY)
    stack = new_stack(web(app="web"))
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "refuse")
    stack.up()
    (backend,) = account.backends.values()
    stack.program(web(app="web", dc="fra"))
    for refused in (stack.preview(fails=True), stack.up(fails=True)):
        assert said(refused.text)["web"] == f"error: {NOT_CHANGED}"
    assert (backend.labels, stack.resource("web")["outputs"]["labels"]) == (WEB, WEB)

    # Those that would leave come back with labels that fit both.
    for gone in tunnels[:2]:
        del account.tunnels[gone]
        account.connect_tunnel({**WEB, "dc": "fra"})
    assert said(stack.up().text) == {}
    assert backend.labels == {**WEB, "dc": "fra"}

    # A new value goes by way of a label that both carry, as docs/traffic.md has it.
    def restart(**labels: str) -> None:
        account.tunnels.clear()
        for _ in range(3):
            account.connect_tunnel(labels)

    steps: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
        ({"app": "web", "dc": "fra", "tier": "web-2"}, {"tier": "web-2"}),
        ({"app": "api", "tier": "web-2"}, {"app": "api"}),
    )
    for tunnel, wanted in steps:
        restart(**tunnel)
        stack.program(web(**wanted))
        assert said(stack.up().text) == {}
        assert backend.labels == wanted

    # Or it is allowed.
    stack.program(web(app="shop"))
    stack.preview(fails=True)
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "warn")
    assert "warning: stops traffic to ALL 3 online tunnels" in said(stack.up().text)["web"]


def test_refuse_guards_replacements_and_deletes(
    new_stack: Callable[..., Stack], emulator: Emulator, tunnels: list[str]
) -> None:
    account = emulator.account(KEY)
    stack = new_stack(web(app="web"))
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "refuse")
    stack.pulumi("config", "set", "ngrok-eu:apiKey", "--secret", KEY)
    stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", emulator.url)
    stack.up()
    stack.program(web(app="web").replace(")", ', account="eu")'))
    assert said(stack.preview(fails=True).text)["web"] == f"error: {NOT_REPLACED}"
    # The engine asks nobody about a delete in a preview.
    stack.program("")
    assert said(stack.preview().text) == {}
    stack.program(web(app="web"))
    assert said(stack.destroy(fails=True).text)["web"] == f"error: {NOT_DELETED}"
    assert len(account.backends) == 1
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "warn")
    stack.destroy(fails=True)
    stack.destroy("--run-program")
    assert account.backends == {}


@pytest.mark.nightly
def test_200_changes_cost_one_list(new_stack: Callable[..., Stack], emulator: Emulator, tunnels: list[str]) -> None:
    program = 'for n in range(200): TunnelGroupBackend(f"web{n}", labels={"app": "%s"})'
    stack = new_stack(program % "web")
    stack.up()
    asked(emulator)
    stack.program(program % "api")
    told = said(stack.preview().text)
    assert len(told) == 200
    assert set(told.values()) == {f"warning: {ALL}"}
    assert asked(emulator) == ["/tunnels"]
