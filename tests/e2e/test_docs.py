"""What the README and the pages of docs/ have one type, typed with the real CLI."""

import json
import re
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema
import pytest
import yaml

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY, ROOT
from tests.e2e.stack import Stack
from tests.pages import PAGES, commands_of, parts_of


class Reader:
    """Somebody who types what a page says into a terminal, in a folder of their own."""

    def __init__(self, stack: Stack, emulator: Emulator) -> None:
        self._stack, self._emulator = stack, emulator
        self.folder = stack.folder / "reader"
        self.folder.mkdir()
        self._typed = [f"cd {self.folder}"]

    def types(self, commands: list[str], given: str = "") -> str:
        """What the terminal says to commands; the folder and the variables of those before hold."""
        answers = "export PULUMI_SKIP_CONFIRMATIONS=true PULUMI_CONFIG_PASSPHRASE=test"
        script = "\n".join(["set -e", answers, *self._typed, "echo =====", *commands])
        script = script.replace("http://127.0.0.1:4041", self._emulator.url).replace("any-key", KEY)
        self._typed += [one for one in commands if one.startswith(("mkdir", "export", "unset"))]
        self._typed = [one.replace("mkdir shop && ", "mkdir -p shop && ") for one in self._typed]
        return self._stack.run("bash", "-c", script, given=given).partition("=====\n")[2]


@pytest.fixture
def reader(new_stack: Callable[..., Stack], emulator: Emulator) -> Reader:
    return Reader(new_stack("", "elsewhere", {}), emulator)


def test_the_readme_gets_one_started(reader: Reader, emulator: Emulator) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = commands_in("README.md", "## Getting started")
    made = emulator.account(KEY).create({"labels": {"made": "by hand"}})
    assert commands[0].startswith("mkdir shop")
    assert commands[-1] == "pulumi up"
    reader.types([commands[0], f"export NGROK_API_BASE_URL={emulator.url} PULUMI_BACKEND_URL=file://$PWD"])
    assert f"adopts {made.id}" in reader.types(commands[1:], given=KEY)
    assert made.id in (reader.folder / "shop/tunnel_group_backends.py").read_text()
    assert emulator.requests.take().writes == []
    entry = reader.folder / "shop/__main__.py"
    entry.write_text(entry.read_text() + program)
    reader.types(["pulumi up"])
    (web,) = (backend for backend in emulator.account(KEY).backends.values() if backend.id != made.id)
    assert web.metadata == '{"team":"storefront"}'


@pytest.mark.nightly
def test_the_quickstart_goes_the_whole_way(reader: Reader, emulator: Emulator) -> None:
    page = (ROOT / "docs/quickstart.md").read_text()
    program = textwrap.dedent(re.findall(r"    ```python\n(.*?)    ```", page, re.DOTALL)[0])
    steps = [
        [line.strip() for line in step.splitlines() if line.startswith("        ")]
        for step in re.split(r"^\d\.  ", re.sub(r"    ```python\n.*?    ```\n", "", page, flags=re.DOTALL), flags=re.M)[
            1:
        ]
    ]
    install, serve, make, write, bring_up, change, take_away = steps
    assert (len(install), serve, write) == (1, ["pulumi-ngrok-tg emulator"], [])
    reader.types(make)
    (reader.folder / "shop/__main__.py").write_text(program)
    assert "Public website" in reader.types(bring_up)
    (backend,) = emulator.account(KEY).backends.values()
    (reader.folder / "shop/__main__.py").write_text(program.replace('"app": "web"', '"app": "shop"'))
    assert '~ app: "web" => "shop"' in reader.types(change)
    assert backend.labels == {"app": "shop"}
    reader.types(take_away)
    assert emulator.account(KEY).backends == {}
    on_ngrok = commands_in("docs/quickstart.md", "## On ngrok")
    reader.types(on_ngrok, given=KEY)
    assert "ngrok:apiKey:" in (reader.folder / "shop/Pulumi.dev.yaml").read_text()


@pytest.mark.nightly
def test_the_program_in_the_emulators_page_runs(new_stack: Callable[..., Stack]) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/emulator.md").read_text(), re.DOTALL)

    def run_a_stack() -> None:
        ngrok = scope["ngrok"]
        settings = {"NGROK_API_KEY": "test-key", "NGROK_API_BASE_URL": ngrok.url}
        new_stack('TunnelGroupBackend("web")', environment=settings).up()

    scope: dict[str, Any] = {"run_a_stack": run_a_stack}
    assert "    ...  # run a stack" in program
    exec(program.replace("    ...  # run a stack", "    run_a_stack()  # run a stack"), scope)  # noqa: S102


def commands_in(page: str, heading: str) -> list[str]:
    """The commands of a section's indented blocks, without those that install something."""
    section = (ROOT / page).read_text().partition(heading + "\n")[2].partition("\n## ")[0]
    lines = [re.sub(r"\s{2,}#.*", "", line.strip()) for line in section.splitlines() if line.startswith("    ")]
    return [line for line in lines if line and not line.startswith(("pip install", "git clone", "python3 -m venv"))]


