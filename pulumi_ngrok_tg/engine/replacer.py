"""Keeps a create from replacing a backend whose tunnels would be cut off, where the stack's setting refuses that."""

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
    """Looks at what a create replaces, as the program has told it.

    Args:
        run: what the operation has shown so far.
        open_account: gives the account of a resource, from its properties.
        guard: looks at the tunnels.
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
        """Say what keeps the resource at hand from being created, and note what it replaces."""
        urn = upstream.find_urn()
        try:
            held = replaced.find_held(news, urn)
            if held is not None:
                self._run.replaced[urn] = held
            self.require_no_loss()
        except replaced.Unread as unread:
            yield traffic.refuse_create_unread(str(unread))
        except (traffic.Refused, ProviderError) as refusal:
            yield str(refusal)

    def require_no_loss(self) -> None:
        """Look once more at what the resource at hand replaces, if anything.

        Raises:
            traffic.Refused: tunnels are online in it, or might be, and the setting refuses that.
            ProviderError: it could not be read.
        """
        held = self._run.replaced.get(upstream.find_urn())
        if held is None or held.id in self._run.deleted:
            return
        with self._open(held.outputs) as account, accept_gone(held.outputs, account):
            self._guard.before_replacement(held.id, held.outputs)
