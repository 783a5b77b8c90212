"""Makes a create adopt an existing backend, or says why it cannot."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pulumi.output import Unknown

from pulumi_ngrok_tg.accounts.clients import Account
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound
from pulumi_ngrok_tg.api.models import BACKENDS, Backend
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.engine.operation import Operation
from pulumi_ngrok_tg.rules import adopt_identical, adoption, advice
from pulumi_ngrok_tg.rules.adopt_identical import IdenticalBackends
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.facts import Facts

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client

_SHOWN = 5  # lines of a kind that the summary keeps
_NEWEST = 2000  # backends that a preview compares with; ten times what a large user has
_DELETED = " If somebody deleted it, remove import_ from its options; `pulumi up` then creates it again."


@dataclass(frozen=True)
class Adopter:
    """Decides about one new resource."""

    run: Operation
    """What is known of the operation so far."""
    open_account: Callable[[Mapping[str, Any]], AbstractContextManager[Account]]
    """Yields the account of a resource with these inputs; turns the API's errors into ProviderError."""
    reporter: Reporter
    urn: str
    """The resource's URN."""
    facts: Facts
    """What the program says of it."""

    def choose(self, wanted: Any, inputs: Mapping[str, Any]) -> tuple[str | None, list[str]]:
        """Return the id of the backend that a new resource adopts, if any, and each reason why it cannot.

        Args:
            wanted: the ``import_`` of the resource: an id, Unknown or None.
            inputs: its inputs, as the engine hands them over.
        """
        mode = os.environ.get(adopt_identical.VARIABLE)
        if isinstance(wanted, Unknown):
            return None, []
        if mode and self.facts.explicit:
            return None, [adopt_identical.EXPLICIT_PROVIDER]
        if wanted is not None:
            return self._choose_named(str(wanted), inputs)
        if mode:
            return self._choose_identical(mode, inputs)
        if self.facts.previews and self.facts.managed is not None and adopt_identical.is_known(inputs):
            self._warn_of_identical(inputs)
        return None, []

    def verify(self, id_: str, inputs: Mapping[str, Any]) -> Backend:
        """Return the backend that a create adopts, read once more: its contents may have changed since the check.

        Raises:
            ProviderError: it cannot be read, or differs from the program now.
        """
        with self.open_account(inputs) as account:
            backend = _require(id_, account.client.get)  # a list may hold a deleted backend for a while
        if reasons := adoption.find_obstacles(backend, self.facts, inputs):
            raise ProviderError(" ".join(reasons))
        return backend

    def _choose_named(self, id_: str, inputs: Mapping[str, Any]) -> tuple[str | None, list[str]]:
        if reason := adoption.explain_manager(id_, self.urn, self.facts):
            return id_, [reason]
        try:
            with self.open_account(inputs) as account:
                backend = _require(id_, partial(account.client.read, among=self.facts.adoptions))
        except ProviderError as error:
            return id_, [f"import_: {error}{_DELETED if isinstance(error.__cause__, NotFound) else ''}"]
        if self.facts.manager == self.urn:
            how = "To replace it, remove import_, then run this again."
            return id_, [f"import_: this resource already manages {id_}. {how}"]
        reasons = adoption.find_obstacles(backend, self.facts, inputs)
        if other := self.run.adopt(id_, self.urn):
            reasons.append(adoption.explain_declared_twice(id_, other))
        if not reasons:
            self._report(adoption.describe_adoption(id_), self.reporter.info, adoption.MORE_ADOPTIONS)
        return id_, reasons

    def _choose_identical(self, mode: str, inputs: Mapping[str, Any]) -> tuple[str | None, list[str]]:
        facts = self.facts
        if facts.find_recorded(self.urn) is not None:  # it is replaced
            return None, []
        if reason := adopt_identical.explain_no_search(mode, facts):
            return None, [reason]
        if not adopt_identical.is_known(inputs):
            self.reporter.info(adopt_identical.UNKNOWN_CONTENTS)
            return None, []
        try:
            with self.open_account(inputs) as account:
                index = self.run.index(inputs.get("account"), lambda: IdenticalBackends(account.client.list(BACKENDS)))
        except ProviderError as error:
            return None, [f"{adopt_identical.VARIABLE}: {error}"]
        found = index.find(inputs, facts)
        if not found:
            self.reporter.info(adopt_identical.NONE_IDENTICAL)
            return None, []
        if len(found) > 1:
            return None, [adopt_identical.explain_several_identical(found)]
        if found[0] in facts.others:
            return None, [adoption.explain_managed_by_other_type(found[0], facts.others[found[0]])]
        if other := self.run.adopt(found[0], self.urn):
            return None, [adopt_identical.explain_adopted_by_twin(found[0], other)]
        self._report(adoption.describe_adoption(found[0]), self.reporter.info, adoption.MORE_ADOPTIONS)
        return found[0], []

    def _warn_of_identical(self, inputs: Mapping[str, Any]) -> None:
        """Warn of a create of what ngrok already holds; say nothing if ngrok does not list it soon."""
        with self.open_account(inputs) as account:
            index = self.run.index(inputs.get("account"), lambda: IdenticalBackends(_list_newest(account.client)))
        found = [id_ for id_ in index.find(inputs, self.facts) if id_ not in self.facts.others]
        twins = index.find(inputs, self.facts, imported=True)
        if found or twins:
            line = (
                adopt_identical.describe_identical(found, self.facts.explicit)
                if found
                else adopt_identical.describe_twin(twins)
            )
            self._report(line, self.reporter.warn, adopt_identical.MORE_IDENTICAL)

    def _report(self, line: str, show: Callable[[str], None], more: str) -> None:
        """Report a line on the resource's row; the summary keeps the first few of a kind."""
        count = self.run.count(more)
        if count <= _SHOWN:
            show(line)
            return
        self.reporter.status(line)
        if count == _SHOWN + 1:
            show(f"{line}. {more}")


def _require(id_: str, read: Callable[[str], Backend]) -> Backend:
    try:
        return read(id_)
    except NotFound as error:
        raise ProviderError(advice.explain_missing(error, id_)) from error


def _list_newest(client: "Client") -> Sequence[Backend]:
    try:
        return client.list(BACKENDS, advisory=True, most=_NEWEST)
    except NgrokError:
        return ()