@pytest.mark.nightly
def test_the_way_in_is_as_it_is_written(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    made = [emulator.account(KEY).create({"labels": {"n": str(n)}}) for n in range(3)]
    stack = new_stack("")
    stack.environment["PULUMI_SKIP_CONFIRMATIONS"] = "true"
    commands = commands_in("docs/bringing-in.md", "## All at once")
    assert len(commands) >= 3
    for command in commands:
        stack.run("sh", "-c", command)
    assert {resource["id"] for resource in stack.resources()} == {backend.id for backend in made}
    assert emulator.requests.writes == []


@pytest.mark.nightly
def test_the_programs_about_bringing_in_run(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    adoption, look_up = (
        re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)[0]
        for page in ("docs/bringing-in.md", "docs/resource.md")
    )
    web = emulator.account(KEY).create({"labels": {"app": "web", "dc": "fra"}})
    tunnel = emulator.account(KEY).connect_tunnel({"app": "web", "dc": "fra"})
    stack = new_stack(re.sub(r"bkdtg_\w+", web.id, adoption).replace("web = ", "adopted = ") + look_up)
    stack.up()
    assert stack.output("web_tunnels") == [tunnel]
    assert stack.output("in_fra") == [web.id]
    assert stack.resource("web")["id"] == web.id


def test_the_job_that_reviews_a_pull_request_works(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    """Its script, with a command in place of GitHub's; GitHub itself checks the rest."""
    (job,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/reviewing.md").read_text(), re.DOTALL)
    review = yaml.safe_load(job)["jobs"]["review"]
    (script,) = (step["run"] for step in review["steps"] if step.get("name") == "Review")
    assert set(re.findall(r"\$\{?(\w+)", script)) <= {*review["env"], "code"}
    stack = new_stack('TunnelGroupBackend("web", labels={"app": "web"}); TunnelGroupBackend("x", labels={"app": "x"})')
    stack.up()
    (stack.folder / "bin").mkdir()
    gh = stack.folder / "bin" / "gh"
    gh.write_text('#!/bin/sh\necho "$@" > said; cat "$5" >> said\n')
    gh.chmod(0o755)
    stack.environment |= {
        "PATH": f"{gh.parent}:{stack.environment['PATH']}",
        "PULL_REQUEST": "7",
        "PULUMI_STACK": "dev",
    }
    (stack.folder / "job.sh").write_text(f"set -eo pipefail\n{script}")  # as GitHub runs it
    stack.run("bash", "job.sh")
    emulator.account(KEY).connect_tunnel({"app": "web"})
    stack.program('TunnelGroupBackend("x", labels={"app": "x"})')
    assert stack.run("sh", "-c", "bash job.sh; echo code $?").endswith("code 3\n")
    said = (stack.folder / "said").read_text()
    assert said.startswith("pr comment 7 --body-file review.md\n- **web** (bkdtg_")
    assert "deletes it, **in use**" in said


@pytest.mark.nightly
def test_the_page_of_the_command_tells_what_it_does(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    page = (ROOT / "docs/cli.md").read_text()
    stack = new_stack('TunnelGroupBackend("web", labels={"app": "web"})')
    listed = re.findall(r"^  (\w+) ", stack.tool("--help").text.partition("Commands:")[2], re.MULTILINE)
    assert listed == sorted(
        re.findall(r"^\| `(\w+)(?: ID\.\.\.| PLAN)?` \| (?:nothing|files|ngrok)", page, re.MULTILINE)
    )

    emulator.account(KEY).create({"labels": {"app": "api"}})
    emulator.account(KEY).connect_tunnel({"app": "api"})
    stack.up()
    (resource,) = stack.resources()
    stack.age()
    del emulator.account(KEY).backends[resource["id"]]
    section = page.partition("## JSON\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `?([\w -]+)`? \| (.*) \|$", section, re.MULTILINE))
    parts = "".join(rows[part] for part in ("a backend", "its use", "references", "unlisted", "managed_twice"))
    for command, more, code in (
        ("list", ["--tunnels", "--references"], 0),
        ("orphans", [], 3),
        ("import", ["--yes"], 0),
        ("review", ["plan.json"], 0),
    ):
        if command == "review":
            stack.program("")
            stack.run("sh", "-c", "pulumi preview --json > plan.json")
        found = json.loads(stack.tool(command, *more, "--json", code=code).text)
        jsonschema.validate(found, json.loads((ROOT / f"docs/static/schemas/{command}.json").read_text()))
        printed = keys(found)
        more = [option for option in more if f"{command} {option}" in rows]
        described = parts + "".join(rows[" ".join((command, option))] for option in more) + rows[command]
        assert printed
        assert {key for key in printed if f"`{key}`" not in described} == set()
    (pipe,) = commands_in("docs/cli.md", "## JSON")
    assert stack.run("sh", "-c", pipe).split() == list(emulator.account(KEY).backends)

    (bash,) = (line for line in commands_in("docs/cli.md", "## Shell completion") if "bash" in line)
    tab = "COMP_WORDS=(pulumi-ngrok-tg imp); COMP_CWORD=1; _pulumi_ngrok_tg_completion pulumi-ngrok-tg"
    completion = f"{bash}; {tab}; echo $COMPREPLY"
    assert stack.run("bash", "-c", completion).strip() == "import"
    of_stack = completion.replace("imp)", "list --stack d)").replace("CWORD=1", "CWORD=3")
    assert stack.run("bash", "-c", of_stack).strip() == "dev"


def keys(value: Any) -> set[str]:
    """The keys of all objects, but for labels."""
    if isinstance(value, list):
        return {key for item in value for key in keys(item)}
    if not isinstance(value, dict):
        return set()
    return {*value} | {key for name, item in value.items() if name != "labels" for key in keys(item)}


def test_every_command_of_the_pages_is_one_that_the_command_line_takes(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack("")

    @cache
    def help_of(*command: str) -> str:
        return stack.run(*command, "--help")

    checked = 0
    for page in PAGES:
        for command, *words in (part for line in commands_of(page) for part in parts_of(line)):
            if command not in ("pulumi", "pulumi-ngrok-tg") or words[:2] == ["package", "add"]:
                continue
            path = [command]
            while words and not words[0].startswith("-") and re.search("Commands:$", help_of(*path), re.MULTILINE):
                path.append(words.pop(0))
                assert help_of(*path) != help_of(*path[:-1]), f"{page.name}: there is no {path}"
            options = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", help_of(*path)))
            given = {word.partition("=")[0] for word in words if re.match("--?[a-zA-Z]", word)}
            assert given <= options, f"{page.name}: {[*path, *words]}"
            checked += 1
    assert checked >= 50


@pytest.mark.nightly
def test_drift_is_shown_and_undone_as_the_page_says(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    preview, up, check = commands_of(ROOT / "docs/drift.md")
    stack = new_stack('TunnelGroupBackend("web", description="Website")')
    stack.up()
    (backend,) = emulator.account(KEY).backends.values()
    backend.description = "by hand"
    assert '~ description: "by hand" => "Website"' in stack.pulumi(*preview.split()[1:]).text
    assert stack.pulumi(*check.split()[1:], fails=True).code == 7
    assert backend.description == "by hand"
    stack.pulumi(*up.split()[1:], "--yes")
    assert backend.description == "Website"


@pytest.mark.nightly
def test_backends_are_released_as_the_page_says(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    look, save, unprotect, up, allow, again = commands_of(ROOT / "docs/leaving.md")[-6:]
    kept = 'TunnelGroupBackend("kept", opts=pulumi.ResourceOptions(protect=True))'
    stack = new_stack(f'{kept}\nTunnelGroupBackend("shop", opts=pulumi.ResourceOptions(protect=True))')
    stack.up()
    kept_id, shop = stack.resource("kept")["id"], stack.resource("shop")
    tunnel = emulator.account(KEY).connect_tunnel({"app": "shop"})
    assert tunnel in stack.run("sh", "-c", look)
    stack.run("sh", "-c", save)
    assert tunnel in (stack.folder / "before.json").read_text()
    (urn,) = re.findall("'(.*)'", unprotect)
    assert urn == shop["urn"]
    assert urn in stack.pulumi("stack", "--show-urns").text
    # ngrok no longer lists edges, and the stack refuses what it does not know.
    emulator.set(references_error=7008)
    stack.pulumi("config", "set", "pulumi-ngrok-tg:onTrafficLoss", "refuse")
    stack.up()
    stack.run("sh", "-c", unprotect)
    stack.program(kept)
    stack.pulumi(*up.split()[1:], "--yes", fails=True)
    stack.run("sh", "-c", allow)
    stack.pulumi(*again.split()[1:], "--yes")
    assert emulator.account(KEY).backends.keys() == {kept_id}
    stack.program("")
    assert "protected" in stack.up(fails=True).text, "the other one is as it was"


@pytest.mark.nightly
def test_an_account_is_copied_to_rehearse_on(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack('TunnelGroupBackend("web", labels={"app": "web"})')
    stack.up()
    emulator.account(KEY).create({"labels": {"app": "api"}, "metadata": "{}"})
    listing, serve = (
        line.strip() for line in (ROOT / "docs/emulator.md").read_text().splitlines() if "backends.json" in line
    )
    stack.run("sh", "-c", listing)
    assert serve == "pulumi-ngrok-tg emulator --seed backends.json"
    copied = json.loads((stack.folder / "backends.json").read_text())["backends"]
    with Emulator(backends=copied) as rehearsal:
        stack.environment["NGROK_API_BASE_URL"] = rehearsal.url
        stack.preview("--refresh", "--expect-no-changes")
        stack.program('TunnelGroupBackend("web", labels={"app": "shop"})')
        stack.up()
        held = {one.id: one.labels for one in rehearsal.account(KEY).backends.values()}
    (web,) = stack.resources()
    assert held[web["id"]] == {"app": "shop"}
    assert emulator.account(KEY).backends[web["id"]].labels == {"app": "web"}, "the account itself is as it was"
    assert len(held) == 2
