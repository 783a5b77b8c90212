"""What the README and the pages of docs/ say, held against the code."""

import json
import re
import sys
from types import SimpleNamespace

import pytest
import yaml

from tests.conftest import ROOT
from tests.pages import PAGES, commands_of, headings_of, links_of


def test_the_page_about_testing_shows_what_its_example_runs() -> None:
    shown = re.findall(r"```python\n(.*?)```", (ROOT / "docs/testing.md").read_text(), re.DOTALL)
    run = [path.read_text() for path in (ROOT / "examples/testing").glob("*.py")]
    assert len(shown) == 3
    assert all(any(block in text for text in run) for block in shown)


RUN = {
    "README.md": "test_docs.py::test_the_readme_gets_one_started",
    "docs/accounts.md": "test_examples.py::test_accounts",
    "docs/bringing-in.md": "test_docs.py::test_the_way_in_is_as_it_is_written",
    "docs/cli.md": "test_docs.py::test_the_page_of_the_command_tells_what_it_does",
    "docs/configuration.md": "test_secrets.py::test_a_rotated_key_is_picked_up_as_the_readme_says",
    "docs/drift.md": "test_docs.py::test_drift_is_shown_and_undone_as_the_page_says",
    "docs/emulator.md": "test_docs.py::test_an_account_is_copied_to_rehearse_on",
    "docs/failures.md": "test_interrupted.py::test_a_killed_up_is_recovered_as_the_docs_say",
    "docs/installing.md": "../cli/test_cli.py::test_both_ways_print_the_version",
    "docs/leaving.md": "test_docs.py::test_backends_are_released_as_the_page_says",
    "docs/policies.md": "test_policy.py::test_the_commands_of_the_page_run",
    "docs/quickstart.md": "test_docs.py::test_the_quickstart_goes_the_whole_way",
    "docs/references.md": "../cli/test_references.py::test_each_form_of_reference_is_beside_its_backend",
    "docs/reviewing.md": "test_deletes_in_use.py::test_review_says_before_what_the_change_would_do",
    "docs/traffic.md": "test_traffic.py::test_refuse_holds_until_other_tunnels_serve",
    **{
        f"examples/{name}/README.md": f"test_examples.py::test_{test}"
        for name, test in {
            "accounts": "accounts",
            "automation": "automation",
            "basic": "basic_and_consumer",
            "component": "component",
            "consumer": "basic_and_consumer",
            "import": "import",
            "testing": "testing",
        }.items()
    },
    "examples/policy/README.md": "test_policy.py::test_the_example_is_a_teams_own_pack",
}
"""The test that runs the commands of a page. Its file reads them from the page, or has each of their words."""
VALUES = {"pulumi", "pulumi-ngrok-tg", "python", "python3", "dev", "bkdtg_..."}
"""Words of commands that a test may write in another way."""
NOT_RUN = {
    r"pulumi stack init dev": "each stack of the tests begins with it",
    r"pip install .*": "it takes the package from a registry; test_packaging.py installs the wheel instead",
    r"git (clone|-C) .*|python3 -m venv .*": "it sets up what the tests run in",
    r"pip uninstall .*": "it would take away what the tests run on",
    r"pulumi-ngrok-tg emulator( --seed .*)?": "it serves until it is stopped; tests/cli/test_emulator.py does both",
    r"pulumi preview --policy-pack (path/to/examples/policy|.*p\.__path__.*)": "the language host that can be built "
    "starts no folders; test_policy.py has the same ones started by the Automation API",
    r"make (demo|check|test|slow|check test|help)|pytest": "test_demo.py runs the first; the others run this",
    r"make dist": "test_packaging.py builds the wheel and installs the example pack with it",
    r"make bench|.*python -m benchmarks.scale .*": "it takes minutes to hours; what it prints is what the page shows",
    r"\.venv/bin/python -m pytest .*": "it is how this runs",
    r"PULUMI_NGROK_TG_ADOPT=identical pulumi (up|preview)": "test_identical.py and test_interrupted.py run it",
    r"terraform state pull .*": "Terraform is not here; test_import.py gives the command Terraform's states",
    r"eval .*zsh_source.*|_PULUMI_NGROK_TG_COMPLETE=fish_source .*": "these shells are not here",
    r"pulumi package add .*": "the engine that can be built here cannot; the page says that nothing on it was tried",
}
"""The commands that no test runs as they are written, and why."""


def test_every_command_runs_somewhere_or_says_why_not() -> None:
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        commands = [one for one in commands_of(page) if not any(re.fullmatch(known, one) for known in NOT_RUN)]
        if commands:
            assert name in RUN, f"{name}: {commands}"
            file, _, test = RUN[name].partition("::")
            text = (ROOT / "tests/e2e" / file).read_text()
            assert f"def {test}(" in text, RUN[name]
            if f'"{name}"' not in text:
                words = re.findall(r"(?<![\w/])(--?[a-z][\w-]*|[a-z][\w:.-]*)", " ".join(commands))
                assert {word for word in words if word not in text} <= VALUES, name


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        for target, heading in links_of(page):
            leads_to = page.parent / target if target else page
            assert leads_to.exists(), f"{page.name}: {target}"
            assert not heading or heading in headings_of(leads_to), f"{page.name}: {target}#{heading}"


def test_the_examples_of_the_leaving_page_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/leaving.md").read_text()
    agent, policy = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    assert agent["version"] == 3
    assert [(one["url"], one["pooling_enabled"]) for one in agent["endpoints"]] == [
        ("https://shop.internal", True),
        ("https://shop-fra.internal", True),
    ]
    declared = {}

    def cloud_endpoint(name: str, *, url: str, traffic_policy: str, description: str) -> None:
        declared[name] = (url, json.loads(traffic_policy), description)

    monkeypatch.setitem(sys.modules, "pulumi_ngrok", SimpleNamespace(CloudEndpoint=cloud_endpoint))
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(program, {})  # noqa: S102
    assert declared["shop"] == ("https://shop.example.com", policy, "was the tunnel group backend shop")
    assert {name: url for name, (url, _, _) in declared.items()}["shop-fra"] == "https://fra.example.com"
    assert len(declared) == 3
