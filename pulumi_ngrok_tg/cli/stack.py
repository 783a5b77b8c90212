"""Reads stacks with the Pulumi CLI: their config, and the backends in their states."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from pulumi.automation import CommandError, PulumiCommand

from pulumi_ngrok_tg.cli.pulumi_errors import summarize_error
from pulumi_ngrok_tg.rules.outputs import FINGERPRINT, TYPE, find_managed_id, holds_secret, parse_name

_EXPORTS_AT_ONCE = 4  # each is a process; more only take each other's time
_VERSIONS = (3, 4)
"""Of the format of a state (sdk/go/common/apitype, DeploymentV3)."""


class StackError(click.ClickException):
    """The Pulumi CLI failed, or a stack cannot be used. The message is one line."""


class UnreadableState(Exception):
    """A state in a form that is not known here."""


@dataclass(frozen=True)
class Managed:
    """A tunnel group backend that a stack manages."""

    id: str
    urn: str
    stack: str
    account: str | None
    fingerprint: str | None
    """The fingerprint of the key that saw it last, if the state holds it."""
    created_at: str
    """When ngrok created it; "" if the state does not say it."""
    deleting: bool
    """Whether its delete is pending."""
    protected: bool

    @property
    def name(self) -> str:
        """The resource's name."""
        return parse_name(self.urn)


@dataclass(frozen=True)
class Pending:
    """A create that an interrupted update has left in a state."""

    urn: str
    stack: str
    inputs: Mapping[str, Any]
    """Its inputs that the state does not encrypt."""
    hidden: frozenset[str]
    """The names of the inputs that the state encrypts."""

    @property
    def name(self) -> str:
        """The resource's name."""
        return parse_name(self.urn)

    def may_have_made(self, contents: Mapping[str, Any]) -> bool:
        """Tell whether a backend has the contents that were to be created, as far as they are known."""
        from pulumi_ngrok_tg.rules import properties  # here, because it takes a moment to load

        return self.hidden.issuperset(properties.find_changes(self.inputs, contents))


@dataclass(frozen=True)
class Claims:
    """The backends that stacks manage, and the creates that may have made further ones."""

    managed: Sequence[Managed] = ()
    pending: Sequence[Pending] = ()


