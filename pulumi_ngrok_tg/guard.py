"""Looks at the tunnels online before a change, and tells of the traffic that it costs, or refuses it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pulumi.output import Unknown

from pulumi_ngrok_tg import config, properties, traffic
from pulumi_ngrok_tg.accounts import Account, Clients
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound


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
            traffic.Refused: tunnels would leave, and the setting refuses that.
        """
        replaced = olds.get("account") != news.get("account")
        if self._mode == "ignore" or not (replaced or "labels" in properties.changes(olds, news)):
            return
        before = properties.contents(olds)["labels"]
        after = {} if replaced else properties.contents(news)["labels"]
        if isinstance(news.get("account"), Unknown) or _is_unknown(after):
            self._log.info(traffic.UNKNOWN)
            return
        line, costs = self._outlook(id_, olds, before, after)
        if costs and self._mode == "refuse":
            raise traffic.Refused((traffic.refused_replacement if replaced else traffic.refused_change)(line))
        if line:
            (self._log.warn if costs else self._log.info)(line)

    def before_delete(self, id_: str, account: Account) -> None:
        """Sees, with one GET, that no tunnel is online in a backend; does nothing unless the setting refuses that.

        Raises:
            traffic.Refused: there is one.
            NgrokError: it could not be found out.
        """
        if self._mode == "refuse":
            try:
                online = account.client.get(id_).tunnels
            except NotFound:
                return  # what that means, the delete itself finds out
            if online:
                raise traffic.Refused(traffic.refused_delete(id_, online))

    def _outlook(
        self, id_: str, olds: Mapping[str, Any], before: Mapping[str, str], after: Mapping[str, str]
    ) -> tuple[str, bool]:
        """Returns the line that tells what is to come, and whether it costs traffic."""
        try:
            moved = traffic.moves(before, after, self._account(olds).client.tunnels())
        except (NgrokError, config.ConfigError) as error:
            seen = len(olds.get("tunnels") or ())
            costs = seen > 0
            if self._mode == "refuse":
                # The state may be old, and ngrok may not show the account's tunnels any more: the backend itself knows.
                try:
                    seen = len(self._account(olds).client.get(id_).tunnels)
                    costs = seen > 0
                except (NgrokError, config.ConfigError):
                    costs = True
            return traffic.not_found_out(seen, error), costs
        return traffic.told(moved), bool(moved.leaving)

    def _account(self, state: Mapping[str, Any]) -> Account:
        return Account(state.get("account"), self._get_config, self._clients)


def _is_unknown(labels: Any) -> bool:
    return isinstance(labels, Unknown) or any(isinstance(value, Unknown) for value in labels.values())
