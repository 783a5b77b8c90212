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


@pytest.mark.nightly
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
@pytest.mark.parametrize(
    ("call", "error"),
    [
        ('get_tunnel_group_backend(id="bkdtg_missing1")', "There is no backend bkdtg_missing1 in this account."),
        ('get_tunnel_group_backend(id="web")', "'web' is not the id of a tunnel group backend"),
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
