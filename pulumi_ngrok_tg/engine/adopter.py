"""Makes a create adopt an existing backend, or explains why it cannot."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, cast

from pulumi_ngrok_tg.accounts.clients import Account
from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.engine import upstream
from pulumi_ngrok_tg.engine.run import Run
from pulumi_ngrok_tg.rules import adoption, advice, kubernetes
from pulumi_ngrok_tg.rules.advice import ProviderError

_SHOWN = 5  # adoptions that the summary keeps


class Adopter:
    """Checks adoptions.

    Args:
        run: what is known of the operation so far.
        open_account: yields the account of a resource with these inputs; turns the API's errors into ProviderError.
        reporter: gets a line for each adoption.
    """

    def __init__(
        self, run: Run, open_account: Callable[[dict[str, Any]], AbstractContextManager[Account]], reporter: Reporter
    ) -> None:
        self._run = run
        self._open = open_account
        self._reporter = reporter

    def check(self, wanted: adoption.Adoption, inputs: dict[str, Any]) -> Iterator[str]:
        """Make the create adopt a backend, or yield why it cannot."""
        urn = upstream.find_urn()
        if wanted.id is None and wanted.mode != adoption.IDENTICAL:
            yield adoption.explain_unknown_mode(wanted.mode)
        elif wanted.unread is not None:
            yield (
                adoption.explain_unread(wanted.id, wanted.unread)
                if wanted.id
                else f"PULUMI_NGROK_TG_ADOPT: {wanted.unread}"
            )
        elif not wanted.is_known:
            if wanted.id is None:
                self._reporter.info(adoption.UNKNOWN_CONTENTS)
        elif wanted.id is not None:
            if wanted.managed_by not in (None, urn):
                yield adoption.explain_managed(wanted.id, wanted.managed_by)
            elif holder := adoption.find_holder(wanted, urn):
                yield adoption.explain_held_by_other_type(wanted.id, holder)
            else:
                yield from self._verify(wanted, wanted.id, inputs)
        elif len(wanted.candidates or ()) > 1:
            yield adoption.explain_several_identical(wanted.candidates or ())
        elif wanted.candidates:
            (id_,) = wanted.candidates
            if wanted.twins:
                yield adoption.explain_several_resources(id_, wanted.twins)
                return
            if holder := adoption.find_holder(wanted, urn):
                yield adoption.explain_held_by_other_type(id_, holder)
                return
            inputs[adoption.INPUT] = id_
            yield from self._verify(wanted, id_, inputs)
        else:
            self._reporter.info(adoption.NONE_IDENTICAL)

    def _verify(self, wanted: adoption.Adoption, id_: str, inputs: dict[str, Any]) -> Iterator[str]:
        """Yield what prevents the adoption of an existing backend."""
        urn = upstream.find_urn()
        try:
            with self._open(inputs) as account:
                account.client.expect_reads(wanted.count)
                try:
                    backend = account.client.read(id_)
                except NotFound as error:
                    raise ProviderError(advice.explain_missing(error, id_)) from error
        except ProviderError as error:
            deleted = " If somebody deleted it, remove import_ from its options; `pulumi up` then creates it again."
            yield f"import_: {error}{deleted if isinstance(error.__cause__, NotFound) else ''}"
            return
        if wanted.managed_by == urn:
            yield adoption.explain_replaced(id_)
            return
        differing = list(adoption.explain_differences(wanted, id_, cast(dict[str, Any], backend.contents), inputs))
        yield from differing
        if kubernetes.is_operator_owned(backend.contents) and not wanted.allow_operator_owned:
            yield adoption.explain_operator_owned(id_)
        if other := self._run.holders.adopt(id_, urn):
            yield adoption.explain_declared_twice(id_, other)
        elif not differing:
            self._report_adoption(id_, urn)

    def _report_adoption(self, id_: str, urn: str) -> None:
        """Report the adoption on the resource's row; the summary keeps the first few."""
        self._run.adopting.add(urn)
        line = f"adopts {id_}, which exists; nothing is created or changed at ngrok"
        if len(self._run.adopting) <= _SHOWN:
            self._reporter.info(line)
            return
        self._reporter.status(line)
        if len(self._run.adopting) == _SHOWN + 1:
            self._reporter.info(
                f"{line}. (Any further adoptions show only while they happen. Pulumi counts each adoption as a create.)"
            )
