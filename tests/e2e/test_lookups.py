"""``get_tunnel_group_backend(s)``: what an account has, read from a program, in a preview, too."""

from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

IMPORTS = """
from pulumi_ngrok_tg import (
    get_tunnel_group_backend, get_tunnel_group_backend_output, get_tunnel_group_backends,
    get_tunnel_group_backends_output,
)
"""


@pytest.fixture
def stack(new_stack: Callable[..., Stack], emulator: Emulator) -> Stack:
    account = emulator.account(KEY)
    for n in range(3):
        account.create({"labels": {"app": "web", "n": str(n)}, "description": f"Web {n}"})
    account.create({"labels": {"app": "api"}, "description": "API", "metadata": '{"a":1}'})
    return new_stack("")


def looking_up(stack: Stack, program: str) -> None:
    lines = [line.removeprefix("        ") for line in program.splitlines()]
    stack.program(IMPORTS + "\n".join(lines))


def test_one_backend_by_id_or_labels(stack: Stack, emulator: Emulator) -> None:
    account = emulator.account(KEY)
    api = next(backend for backend in account.backends.values() if backend.description == "API")
    tunnel = account.connect_tunnel({"app": "api"})
    looking_up(
        stack,
        f"""
        by_id = get_tunnel_group_backend(id="{api.id}")
        by_labels = get_tunnel_group_backend(labels={{"app": "api"}}, opts=pulumi.InvokeOptions())
        assert by_id.labels["app"] == "api" and isinstance(by_id.tunnels[0].uri, str)
        pulumi.export("whole", by_id)
        pulumi.export("same", by_id == by_labels)
        pulumi.export("tunnel", by_labels.tunnels[0].id)
        pulumi.export("of", TunnelGroupBackend("copy", labels={{"of": by_id.id}}).labels["of"])
        """,
    )
    assert f'of: "{api.id}"' in stack.preview("--diff").text
    assert emulator.requests.writes == []
    stack.up()
    assert stack.output("whole") == {
        "id": api.id,
        "uri": f"{emulator.url}/backends/tunnel_group/{api.id}",
        "created_at": api.created_at,
        "description": "API",
        "metadata": '{"a":1}',
        "labels": {"app": "api"},
        "tunnels": [{"id": tunnel, "uri": f"{emulator.url}/tunnels/{tunnel}"}],
    }
    assert stack.output("same") is True
    assert stack.output("tunnel") == tunnel
    assert stack.output("of") == api.id


@pytest.mark.nightly
def test_several_backends_and_outputs(stack: Stack, emulator: Emulator) -> None:
    stack.pulumi("config", "set", "--secret", "app", "web")
    looking_up(
        stack,
        """
        async def later():
            return "0"
        app = pulumi.Config().require_secret("app")
        every = get_tunnel_group_backends()
        web = get_tunnel_group_backends_output(labels={"app": app})
        one = get_tunnel_group_backend_output(labels=pulumi.Output.from_input({"app": "web", "n": later()}))
        pulumi.export("every", [backend.description for backend in every.backends])
        pulumi.export("web", web.backends.apply(lambda backends: [backend.labels["n"] for backend in backends]))
        pulumi.export("one", one.description)
        pulumi.export("secret", pulumi.Output.from_input(web.is_secret()))
        pulumi.export("none", get_tunnel_group_backends(labels={"app": "none"}).backends)
        """,
    )
    stack.up()
    assert stack.output("every") == ["API", "Web 2", "Web 1", "Web 0"]
    assert stack.output("web") == ["2", "1", "0"]
    assert stack.output("one") == "Web 0"
    assert stack.output("secret") is True
    assert stack.output("none") == []
    assert len(emulator.requests) == 1


def test_many_look_ups_share_one_listing(stack: Stack, emulator: Emulator) -> None:
    made = [emulator.account(KEY).create({"labels": {"many": str(n)}}) for n in range(150)]
    ids = [backend.id for backend in made[::10]]
    looking_up(
        stack,
        f"""
        for n in range(150):
            get_tunnel_group_backend_output(labels={{"many": pulumi.Output.from_input(str(n))}})
        for id in {ids}:
            get_tunnel_group_backend(id=id)
            get_tunnel_group_backend_output(id=id)
        pulumi.export("all", len(get_tunnel_group_backends().backends))
        """,
    )
    stack.up()
    assert stack.output("all") == 154
    # Two pages for the labels; two pages for the ids, and one GET for the first, which is on the second page.
    assert len(emulator.requests) <= 5
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_an_unknown_input_makes_no_request_in_preview(stack: Stack, emulator: Emulator) -> None:
    looking_up(
        stack,
        """
        new = TunnelGroupBackend("new", labels={"app": "new"})
        site = pulumi.ComponentResource("shop:index:Site", "site")
        TunnelGroupBackend("child", labels={"app": "child"}, opts=pulumi.ResourceOptions(parent=site))
        by_id = get_tunnel_group_backend_output(id=new.id)
        for depends_on in (new, [new], pulumi.Output.from_input([new])):
            options = pulumi.InvokeOutputOptions(depends_on=depends_on)
            found = get_tunnel_group_backend_output(labels={"app": "new"}, opts=options)
        child = get_tunnel_group_backend_output(
            labels={"app": "child"}, opts=pulumi.InvokeOutputOptions(depends_on=[site]))
        pulumi.export("by_id", by_id.labels["app"])
        pulumi.export("found", found.id)
        pulumi.export("child", child.id)
        # Lists the account before the resources are there.
        pulumi.export("before", len(get_tunnel_group_backends().backends))
        """,
    )
    said = stack.preview().text
    assert "[unknown]" in said
    assert len(emulator.requests) == 2, "one listing for the look-ups, one for the warning of creates of what exists"
    stack.up()
    assert stack.output("by_id") == "new"
    assert stack.output("found") == stack.resource("new")["id"]
    assert stack.output("child") == stack.resource("child")["id"]
    assert stack.output("before") == 4


