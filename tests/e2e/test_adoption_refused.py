"""``ResourceOptions(import_=...)``: what prevents an adoption is named in preview."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.adopting import WEB, adopting, assert_nothing_was_written, import_errors
from tests.e2e.stack import Stack

LEGACY = (
    "PULUMI_DIY_BACKEND_LEGACY_LAYOUT",
    "PULUMI_SELF_MANAGED_STATE_LEGACY_LAYOUT",
    "PULUMI_DIY_BACKEND_IGNORE_DEPRECATION_ERROR",
)
MISSING = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"


def test_each_difference_is_named_in_preview(stack: Stack, emulator: Emulator, web: EmulatedBackend) -> None:
    stack.program(
        adopting(
            web,
            arguments='labels={"app": "shop", "env": "live"}, description="Shop", '
            'metadata=pulumi.Output.secret("a-secret-value")',
        )
    )
    for command in (stack.preview, stack.up):
        said = command(fails=True)
        assert [
            error.removeprefix(f"import_: {web.id}: ").partition(". Write")[0] for error in import_errors(said)
        ] == [
            'description is "Website" at ngrok, but "Shop" in the program',
            "metadata is not what ngrok holds (the value is a secret)",
            'labels.app is "web" at ngrok, but "shop" in the program',
            'labels.dc is "fra" at ngrok, but not set in the program',
            'labels.env is not set at ngrok, but "live" in the program',
        ]
        assert "a-secret-value" not in said.text
        assert "team" not in said.text
    assert stack.resources() == []
    assert_nothing_was_written(emulator, web)


@pytest.mark.nightly
def test_a_backend_of_another_account_is_not_found(new_stack: Callable[..., Stack], web: EmulatedBackend) -> None:
    with Emulator(api_keys=("test-other-key",)) as other:
        stack = new_stack("", environment={"NGROK_API_KEY": "test-other-key", "NGROK_API_BASE_URL": other.url})
        stack.program(adopting(web))
        (said,) = import_errors(stack.preview(fails=True))
        assert said.startswith(f"import_: There is no backend {web.id} in this account. Check the id and the account.")


def test_two_resources_do_not_adopt_one_backend(stack: Stack, emulator: Emulator, web: EmulatedBackend) -> None:
    stack.program(adopting(web, "one") + adopting(web, "two"))
    (said,) = import_errors(stack.preview(fails=True))
    assert said == f"import_: {web.id} belongs to another resource of this program, one. Remove one of the two."
    assert_nothing_was_written(emulator, web)


@pytest.mark.parametrize("stays", [True])
def test_a_managed_backend_is_not_adopted_under_another_name(
    stack: Stack, emulator: Emulator, web: EmulatedBackend, stays: bool
) -> None:
    """To rename a resource so would have the engine delete the backend under its old name."""
    stack.program(adopting(web))
    stack.up()
    renamed = adopting(web, "site")
    stack.program(renamed + adopting(web) if stays else renamed)
    for command in (stack.preview, stack.up):
        (said,) = import_errors(command(fails=True))
        assert f"{web.id} is already managed in this stack, by urn:pulumi:dev::shop::" in said
        assert '::web. If you renamed that resource, add aliases=[pulumi.Alias(name="web")] to the options' in said
    assert [resource["id"] for resource in stack.resources()] == [web.id]
    # What the message advises.
    aliases = 'aliases=[pulumi.Alias(name="web")]'
    stack.program(renamed.replace("import_=", f"{aliases}, import_="))
    stack.up()
    stack.preview("--expect-no-changes")
    assert stack.resource("site")["id"] == web.id
    assert_nothing_was_written(emulator, web)


@pytest.mark.nightly
def test_import_of_another_id_is_refused(stack: Stack, emulator: Emulator, web: EmulatedBackend) -> None:
    other = emulator.account(KEY).create(WEB)
    stack.program(adopting(web))
    stack.up()
    stack.program(adopting(other))
    (said,) = stack.preview(fails=True).errors
    assert f"import_ names {other.id}, but this resource already manages {web.id}. Remove import_, or adopt" in said
    stack.up(fails=True)
    assert stack.resource("web")["id"] == web.id
    assert emulator.requests.writes == []


@pytest.mark.nightly
@pytest.mark.parametrize(
    "owned",
    [{"metadata": '{"owned-by":"ngrok-operator"}'}],
)
def test_an_operators_backend_is_adopted_only_if_the_program_allows_it(
    stack: Stack, emulator: Emulator, owned: dict[str, str]
) -> None:
    backend = emulator.account(KEY).create(owned)
    arguments = ", ".join(f"{name}={value!r}" for name, value in owned.items())
    stack.program(adopting(backend, arguments=arguments))
    (said,) = import_errors(stack.preview(fails=True))
    assert said.startswith(f"import_: {backend.id} is owned by ngrok's Kubernetes operator, which would undo")
    assert "set allow_operator_owned=True to adopt it anyway" in said
    stack.program(adopting(backend, arguments=f"{arguments}, allow_operator_owned=True"))
    stack.up()
    stack.preview("--expect-no-changes")
    assert stack.resource("web")["id"] == backend.id
    assert_nothing_was_written(emulator, backend)


def test_nothing_is_adopted_if_the_state_cannot_be_read(
    stack: Stack, emulator: Emulator, web: EmulatedBackend, tmp_path: Path
) -> None:
    """Where state files have no project in their path, the engine finds no stack by its full name."""
    legacy = dict.fromkeys(LEGACY, "1")
    stack.environment |= {**legacy, "PULUMI_BACKEND_URL": f"file://{tmp_path}/legacy"}
    (tmp_path / "legacy").mkdir()
    stack.pulumi("stack", "init", "dev")
    stack.program(adopting(web))
    (said,) = import_errors(stack.preview(fails=True))
    assert said.startswith("import_: it is unknown whether another resource manages")
    assert_nothing_was_written(emulator, web)


@pytest.mark.nightly
@pytest.mark.parametrize("secret_by", ["the program", "a transform", "an option"])
def test_a_secret_from_any_source_is_not_shown(
    stack: Stack, emulator: Emulator, web: EmulatedBackend, secret_by: str
) -> None:
    import_it = f'import_="{web.id}"'
    program = {
        "the program": f"""
            secret = pulumi.Output.secret
            TunnelGroupBackend("web", labels={{"app": secret("prog-label")}}, description=secret("prog-description"),
                metadata=secret("prog-metadata"), opts=pulumi.ResourceOptions({import_it}))
        """,
        "a transform": f"""
            def t(args):
                secret = pulumi.Output.secret
                props = {{**args.props, "labels": {{"app": secret("prog-label")}}, "metadata": secret("prog-metadata"),
                    "description": secret("prog-description")}}
                return pulumi.ResourceTransformResult(props, args.opts)
            TunnelGroupBackend("web", opts=pulumi.ResourceOptions(transforms=[t], {import_it}))
        """,
        "an option": f"""
            TunnelGroupBackend("web", labels={{"app": "prog-label"}}, description="prog-description",
                metadata="prog-metadata", opts=pulumi.ResourceOptions({import_it},
                additional_secret_outputs=["labels", "description", "metadata"]))
        """,
    }[secret_by]
    stack.program(program)
    said = stack.preview(fails=True)
    assert len(import_errors(said)) == 4
    assert "prog-" not in said.text
    assert "Website" not in said.text