class Stack:
    """One stack of the project in a folder.

    Args:
        cwd: the project's folder.
        name: the stack's name; None is PULUMI_STACK, or the selected one.

    Raises:
        StackError: there is no such project or stack, or no Pulumi CLI.
    """

    def __init__(self, cwd: Path, name: str | None) -> None:
        self._folder = cwd
        try:
            self._command = PulumiCommand()
        except (RuntimeError, FileNotFoundError) as error:
            raise StackError(
                f"The Pulumi CLI cannot be run ({summarize_error(str(error))}). Install it: https://www.pulumi.com/docs/iac/download-install/"
            ) from error
        listed = self._list()
        wanted = name or os.environ.get("PULUMI_STACK")
        selected = wanted or next((one["name"] for one in listed if one.get("current")), None)
        if selected is None:
            raise StackError("No stack is selected. Run `pulumi stack select`, or name one with --stack.")
        self.name: str = selected
        self.siblings = [shorten(one["name"]) for one in listed if shorten(one["name"]) != shorten(selected)]
        """The other stacks of the project."""
        try:
            self._settings: dict[str, dict[str, Any]] = json.loads(
                self._run("config", "--json", "--stack", self.name) or "{}"
            )
        except CommandError as error:
            raise StackError(summarize_error(str(error))) from error
        except ValueError as error:
            raise StackError("`pulumi config --json` did not print JSON.") from error

    @cached_property
    def _state(self) -> dict[str, Any]:
        try:
            return self._export(self.name)
        except CommandError as error:
            raise StackError(summarize_error(str(error))) from error
        except (UnreadableState, ValueError) as error:
            raise StackError(f"The stack {self.name} could not be read: {error}") from error

    @cached_property
    def claims(self) -> Claims:
        """What this stack claims; raises StackError if its state cannot be read."""
        return _read_claims(self._state, self.name)

    def read_config(self, key: str) -> str | None:
        """Return a value of the stack's config by its full key; decrypt no other value."""
        setting = self._settings.get(key)
        if setting is None:
            return None
        if not setting.get("secret"):
            return str(setting.get("value"))
        try:
            return self._run("config", "get", key, "--stack", self.name).rstrip("\n")
        except CommandError as error:
            raise StackError(summarize_error(str(error))) from error

    def find_names(self) -> set[str]:
        """Return the names of all backends in the state, also of those that are only read."""
        return {parse_name(r["urn"]) for r in self._state.get("resources") or () if r["type"] == TYPE}

    def read_others(self, progress: Any, unread: list[str]) -> Claims:
        """Return what the other stacks of the state's backend claim.

        Args:
            progress: called with a line that says how many stacks have been read.
            unread: gets a line for each stack that cannot be read.
        """
        listed = self._list("--all")
        own = _own_entry(listed, self.name)
        # A stack that `stack ls` calls empty manages nothing. Without a count, the stack is read.
        others = [one["name"] for one in listed if one is not own and one.get("resourceCount") != 0]
        managed: list[Managed] = []
        pending: list[Pending] = []
        with ThreadPoolExecutor(_EXPORTS_AT_ONCE) as pool:
            for number, (name, claims) in enumerate(zip(others, pool.map(self._read_other, others), strict=True), 1):
                progress(f"Reading the other stacks: {number} of {len(others)}")
                if isinstance(claims, str):
                    unread.append(f"The stack {name} could not be read: {claims}")
                else:
                    managed += claims.managed
                    pending += claims.pending
        # This stack may be listed under another name than the given one, so compare what it holds.
        ours = {(one.id, one.urn) for one in self.claims.managed}
        begun = {one.urn for one in self.claims.pending}
        return Claims(
            [one for one in managed if (one.id, one.urn) not in ours], [one for one in pending if one.urn not in begun]
        )

    def _read_other(self, name: str) -> Claims | str:
        """Return what a stack claims, or why it cannot be read; do not decrypt its secrets."""
        try:
            return _read_claims(self._export(name), name)
        except (CommandError, UnreadableState, ValueError, KeyError, TypeError, AttributeError) as error:
            return summarize_error(str(error)) or type(error).__name__

    def _list(self, *options: str) -> list[dict[str, Any]]:
        try:
            listed: list[dict[str, Any]] = json.loads(self._run("stack", "ls", "--json", *options))
        except CommandError as error:
            raise StackError(summarize_error(str(error))) from error
        except ValueError as error:
            raise StackError("`pulumi stack ls --json` did not print JSON.") from error
        return listed

    def _export(self, name: str) -> dict[str, Any]:
        exported = json.loads(self._run("stack", "export", "--stack", name))
        version, deployment = exported.get("version"), exported.get("deployment")
        if version not in _VERSIONS:
            raise UnreadableState(f"its state has version {version}, which this version of pulumi-ngrok-tg cannot read")
        if not isinstance(deployment, dict):
            raise UnreadableState("its state holds no deployment; run `pulumi up` there once")
        return deployment

    def _run(self, *arguments: str) -> str:
        return self._command.run([*arguments], str(self._folder), {}).stdout


def _read_claims(deployment: Mapping[str, Any], stack: str) -> Claims:
    return Claims(list(_find_managed(deployment, stack)), list(_find_pending(deployment, stack)))


def _find_managed(deployment: Mapping[str, Any], stack: str) -> Iterator[Managed]:
    """Yield the backends that a stack manages, with any provider."""
    for resource in deployment.get("resources") or ():
        if not resource.get("custom") or resource.get("external"):
            continue
        outputs = resource.get("outputs") or {}
        id_ = find_managed_id(resource["type"], outputs, str(resource.get("id") or ""))
        if id_ is not None:
            yield Managed(
                id_,
                resource["urn"],
                stack,
                outputs.get("account"),
                outputs.get(FINGERPRINT),
                outputs.get("created_at", ""),
                bool(resource.get("delete")),
                bool(resource.get("protect")),
            )


def _find_pending(deployment: Mapping[str, Any], stack: str) -> Iterator[Pending]:
    """Yield the creates of backends that an interrupted update has left in a state."""
    for operation in deployment.get("pending_operations") or ():
        resource = operation["resource"]
        if operation["type"] == "creating" and resource["type"] == TYPE:
            inputs = resource.get("inputs") or {}
            hidden = frozenset(name for name, value in inputs.items() if holds_secret(value))
            plain = {name: value for name, value in inputs.items() if name not in hidden}
            yield Pending(resource["urn"], stack, plain, hidden)


def _own_entry(listed: Sequence[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """Return the stack's own entry, which may have a longer name than the given one."""
    candidates = [one for one in listed if shorten(one["name"]) == shorten(name)]
    for found in (
        [one for one in candidates if one["name"] == name],
        [one for one in candidates if one.get("current")],
        candidates,
    ):
        if len(found) == 1:
            return found[0]
    return None


def shorten(name: str) -> str:
    """Return a stack's name as `pulumi.get_stack()` has it: without organization and project."""
    return name.rpartition("/")[2]