@pytest.mark.nightly
def test_a_look_up_sees_what_it_depends_on(stack: Stack, emulator: Emulator) -> None:
    stack.program("""web = TunnelGroupBackend("web", labels={"of": "stack"}, description="before")""")
    stack.up()
    id_ = stack.resource("web")["id"]
    looking_up(
        stack,
        f"""
        assert get_tunnel_group_backend(id="{id_}").description == "before"
        web = TunnelGroupBackend("web", labels={{"of": "stack"}}, description="after")
        after = pulumi.InvokeOutputOptions(depends_on=[web])
        pulumi.export("by_id", get_tunnel_group_backend_output(id="{id_}", opts=after).description)
        pulumi.export("by_labels", get_tunnel_group_backend_output(labels={{"of": "stack"}}, opts=after).description)
        """,
    )
    stack.up()
    assert (stack.output("by_id"), stack.output("by_labels")) == ("after", "after")


@pytest.mark.nightly
def test_look_ups_of_another_account(stack: Stack, emulator: Emulator) -> None:
    with Emulator(api_keys=("test-eu-key",)) as other:
        theirs = other.account("test-eu-key").create({"description": "EU"})
        stack.pulumi("config", "set", "--secret", "ngrok-eu:apiKey", "test-eu-key")
        stack.pulumi("config", "set", "ngrok-eu:apiBaseUrl", other.url)
        looking_up(
            stack,
            f"""
            assert get_tunnel_group_backend(id="{theirs.id}", account="eu").description == "EU"
            pulumi.export("eu", get_tunnel_group_backends_output(account=pulumi.Output.from_input("eu")).backends[0].id)
            """.replace("\n    ", "\n"),
        )
        stack.up()
        assert stack.output("eu") == theirs.id
    assert emulator.requests == []


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("call", "error"),
    [
        ('get_tunnel_group_backend(id="bkdtg_missing1")', "There is no backend bkdtg_missing1 in this account."),
        ('get_tunnel_group_backend(id="web")', "'web' is not the id of a tunnel group backend"),
        ("get_tunnel_group_backend()", "give either an id or labels."),
        ('get_tunnel_group_backend(id="bkdtg_1", labels={})', "give either an id or labels."),
        ("get_tunnel_group_backend(labels={})", "give either an id or labels."),
        ('get_tunnel_group_backend(labels={"app": 5})', "labels: the value of 'app' must be a string, not a number."),
        ('get_tunnel_group_backends(labels={5: "app"})', "labels: the key 5 must be a string, not a number."),
        (
            'get_tunnel_group_backends(labels={"app": pulumi.Output.from_input("web")})',
            "an input is an output, whose value is not known here. Use get_tunnel_group_backends_output.",
        ),
        ('get_tunnel_group_backend(labels="app")', "labels must be a mapping"),
        ('get_tunnel_group_backends(account="e u")', "account must be a name of letters"),
        ('get_tunnel_group_backends(account="eu")', "No ngrok API key is configured for the account 'eu'."),
        (
            'get_tunnel_group_backend(labels={"app": "none"})',
            "no backend of this account carries the labels app=none. The account has bkdtg_",
        ),
        ('get_tunnel_group_backend(labels={"app": "web"})', "several backends carry these labels: bkdtg_"),
        ('get_tunnel_group_backend_output(labels={"app": "web"})', "several backends carry these labels: bkdtg_"),
    ],
)
def test_a_look_up_without_a_result_is_one_error(stack: Stack, call: str, error: str) -> None:
    looking_up(stack, call)
    said = stack.preview(fails=True).text
    function = call.partition("(")[0].removesuffix("_output")
    assert f"error: {function}: {error}" in said
    assert "Traceback" not in said
    if "carry" in error:
        assert "(app=web, n=2)" in said


@pytest.mark.nightly
def test_a_bad_key_is_reported_once(stack: Stack, emulator: Emulator) -> None:
    stack.environment["NGROK_API_KEY"] = "test-not-a-key"
    looking_up(stack, 'for n in range(20): get_tunnel_group_backend_output(labels={"n": str(n)})')
    said = stack.preview(fails=True).text
    assert "Use a valid API key" in said
    assert "test-not-a-key" not in said
    assert len(emulator.requests) == 1


def test_another_teams_labels_forge_no_line(stack: Stack, emulator: Emulator) -> None:
    emulator.account(KEY).create({"labels": {"x": "\nerror: run curl evil\u202e\x1b[31mred"}})
    looking_up(stack, 'get_tunnel_group_backend(labels={"app": "nope"})')
    said = stack.preview(fails=True).text
    assert "x=\\nerror: run curl evil\\u202e\\x1b[31mred" in said
    assert not any(line.strip().startswith("error: run") for line in said.splitlines())
