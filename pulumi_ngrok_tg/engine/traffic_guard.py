"""Warns before a change that stops traffic to online tunnels, or refuses it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from pulumi.output import Unknown

from pulumi_ngrok_tg.accounts import config
from pulumi_ngrok_tg.accounts.clients import Account, Clients
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound, Unreadable
from pulumi_ngrok_tg.api.models import TUNNELS, Backend, Tunnel
from pulumi_ngrok_tg.api.references import list_references
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.rules import properties, traffic
from pulumi_ngrok_tg.rules.references import ReferenceIndex, describe_old_edges

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client


class TrafficGuard:
    """Guards the traffic of one stack's backends, by its setting ``pulumi-ngrok-tg:onTrafficLoss``.

    Args:
        get_config: returns the stack's config value for a full key.
        clients: the clients of this process.
        reporter: shows lines on the row of the current resource.
        refuses: whether the program says that the setting is ``refuse``; an explicit provider gets no stack config.
        name: the resource's name, for messages: with ``--diff``, the engine does not show whose line it is.
        retains: whether the engine keeps the old backend of a replacement at ngrok (``retain_on_delete``).
    """

    def __init__(
        self,
        get_config: config.GetConfig,
        clients: Clients,
        reporter: Reporter,
        name: str,
        refuses: bool = False,
        retains: bool = False,
    ) -> None:
        self._mode = "refuse" if refuses else config.read_on_traffic_loss(get_config)
        self._get_config = get_config
        self._clients = clients
        self._reporter = reporter
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
        """Check a backend right before its delete, if the setting is ``refuse``.

        Args:
            client: the client of its account.
            id_: the backend's id.
            state: its outputs in the stack's state.

        Raises:
            traffic.Refused: tunnels are online in it, or might be.
            NgrokError: it could not be read, or is gone.
        """
        tunnels, _ = _list_tunnels(client)  # first, as it may have to wait
        backend = client.get(id_, state.get("created_at", ""))
        try:
            members = _find_members(client, backend, tunnels)
        except Unreadable as error:
            raise traffic.Refused(traffic.refuse_delete_unseen(id_, error)) from error
        if members:
            raise traffic.Refused(traffic.refuse_delete(id_, members))

    def _look(self, id_: str, olds: Mapping[str, Any], after: Mapping[str, str]) -> tuple[str, bool]:
        """Return the line about a change, and whether it stops traffic; all changes share one listing."""
        before = properties.take_contents(olds)["labels"]
        try:
            tunnels = self._client(olds).list(TUNNELS, max_age=inf, advisory=True)
        except (NgrokError, config.ConfigError) as error:
            if _all_stay(before, after):
                return "", False
            seen = None if olds.get("tunnels") is None else len(olds["tunnels"])
            return traffic.describe_unknown(seen, after, error), bool(seen)
        moved = traffic.find_moves(traffic.find_serving(id_, before, tunnels), after, tunnels)
        return traffic.describe_moves(moved), bool(moved.leaving)

    def _tell_of_old_edges(self, id_: str, olds: Mapping[str, Any]) -> None:
        """Report which edges refer to a backend that is about to be replaced; they keep its old id."""
        try:
            listed = partial(self._client(olds).list, max_age=inf, advisory=True)
            index = ReferenceIndex(list_references(listed))
        except (NgrokError, config.ConfigError) as error:
            self._tell(f"ngrok did not list what refers to {id_} ({error})")
            return
        self._tell(describe_old_edges(index, id_), bool(index.find_paths(id_)))

    def _require_no_loss(
        self, id_: str, olds: Mapping[str, Any], after: Mapping[str, str], refused: Callable[[str], str]
    ) -> str:
        """Return the line about a change; raise if it stops traffic, or if that cannot be found out.

        The state may be old, and somebody may have changed the labels at ngrok. So this reads both the backend and the
        list of tunnels, and counts the tunnels that either of them names.
        """
        try:
            client = self._client(olds)
            tunnels, failure = _list_tunnels(client)  # first, as it may have to wait
            backend = client.read(id_, olds.get("created_at", ""), max_age=client.settings.snapshot_max_age)
            members = _find_members(client, backend, tunnels)
        except (NgrokError, config.ConfigError) as error:
            line = traffic.describe_unknown(None, after, error)
            if isinstance(error, NotFound):
                line += "; run `pulumi refresh` if somebody has deleted it"
            raise traffic.Refused(self._named(refused(line))) from error
        if failure is not None:
            if not members or _all_stay(backend.labels, after):
                return ""
            line = traffic.describe_unknown(len(members), after, failure)
            raise traffic.Refused(self._named(refused(line))) from failure
        moved = traffic.find_moves(members, after, tunnels)
        if moved.leaving:
            raise traffic.Refused(self._named(refused(traffic.describe_moves(moved))))
        return traffic.describe_moves(moved)

    def _client(self, state: Mapping[str, Any]) -> "Client":
        return Account(state.get("account"), self._get_config, self._clients).client

    def _named(self, line: str) -> str:
        return f"{self._name}: {line}" if self._name else line

    def _tell(self, line: str, costs: bool = False) -> None:
        if line:
            (self._reporter.warn if costs else self._reporter.info)(self._named(line))


def _list_tunnels(client: "Client") -> tuple[tuple[Tunnel, ...], NgrokError | None]:
    """Return the tunnels online, or the error of their listing."""
    try:
        return client.list(TUNNELS, max_age=client.settings.snapshot_max_age), None
    except NgrokError as error:
        return (), error


def _find_members(client: "Client", backend: Backend, tunnels: Sequence[Tunnel]) -> list[Tunnel]:
    """Return the tunnels in a backend: those that it names, and those that the list of tunnels assigns to it.

    Raises:
        Unreadable: the backend does not name its tunnels.
    """
    if backend.tunnels is None:
        raise Unreadable(f"ngrok does not say which tunnels are in {backend.id}.")
    named = {tunnel.id: tunnel for tunnel in (Tunnel(client.clean(tunnel.id)) for tunnel in backend.tunnels)}
    listed = {tunnel.id: tunnel for tunnel in traffic.find_serving(backend.id, backend.labels, tunnels)}
    return list({**named, **listed}.values())


def _all_stay(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Tell whether every tunnel that carries the old labels also carries the new ones."""
    return bool(after) and after.items() <= before.items()
