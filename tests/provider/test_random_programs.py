"""Random programs against a random world: whatever happens, state and API end in step.

``make nightly`` runs 2,000 programs of 20 steps; ``make test`` runs 150.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.rules import properties
from tests.conftest import KEY
from tests.provider.deployment import LONG_AGO, Deployment

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(["", "x", "y"]),
        "metadata": st.sampled_from(["", "m", '{"a": 1}', '{"a":1}']),
        "labels": st.sampled_from([{}, {"app": "web"}, {"app": "web", "dc": "fra"}]),
    },
)
FAULTS = st.sampled_from(
    [
        {"status": 500},
        {"status": 503, "body": "<html>"},
        {"status": 429, "error_code": 226},
        {"status": 429, "error_code": 225},
        {"drop": "before"},
        {"drop": "after"},
        {"truncate": True},
        {"body": "<html>"},
        {"path": "tunnel_group", "fields": {"next_page_uri": "https://127.0.0.1/x"}},
    ]
)


class Programs(RuleBasedStateMachine):
    """A stack, and other people who use the same account.

    Creates of two runs are told apart by time, to some seconds; these runs are as far apart as those of people.
    """

    @initialize()
    def start(self) -> None:
        self.emulator = Emulator(api_keys=(KEY,))
        self.emulator.start()
        self.account = self.emulator.account(KEY)
        self.deployment = Deployment(self.emulator, backoff=0.001)
        self.wanted: dict[str, dict[str, Any]] = {}
        self.theirs: set[str] = set()

    def teardown(self) -> None:
        self.emulator.stop()

    @rule(name=NAMES, contents=CONTENTS)
    def declare(self, name: str, contents: dict[str, Any]) -> None:
        self.wanted[name] = contents

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        self.wanted.pop(name, None)

    @rule(fault=FAULTS, method=st.sampled_from([None, "GET", "POST", "PATCH", "DELETE"]), times=st.integers(1, 3))
    def something_goes_wrong(self, fault: dict[str, Any], method: str | None, times: int) -> None:
        self.emulator.fault(method=method, times=times, **fault)

    @rule(contents=CONTENTS)
    def others_create(self, contents: dict[str, Any]) -> None:
        backend = self.account.create(contents)
        backend.created_at = LONG_AGO
        self.theirs.add(backend.id)

    @rule(name=NAMES, contents=CONTENTS)
    def others_change_ours(self, name: str, contents: dict[str, Any]) -> None:
        ours = self.deployment.state.get(name)
        if ours and ours.id in self.account.backends:
            self.account.update(ours.id, contents)

    @rule(name=NAMES)
    def others_delete_ours(self, name: str) -> None:
        if ours := self.deployment.state.get(name):
            self.account.backends.pop(ours.id, None)

    @rule()
    def up_with_refresh(self) -> None:
        self.until_it_succeeds(self.deployment.refresh)
        self.until_it_succeeds(lambda: self.deployment.up(self.wanted))
        self.in_step()

    @rule()
    def refresh(self) -> None:
        self.until_it_succeeds(self.deployment.refresh)
        self.in_step()

    @rule()
    def destroy(self) -> None:
        self.until_it_succeeds(self.deployment.destroy)
        self.in_step()
        assert self.deployment.state == {}

    def until_it_succeeds(self, operation: Callable[[], dict[str, str]]) -> None:
        """Does what a user does who is told of errors: looks for backends of unknown fate, and tries again."""
        for _attempt in range(20):
            before = set(self.deployment.state)
            errors = operation()
            assert before - set(self.deployment.state) <= before - set(errors), "an error takes nothing from the state"
            strays = set(self.account.backends) - self.theirs - self.ids()
            unknown = sum("A plain `pulumi up` would create one more backend" in error for error in errors.values())
            warned = sum("delete it" in line for line in self.deployment.heard.warnings)
            self.deployment.heard.warnings.clear()
            assert len(strays) <= 2 * unknown + warned, errors
            for stray in strays:
                del self.account.backends[stray]
            self.deployment.age()
            if not errors:
                return
        pytest.fail(str(errors))

    def ids(self) -> set[str]:
        return {resource.id for resource in self.deployment.state.values()}

    def in_step(self) -> None:
        assert self.ids() | self.theirs == set(self.account.backends)
        for name, resource in self.deployment.state.items():
            backend = self.account.backends[resource.id]
            held = {field: getattr(backend, field) for field in ("description", "metadata", "labels")}
            assert properties.find_changes(resource.outputs, held) == {}, name

    @invariant()
    def what_is_not_ours_is_untouched(self) -> None:
        assert self.theirs <= set(self.account.backends)
        used = {request.path.rpartition("/")[2] for request in self.emulator.requests if request.method != "GET"}
        assert not used & self.theirs


TestPrograms = Programs.TestCase
TestPrograms.settings = settings(
    settings.default,
    max_examples=settings.default.max_examples if settings.default.max_examples > 100 else 150,
    stateful_step_count=20,
    deadline=None,
)
