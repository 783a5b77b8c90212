"""Looks at the tunnels online before a change, and tells of the traffic that it costs, or refuses it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pulumi.output import Unknown

from pulumi_ngrok_tg import config, properties, traffic
from pulumi_ngrok_tg.accounts import Account, Clients
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound
from pulumi_ngrok_tg.api.models import Backend, Tunnel

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client


class Log(Protocol):
    """Tells the user, on the row of the resource at hand."""

    def info(self, line: str) -> None:
        """Tells what is good to know."""

    def warn(self, line: str) -> None:
        """Tells what to look after."""


class Guard:
    """Guards the traffic of the backends of one stack, as its setting ``pulumi-ngrok-tg:onTrafficLoss`` says.

    Args:
        get_config: returns the stack's config value for a full key.
        clients: the clients of this process.
        log: tells the user.
    """

    def __init__(self, get_config: Callable[[str], Any], clients: Clients, log: Log) -> None:
        self._mode = config.on_traffic_loss(get_config)
        self._get_config = get_config
        self._clients = clients
        self._log = log

    def before_change(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
        """Tells what a change of labels, or of the account, does to the tunnels online; else does nothing.

        Raises:
            traffic.Refused: tunnels would leave, or might, and the setting refuses that.
        """
        replaced = olds.get("account") != news.get("account")
        if self._mode == "ignore" or not (replaced or "labels" in properties.changes(olds, news)):
            return
        after = properties.contents(news)["labels"]
        if isinstance(news.get("account"), Unknown):
            self._log.info(traffic.UNKNOWN_ACCOUNT)
        elif isinstance(after, Unknown) or any(isinstance(value, Unknown) for value in after.values()):
            self._log.info(traffic.UNKNOWN_LABELS)
        elif self.refuses:
            line, costs = self._close_look(id_, olds, {} if replaced else after)
            if costs:
                raise traffic.Refused((traffic.refused_replacement if replaced else traffic.refused_change)(line))
            self._tell(line)
        else:
            line, costs = self._look(id_, olds, {} if replaced else after)
            self._tell(line, costs)

    @property
    def refuses(self) -> bool:
        """Whether what costs traffic is refused, and so a backend looked at before it is deleted."""
        return self._mode == "refuse"

    def before_delete(self, client: "Client", backend: Backend) -> None:
        """Looks at a backend, as it was fetched right before its delete.

        Raises:
            traffic.Refused: a tunnel is online in it, and the setting refuses that.
        """
        if self.refuses and (online := _online(client, backend)):
            raise traffic.Refused(traffic.refused_delete(backend.id, online))

    def _look(self, id_: str, olds: Mapping[str, Any], after: Mapping[str, str]) -> tuple[str, bool]:
        """Returns the line that tells what is to come, and whether it costs traffic: one listing for all changes."""
        before = properties.contents(olds)["labels"]
        try:
            tunnels = self._client(olds).look_at_tunnels(patiently=False)
        except (NgrokError, config.ConfigError) as error:
            if _all_stay(before, after):
                return "", False
            seen = None if olds.get("tunnels") is None else len(olds["tunnels"])
            return traffic.not_found_out(seen, after, error), bool(seen)
        moved = traffic.moves(traffic.serving(id_, before, tunnels), after, tunnels)
        return traffic.told(moved), bool(moved.leaving)

    def _close_look(self, id_: str, olds: Mapping[str, Any], after: Mapping[str, str]) -> tuple[str, bool]:
        """Does the same, but asks the backend itself who is in it, and what it cannot find out counts as a loss.

        The state may be old, the labels changed behind its back, and the list of tunnels incomplete or withdrawn.
        """
        try:
            client = self._client(olds)
            backend = client.read(id_)
        except NotFound:
            return "", False  # what that means, the update itself finds out
        except (NgrokError, config.ConfigError) as error:
            return traffic.not_found_out(None, after, error), True
        members = _online(client, backend)
        try:
            tunnels = client.look_at_tunnels(patiently=True)
        except NgrokError as error:
            if not members or _all_stay(backend.labels, after):
                return "", False
            return traffic.not_found_out(len(members), after, error), True
        moved = traffic.moves(members, after, tunnels)
        return traffic.told(moved), bool(moved.leaving)

    def _client(self, state: Mapping[str, Any]) -> "Client":
        return Account(state.get("account"), self._get_config, self._clients).client

    def _tell(self, line: str, costs: bool = False) -> None:
        if line:
            (self._log.warn if costs else self._log.info)(line)


def _online(client: "Client", backend: Backend) -> list[Tunnel]:
    """Returns the tunnels in a backend, as it names them itself."""
    return [Tunnel(client.shown(tunnel.id)) for tunnel in backend.tunnels]


def _all_stay(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Tells whether every tunnel that carries the labels of before carries those of after, whatever else it carries."""
    return bool(after) and after.items() <= before.items()
