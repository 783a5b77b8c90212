"""What the tests of adoption share."""

from pulumi_ngrok_tg.emulator import EmulatedBackend, Emulator
from tests.conftest import KEY
from tests.e2e.stack import Outcome

WEB = {"labels": {"app": "web", "dc": "fra"}, "description": "Website", "metadata": '{"team": "a"}'}
ARGUMENTS = 'labels={"app": "web", "dc": "fra"}, description="Website", metadata={"team": "a"}'


def adopting(web: EmulatedBackend, name: str = "web", arguments: str = ARGUMENTS) -> str:
    return f'TunnelGroupBackend("{name}", {arguments}, opts=pulumi.ResourceOptions(import_="{web.id}"))\n'


def assert_nothing_was_written(emulator: Emulator, web: EmulatedBackend) -> None:
    assert emulator.requests.writes == []
    assert list(emulator.account(KEY).backends) == [web.id]


def import_errors(outcome: Outcome) -> list[str]:
    return [error.partition("has a problem: ")[2] for error in outcome.errors]
