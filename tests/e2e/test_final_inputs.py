"""What the provider decides on: the inputs after all transformations and transforms, if they are known."""

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.adopting import adopting, assert_nothing_was_written, import_errors
from tests.e2e.stack import Stack

TEAM = """
def add_team(args):
    if args.type_.endswith("TunnelGroupBackend"):
        labels = {**args.props["labels"], "team": "a"}
        return pulumi.ResourceTransformResult({**args.props, "labels": labels}, args.opts)
pulumi.runtime.register_resource_transform(add_team)
"""
WEB = 'TunnelGroupBackend("web", labels={"app": "web"})\n'


@pytest.mark.parametrize("by", ["import_", "identical"])
def test_an_adoption_looks_at_the_inputs_after_a_transform(stack: Stack, emulator: Emulator, by: str) -> None:
    web = emulator.account(KEY).create({"labels": {"app": "web", "team": "a"}})
    if by == "identical":
        stack.environment["PULUMI_NGROK_TG_ADOPT"] = "identical"
    stack.program(TEAM + (WEB if by == "identical" else adopting(web, arguments='labels={"app": "web"}')))
    stack.up()
    assert stack.resource("web")["id"] == web.id
    assert_nothing_was_written(emulator, web)


@pytest.mark.parametrize(
    ("arguments", "unknown"),
    [
        ('labels={"app": "web", "of": a.id}', "value of labels.of is"),
        ('labels=a.id.apply(lambda id: {"of": id})', "value of labels is"),
    ],
)
def test_no_write_happens_with_an_unknown_value(stack: Stack, emulator: Emulator, arguments: str, unknown: str) -> None:
    """With --exclude, a real create or update has unknown values, and the engine drops them."""
    stack.program('TunnelGroupBackend("b", labels={"app": "web", "of": "x"}, metadata="x")')
    stack.up()
    emulator.requests.clear()
    for name in ("b", "c"):
        stack.program(f'a = TunnelGroupBackend("a", labels={{"app": "a"}})\nTunnelGroupBackend("{name}", {arguments})')
        (error,) = stack.up("--exclude", "**::a", fails=True).errors
        assert f"resource '{name}' has a problem: Nothing was sent, because the {unknown} unknown" in error
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_a_child_of_another_type_keeps_its_inputs_and_options(stack: Stack) -> None:
    stack.program("""
        from pulumi.dynamic import CreateResult, Resource, ResourceProvider

        class Provider(ResourceProvider):
            def create(self, props):
                return CreateResult("other-1", {"given": sorted(props)})

        class Child(Resource):
            given: pulumi.Output[list]

        web = TunnelGroupBackend("web", labels={"app": "web"})
        child = Child(Provider(), "child", {"a": "b", "given": None}, pulumi.ResourceOptions(parent=web))
        pulumi.export("given", child.given)
        if pulumi.Config().get_bool("named"):
            Child(Provider(), "named", {}, pulumi.ResourceOptions(parent=web, import_="x"))
    """)
    stack.up()
    assert stack.output("given") == ["__provider", "a"]
    # Pulumi cannot import dynamic resources of other types, and says so itself.
    stack.pulumi("config", "set", "named", "true")
    assert "KeyError: '__provider'" in stack.preview(fails=True).text


DROP = """
def drop(args):
    given = pulumi.Output.from_input(args.props["labels"])
    labels = given.apply(lambda labels: {"app": labels["app"], "team": "a"})
    return pulumi.ResourceTransformResult({**args.props, "labels": labels}, args.opts)
"""


@pytest.mark.parametrize("labels", ['{"app": "web", "dc": "fra"}'])
def test_a_label_that_a_transform_drops_is_not_lost_unseen(stack: Stack, emulator: Emulator, labels: str) -> None:
    stack.program(DROP + f'TunnelGroupBackend("web", labels={labels}, opts=pulumi.ResourceOptions(transforms=[drop]))')
    assert "A transform dropped a label, or set it to None" in stack.up(fails=True).text
    assert emulator.requests.writes == []


def test_what_the_engine_ignores_is_not_lost(stack: Stack, emulator: Emulator) -> None:
    stack.program('TunnelGroupBackend("web", labels={"app": "web"}, metadata="x")')
    stack.up()
    emulator.requests.clear()
    stack.program("""
        def ignore(args):
            opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(ignore_changes=["labels"]))
            return pulumi.ResourceTransformResult(args.props, opts)
        opts = pulumi.ResourceOptions(transforms=[ignore])
        TunnelGroupBackend("web", labels={"app": "web", "dc": "fra"}, metadata="x", opts=opts)
    """)
    stack.up("--expect-no-changes")
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_what_a_transform_makes_a_secret_is_not_shown(stack: Stack, web: EmulatedBackend) -> None:
    stack.program(
        """
        def hide(args):
            props = {**args.props, "labels": pulumi.Output.secret(args.props["labels"])}
            return pulumi.ResourceTransformResult({**props, "metadata": pulumi.Output.secret("hush-meta")}, args.opts)
        pulumi.runtime.register_resource_transform(hide)
        """
        + "\n        "
        + adopting(web, arguments='labels={"hush-key": "hush-label"}, metadata="hush-meta"')
    )
    said = stack.preview(fails=True)
    assert len(import_errors(said)) >= 3
    assert "hush" not in said.text
