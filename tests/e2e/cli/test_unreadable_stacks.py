"""Another stack that cannot be read: it may manage anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.cli.said import UNREAD, rows
from tests.e2e.stack import Stack


@pytest.mark.nightly
@pytest.mark.usefixtures("unreadable")
def test_a_stack_that_cannot_be_read_is_named(stack: Stack, stray: EmulatedBackend) -> None:
    said = stack.tool("list", code=3).text
    assert UNREAD in said
    assert rows(said)[stray.id][-1] == "unknown"
    assert rows(stack.tool("list", "--this-stack").text)[stray.id][-1] == "not this stack"


@pytest.mark.nightly
@pytest.mark.usefixtures("unreadable")
def test_orphans_is_not_clean_if_a_stack_cannot_be_read(stack: Stack) -> None:
    said = stack.tool("orphans", code=3).text
    assert UNREAD in said
    assert "No differences" not in said


@pytest.mark.nightly
@pytest.mark.usefixtures("unreadable")
def test_import_takes_only_named_ids_if_a_stack_cannot_be_read(
    stack: Stack, stray: EmulatedBackend, emulator: Emulator
) -> None:
    module = stack.folder / "tunnel_group_backends.py"
    for chosen in ((), ("--label", "app=web")):
        said = stack.tool("import", *chosen, code=3).text
        assert UNREAD in said
        assert (
            f"Left out {stray.id}: it may be managed by a stack that could not be read; to import it anyway, name it "
            "with --id" in said
        )
    assert not module.exists()
    assert UNREAD in stack.tool("import", "--id", stray.id, "--yes", code=3).text
    assert stray.id in module.read_text()


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("state", "why"),
    [('{"version": 3, "deployment": null}', "its state holds no deployment")],
)
def test_a_state_in_an_unknown_form_does_not_hide_the_others(
    stack: Stack,
    stray: EmulatedBackend,
    new_stack: Callable[..., Stack],
    tmp_path: Path,
    engine: Path,
    state: str,
    why: str,
) -> None:
    theirs = new_stack('TunnelGroupBackend("theirs", description="Theirs")', "third")
    theirs.up()
    new_stack('TunnelGroupBackend("other", description="Other")', "other").up()
    cli = tmp_path / "cli" / "pulumi"
    cli.parent.mkdir()
    cli.write_text(
        f'#!/bin/sh\ncase "$*" in *export*other*) echo \'{state}\'; exit 0;; esac\nexec {engine}/pulumi "$@"\n'
    )
    cli.chmod(0o755)
    stack.environment["PATH"] = f"{cli.parent}:{stack.environment['PATH']}"
    said = stack.tool("list", code=3).text
    assert f"The stack organization/other/dev could not be read: {why}" in said
    managed = rows(said)
    assert managed[stray.id][-1] == "unknown"
    assert managed[theirs.resource("theirs")["id"]][-1].startswith("theirs (stack ")


@pytest.mark.usefixtures("unreadable")
def test_delete_needs_force_if_a_stack_cannot_be_read(stack: Stack, stray: EmulatedBackend, emulator: Emulator) -> None:
    said = stack.tool("delete", "--yes", stray.id, code=1).text
    assert UNREAD in said
    assert f"{stray.id} may be managed by a stack that could not be read." in said
    assert stray.id in emulator.account(KEY).backends
    said = stack.tool("delete", "--force", stray.id, given="y\n").text
    assert UNREAD in said
    assert stray.id not in emulator.account(KEY).backends
