"""The commands that our commands print, run as they are printed, in the situation in which they are."""

import re

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

pytestmark = pytest.mark.nightly

OTHER = 'TunnelGroupBackend("theirs", description="Theirs", opts=pulumi.ResourceOptions(protect=True))'


@pytest.mark.nightly
def test_a_missing_backend_is_created_again(stack: Stack, emulator: Emulator) -> None:
    stack.age()
    account = emulator.account(KEY)
    del account.backends[stack.resource("web")["id"]]
    said = stack.tool("orphans", code=3).text
    (again,) = re.findall(r"create it again: +(pulumi up [^#]*?) *#", said)
    stack.run("sh", "-c", f"{again} --yes")
    assert [resource["id"] for resource in stack.resources()] == [*account.backends]
    assert stack.tool("orphans").text == "No differences found.\n"


@pytest.mark.nightly
def test_another_stack_releases_a_backend_for_an_import(stack: Stack, other: Stack, emulator: Emulator) -> None:
    id_ = other.resource("theirs")["id"]
    said = stack.tool("import", "--id", id_, "--yes", code=3).text
    other.program("")
    for command in re.findall(r"`(pulumi state [^`]*)`", said):
        stack.run("sh", "-c", f"{command} --yes")
    stack.tool("import", "--id", id_, "--yes")
    stack.up()
    other.up()
    assert id_ in {resource["id"] for resource in stack.resources()}
    assert other.resources() == []
    assert id_ in emulator.account(KEY).backends


@pytest.mark.nightly
def test_a_stack_deletes_what_it_manages(stack: Stack, other: Stack, emulator: Emulator) -> None:
    id_ = other.resource("theirs")["id"]
    said = stack.tool("delete", "--yes", id_, code=1).text
    other.program("")
    unprotect, up = re.findall(r"`(pulumi [^`]*)`", said)
    stack.run("sh", "-c", f"{unprotect} --yes")
    other.run("sh", "-c", f"{up} --yes")
    assert id_ not in emulator.account(KEY).backends


def test_commands_keep_folder_stack_and_config_file(stack: Stack, emulator: Emulator) -> None:
    """Printed with -C, -s and --config-file, they work where the command was run, in another folder."""
    stack.pulumi("stack", "init", "live")
    (stack.folder / "other.yaml").write_text(f"config:\n  ngrok:apiKey: {KEY}\n  ngrok:apiBaseUrl: {emulator.url}\n")
    del stack.environment["NGROK_API_KEY"], stack.environment["NGROK_API_BASE_URL"]
    stray = emulator.account(KEY).create({"description": "Stray"}).id
    elsewhere = stack.folder.parent
    options = f"-C {stack.folder} -s live --config-file {stack.folder / 'other.yaml'}"
    said = stack.run("sh", "-c", f"cd {elsewhere} && pulumi-ngrok-tg orphans {options} || test $? = 3")
    (adopt,) = (line for line in re.findall(r"adopt: +(pulumi-ngrok-tg .*)", said) if stray in line)
    said = stack.run("sh", "-c", f"cd {elsewhere} && {adopt} --yes")
    preview, up = re.findall(r"^  (pulumi (?:preview|up)[^#\n]*)", said, re.MULTILINE)
    for command in (preview, f"{up} --yes"):
        stack.run("sh", "-c", f"cd {elsewhere} && {command}")
    stack.pulumi("stack", "select", "live")
    assert stray in {resource["id"] for resource in stack.resources()}
