"""Warns before a change that stops traffic to online tunnels, or refuses it."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from pulumi.output import Unknown

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.accounts.clients import Account, Clients
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound, Unreadable
from pulumi_ngrok_tg.api.models import TUNNELS, Tunnel, is_id
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.engine.operation import Operation
from pulumi_ngrok_tg.engine.read_usage import list_all_references, name_tunnel, read_members, read_refs
from pulumi_ngrok_tg.rules import properties, traffic
from pulumi_ngrok_tg.rules.reference_index import describe_old_edges, describe_unlisted, name_referrers

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client

_UNSEEN = "delete of what may be in use"


class TrafficGuard:
    """Guards the traffic of one stack's backends, by its setting ``pulumi-ngrok-tg:onTrafficLoss``.

    Args:
        get_config: returns the stack's config value for a full key.
        clients: the clients of this process.
        reporter: shows lines on the row of the current resource.
        refuses: whether the program says that the setting is ``refuse``; an explicit provider gets no stack config.
        run: what is known of the operation so far.
        name: the resource's name, for messages: with ``--diff``, the engine does not show whose line it is.
        retains: whether the engine keeps the old backend of a replacement at ngrok (``retain_on_delete``).
    """

    def __init__(
        self,
        get_config: stack_config.GetConfig,
        clients: Clients,
        reporter: Reporter,
        run: Operation,
        name: str,
        refuses: bool = False,
        retains: bool = False,
    ) -> None:
        self._mode = "refuse" if refuses else stack_config.read_on_traffic_loss(get_config)
        self._get_config = get_config
        self._clients = clients
        self._reporter = reporter
        self._run = run
        self._name = name
        self.retains = retains

    @property
    def refuses(self) -> bool:
        """Whether changes that stop traffic are refused, so that a backend is checked before it changes."""
        return self._mode == "refuse"

    def before_change(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
        """Report what a change of labels, or of the account, does to the tunnels online; ignore other changes.

        Raises:
            traffic.Refused: tunnels would or might lose traffic, and the setting refuses that.
        """
        replaced = olds.get("account") != news.get("account")
        if self._mode == "ignore" or not (replaced or "labels" in properties.find_changes(olds, news)):
            return
        after = properties.take_contents(news)["labels"]
        if isinstance(news.get("account"), Unknown):
            self._tell(traffic.UNKNOWN_ACCOUNT)
        elif isinstance(after, Unknown) or any(isinstance(value, Unknown) for value in after.values()):
            self._tell(traffic.UNKNOWN_LABELS)
        elif self.refuses and not (replaced and self.retains):
            refused = traffic.refuse_replacement if replaced else traffic.refuse_change
            self._tell(self._require_no_loss(id_, olds, {} if replaced else after, refused))
        else:
            line, costs = self._look(id_, olds, {} if replaced else after)
            if line and replaced and self.retains:
                line += traffic.UNLESS_RETAINED
            self._tell(line, costs)
        if replaced and not isinstance(news.get("account"), Unknown):
            self._tell_of_old_edges(id_, olds)

    def before_update(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
        """Check again right before labels change, if the setting is ``refuse``: the check in diff may be old.

        Raises:
            traffic.Refused: tunnels would or might lose traffic.
        """
        if self.refuses and "labels" in properties.find_changes(olds, news):
            self._require_no_loss(id_, olds, properties.take_contents(news)["labels"], traffic.refuse_change)

    def before_replacement(self, id_: str, state: Mapping[str, Any]) -> None:
        """Check a backend that the engine is about to replace, if the setting is ``refuse``.

        Args:
            id_: the backend's id.
            state: its outputs in the stack's state.

        Raises:
            traffic.Refused: tunnels are online in it, or might be.
            NotFound: it is gone.
        """
        if self.refuses and not self.retains:
            try:
                self._require_no_loss(id_, state, {}, traffic.refuse_replacement)
            except traffic.Refused as refused:
                if isinstance(refused.__cause__, NotFound):
                    raise refused.__cause__ from refused
                raise

    def before_delete(self, client: "Client", id_: str, state: Mapping[str, Any]) -> None:
        """Check a backend right before its delete: warn of what it stops, or refuse it.

        Args:
            client: the client of its account.
            id_: the backend's id.
            state: its outputs in the stack's state.

        Raises:
            traffic.Refused: the setting is ``refuse``, and something uses the backend, or might.
            NgrokError: the setting is ``refuse``, and the backend could not be read, or is gone.
        """
        if self._mode == "ignore" or not is_id(id_):
            return
        if not self.refuses:
            self._warn_of_delete(client, id_, state)
            return
        try:
            seen = read_members(client, id_, partial(client.get, id_, state.get("created_at", "")))
        except Unreadable as error:
            raise traffic.Refused(traffic.refuse_delete_unseen(id_, error)) from error
        since = self._run.begin_delete()
        self._require_unused(client, id_, seen.members, since, partial(traffic.refuse_delete, id_))

    def _warn_of_delete(self, client: "Client", id_: str, state: Mapping[str, Any]) -> None:
        """Warn of a delete of what something uses; all deletes share the listings, which never take long."""
        unknown: list[NgrokError] = []
        since = self._run.begin_delete()
        try:
            tunnels = client.list(TUNNELS, advisory=True, since=since)
            labels = properties.take_contents(state)["labels"]
            uses = [(traffic.find_serving(id_, labels, tunnels), True)]
        except NgrokError as error:
            unknown.append(error)
            refs = read_refs(state) or ()
            known = client.get_tunnels(refs, error, advisory=True)
            uses = [
                ([*known.values()], True),
                ([name_tunnel(client, ref) for ref in refs if ref.id not in known], False),
            ]
        index = list_all_references(client, since, advisory=True)
        unknown += index.unlisted.values()
        clauses = [traffic.describe_online(members, now) for members, now in uses if members]
        if referrers := name_referrers(index, id_):
            clauses.append(traffic.describe_referrers(referrers))
        self._tell(traffic.describe_delete(id_, clauses, *unknown[:1]), costs=True)
        if unknown and not clauses and self._run.count(_UNSEEN) == 1:
            self._tell(traffic.describe_delete_unseen(id_, unknown[0]), costs=True)

    def _require_unused(
        self,
        client: "Client",
        id_: str,
        members: Sequence[Tunnel],
        since: float,
        refuse: Callable[[Sequence[str]], str],
    ) -> None:
        """Raise Refused if tunnels are in a backend, or something refers to it, or that is unknown."""
        index = list_all_references(client, since)
        reasons = [traffic.describe_online(members)] if members else []
        if referrers := name_referrers(index, id_):
            reasons.append(traffic.describe_referrers(referrers))
        reasons += [line.rstrip(".") for line in describe_unlisted(index.unlisted)]
        if reasons:
            raise traffic.Refused(self._named(refuse(reasons)))

    def _look(self, id_: str, olds: Mapping[str, Any], after: Mapping[str, str]) -> tuple[str, bool]:
        """Return the line about a change, and whether it stops traffic; all changes share one listing."""
        before = properties.take_contents(olds)["labels"]
        try:
            tunnels = self._client(olds).list(TUNNELS, max_age=inf, advisory=True)
        except (NgrokError, stack_config.ConfigError) as error:
            if _all_stay(before, after):
                return "", False
            refs = read_refs(olds)
            known = self._client(olds).get_tunnels(refs or (), error, True) if isinstance(error, NgrokError) else {}
            if refs and len(known) == len(refs):
                moved = traffic.find_moves(known.values(), after, known.values())
                return traffic.describe_moves(moved, sees_all=False), bool(moved.leaving)
            return traffic.describe_unknown(None if refs is None else len(refs), after, error), bool(refs)
        moved = traffic.find_moves(traffic.find_serving(id_, before, tunnels), after, tunnels)
        return traffic.describe_moves(moved), bool(moved.leaving)

    def _tell_of_old_edges(self, id_: str, olds: Mapping[str, Any]) -> None:
        """Report which edges refer to a backend that is about to be replaced; they keep its old id."""
        try:
            index = list_all_references(self._client(olds), -inf, advisory=True)
        except (NgrokError, stack_config.ConfigError) as error:
            self._tell(f"ngrok did not list what refers to {id_} ({error})")
            return
        self._tell(describe_old_edges(index, id_), bool(index.find_steps(id_)))

    def _require_no_loss(
        self, id_: str, olds: Mapping[str, Any], after: Mapping[str, str], refused: Callable[[str], str]
    ) -> str:
        """Return the line about a change; raise if it stops traffic, or if that cannot be found out.

        The state may be old, and somebody may have changed the labels at ngrok. So this reads both the backend and the
        list of tunnels, and counts the tunnels that either of them names. If all tunnels leave, because the backend is
        replaced, nothing may refer to its id either.
        """
        try:
            client = self._client(olds)
            read = partial(client.read, id_, olds.get("created_at", ""), max_age=client.settings.snapshot_max_age)
            seen = read_members(client, id_, read)
        except (NgrokError, stack_config.ConfigError) as error:
            line = traffic.describe_unknown(None, after, error)
            if isinstance(error, NotFound):
                line += "; run `pulumi refresh` if somebody has deleted it"
            raise traffic.Refused(self._named(refused(line))) from error
        if seen.failure is not None and not seen.are_known:
            if not _all_stay(seen.labels, after):
                line = traffic.describe_unknown(len(seen.members), after, seen.failure)
                raise traffic.Refused(self._named(refused(line))) from seen.failure
            return ""
        moved = traffic.find_moves(seen.members, after, seen.tunnels)
        if moved.leaving:
            raise traffic.Refused(self._named(refused(traffic.describe_moves(moved, seen.failure is None))))
        if not after:
            since = time.monotonic() - client.settings.snapshot_max_age
            self._require_unused(client, id_, (), since, lambda reasons: refused("; ".join(reasons)))
        return traffic.describe_moves(moved, seen.failure is None)

    def _client(self, state: Mapping[str, Any]) -> "Client":
        return Account(state.get("account"), self._get_config, self._clients).client

    def _named(self, line: str) -> str:
        return f"{self._name}: {line}" if self._name else line

    def _tell(self, line: str, costs: bool = False) -> None:
        if line:
            (self._reporter.warn if costs else self._reporter.info)(self._named(line))


def _all_stay(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Tell whether every tunnel that carries the old labels also carries the new ones."""
    return bool(after) and after.items() <= before.items()
