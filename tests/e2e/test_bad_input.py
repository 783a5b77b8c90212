"""Mistakes in a program or its configuration: one clean line each, in preview, before anything is sent."""

from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

GOOD = 'good = TunnelGroupBackend("good", labels={"app": "web"})\n'


@pytest.fixture(scope="module")
def stack(engine, pulumi_home, tmp_path_factory) -> Stack:  # type: ignore[no-untyped-def]
    """One stack for all mistakes: none of them must leave a trace."""
    settings = {"NGROK_API_KEY": KEY, "NGROK_API_BASE_URL": "http://127.0.0.1:1"}
    return Stack(engine, pulumi_home, tmp_path_factory.mktemp("bad"), "shop", "", settings)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('labels=["app"]', 'labels must be a mapping such as {"app": "web"}, not a list.'),
        ('labels="app"', 'labels must be a mapping such as {"app": "web"}, not a string.'),
        ("labels={'app': None}", "labels: the value of 'app' must be a string, not None."),
        (
            "opts=pulumi.ResourceOptions(transforms=[lambda args: pulumi.ResourceTransformResult("
            "{**args.props, 'metadata': {'a': 1}}, args.opts)])",
            "metadata must be a string, not a mapping, if a transform sets it. Use Output.json_dumps.",
        ),
        (
            "labels={'app': 'web', 'dc': 'fra'}, opts=pulumi.ResourceOptions(transforms=[lambda args: "
            "pulumi.ResourceTransformResult({**args.props, 'labels': {'app': 'web', 'dc': None}}, args.opts)])",
            "A transform dropped a label, or set it to None or to a value that is unknown.",
        ),
    ],
)
def test_a_bad_argument_is_named_in_preview(stack: Stack, arguments: str, problem: str) -> None:
    stack.program(f'TunnelGroupBackend("web", {arguments})')
    outcome = stack.preview(fails=True)
    (error,) = outcome.errors
    assert problem in error
    assert "'web'" in error
    assert "Traceback" not in outcome.text


IN_A_STRING = "holds an Output that was put into a string, as in an f-string."


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("labels={'of': f'{o}'}", "labels: the value of 'of' "),
        ("labels=pulumi.Output.secret({'of': f'-{o}-'})", "labels: the value of the key of 2 characters "),
    ],
)
def test_an_output_in_a_string_is_named_in_preview(stack: Stack, arguments: str, named: str) -> None:
    stack.program(f'o = pulumi.Output.from_input("x")\nTunnelGroupBackend("web", {arguments})')
    outcome = stack.preview(fails=True)
    (error,) = outcome.errors
    assert f"{named}{IN_A_STRING}" in error
    assert "pulumi.Output.format, pulumi.Output.concat or .apply" in error
    assert "Traceback" not in outcome.text


@pytest.mark.nightly
def test_a_misspelled_setting_is_an_error_in_preview(stack: Stack) -> None:
    """Else the team would believe that it protects them."""
    stack.program('TunnelGroupBackend("web", labels={"a": "b"})')
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLos", "refuse")
    stack.pulumi("config", "set", "other:onTrafficLos", "refuse")
    for command in (stack.preview, stack.up):
        (error,) = command(fails=True).errors
        assert "pulumi-ngrok-tg:onTrafficLos is not a setting. Remove it with `pulumi config rm" in error
    stack.pulumi("config", "rm", "pulumi-ngrok-tg:onTrafficLos")
    stack.preview()


def test_every_bad_property_of_a_backend_is_reported_at_once(stack: Stack) -> None:
    stack.program('TunnelGroupBackend("web", labels={"a": 1, "": "x"}, description=5, metadata=6)')
    assert len(stack.preview(fails=True).errors) == 4


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"NGROK_API_KEY": ""}, "No ngrok API key is configured. Run `pulumi config set --secret ngrok:apiKey`"),
        ({"NGROK_API_KEY": "abc\ndef"}, "holds whitespace, a line break"),
    ],
)
def test_bad_configuration_is_named_in_preview(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], problem: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setitem(stack.environment, name, value)
    stack.program('TunnelGroupBackend("web")')
    outcome = stack.preview(fails=True)
    (error,) = outcome.errors
    assert problem in error
    assert "Traceback" not in outcome.text
    assert "abc" not in outcome.text


@pytest.mark.nightly
def test_a_malformed_id_in_the_state_is_never_sent(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(GOOD)
    stack.up()
    (id_,) = emulator.account(KEY).backends
    emulator.requests.clear()
    stack.pulumi("stack", "export", "--file", "state.json")
    state = (stack.folder / "state.json").read_text()
    (stack.folder / "state.json").write_text(state.replace(f'"id": "{id_}"', '"id": "x/../../../api_keys/ak_1"'))
    stack.pulumi("stack", "import", "--file", "state.json")
    changed = GOOD.replace('"web"', '"shop"')
    for command in (stack.refresh, stack.destroy, lambda fails: (stack.program(changed), stack.up(fails=fails))[1]):
        (error,) = command(fails=True).errors
        assert "'x/../../../api_keys/ak_1' is not the id of a tunnel group backend" in error
        assert "Check the id." in error
    assert {request.path for request in emulator.requests} <= {"/tunnels"}


@pytest.mark.nightly
def test_a_missing_id_in_get_is_an_error(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack('TunnelGroupBackend.get("web", "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4")')
    outcome = stack.preview(fails=True)
    (error,) = outcome.errors
    assert "There is no backend bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4 in this account" in error
    assert "Traceback" not in outcome.text


def test_a_bad_update_loses_nothing(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(GOOD)
    stack.up()
    before = stack.resources()
    stack.program(GOOD.replace('"web"', "5"))
    stack.up(fails=True)
    assert stack.resources() == before
    assert emulator.requests.methods == ["POST"]
