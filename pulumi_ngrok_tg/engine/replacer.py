"""Refuses a create that replaces a backend with tunnels online, if onTrafficLoss is ``refuse``."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from pulumi_ngrok_tg.accounts.clients import Account
from pulumi_ngrok_tg.engine import upstream
from pulumi_ngrok_tg.engine.last_seen import accept_gone
from pulumi_ngrok_tg.engine.run import Run
from pulumi_ngrok_tg.engine.traffic_guard import TrafficGuard
from pulumi_ngrok_tg.rules import replaced, traffic
from pulumi_ngrok_tg.rules.advice import ProviderError


class Replacer:
    """Checks the backend that a create replaces; the program names it.

    Args:
        run: what is known of the operation so far.
        open_account: yields the account of a resource, from its properties.
        guard: checks the tunnels.
    """

    def __init__(
        self,
        run: Run,
        open_account: Callable[[Mapping[str, Any]], AbstractContextManager[Account]],
        guard: TrafficGuard,
    ) -> None:
        self._run = run
        self._open = open_account
        self._guard = guard

    def check(self, news: Mapping[str, Any]) -> Iterator[str]:
        """Yield what prevents the create of the current resource, and note what it replaces."""
        urn = upstream.find_urn()
        try:
            held = replaced.find_replaced(news, urn)
            if held is not None:
                self._run.replaced[urn] = held
            self.require_no_loss()
        except replaced.Unread as unread:
            yield traffic.refuse_create_unread(str(unread))
        except (traffic.Refused, ProviderError) as refusal:
            yield str(refusal)

    def require_no_loss(self) -> None:
        """Check once more the backend that the current resource replaces, if any.

        Raises:
            traffic.Refused: tunnels are online in it, or might be, and the setting refuses that.
            ProviderError: it could not be read.
        """
        held = self._run.replaced.get(upstream.find_urn())
        if held is None or held.id in self._run.deleted:
            return
        with self._open(held.outputs) as account, accept_gone(held.outputs, account):
            self._guard.before_replacement(held.id, held.outputs)
