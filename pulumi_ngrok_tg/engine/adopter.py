"""Has a create adopt a backend that exists, or says what keeps it from that."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, cast

from pulumi_ngrok_tg import adoption, advice, ownership
from pulumi_ngrok_tg.accounts import Account
from pulumi_ngrok_tg.advice import ProviderError
from pulumi_ngrok_tg.api.errors import NotFound
from pulumi_ngrok_tg.engine import upstream
from pulumi_ngrok_tg.engine.run import Run
from pulumi_ngrok_tg.engine.traffic_guard import Log

_SHOWN = 5  # adoptions that the summary keeps


class Adopter:
    """Checks adoptions.

    Args:
        run: what the operation has shown.
        open_account: gives the account of a resource with these inputs; turns the API's errors into ProviderError.
        log: hears of each adoption.
    """

    def __init__(
        self, run: Run, open_account: Callable[[dict[str, Any]], AbstractContextManager[Account]], log: Log
    ) -> None:
        self._run = run
        self._open = open_account
        self._log = log

    def check(self, wanted: adoption.Adoption, inputs: dict[str, Any]) -> Iterator[str]:
        """Has the create adopt a backend, or says what keeps it from that."""
        urn = upstream.current_urn()
        if wanted.id is None and wanted.mode != adoption.IDENTICAL:
            yield adoption.unknown_mode(wanted.mode)
        elif wanted.unread is not None:
            yield adoption.unread(wanted.id, wanted.unread) if wanted.id else f"PULUMI_NGROK_TG_ADOPT: {wanted.unread}"
        elif not wanted.is_known:
            if wanted.id is None:
                self._log.info(adoption.UNKNOWN_CONTENTS)
        elif wanted.id is not None:
            if wanted.managed_by is not None:
                yield adoption.managed_already(wanted.id, wanted.managed_by, wanted.managed_by == urn)
            elif holder := adoption.find_holder(wanted, urn):
                yield adoption.held_by_other_type(wanted.id, holder)
            else:
                yield from self._verify(wanted, wanted.id, inputs)
        elif len(wanted.candidates or ()) > 1:
            yield adoption.several_identical(wanted.candidates or ())
        elif wanted.candidates:
            (id_,) = wanted.candidates
            if wanted.twins:
                yield adoption.several_resources(id_, wanted.twins)
                return
            if holder := adoption.find_holder(wanted, urn):
                yield adoption.held_by_other_type(id_, holder)
                return
            inputs[adoption.INPUT] = id_
            yield from self._verify(wanted, id_, inputs)
        else:
            self._log.info(adoption.NONE_IDENTICAL)

    def _verify(self, wanted: adoption.Adoption, id_: str, inputs: dict[str, Any]) -> Iterator[str]:
        """Says what a backend that exists keeps from being adopted."""
        urn = upstream.current_urn()
        try:
            with self._open(inputs) as account:
                account.client.expect_reads(wanted.count)
                try:
                    backend = account.client.read(id_)
                except NotFound as error:
                    raise ProviderError(advice.missing(error, id_)) from error
        except ProviderError as error:
            hint = " If it was deleted at ngrok, remove import_." if isinstance(error.__cause__, NotFound) else ""
            yield f"import_: {error}{hint}"
            return
        differing = list(adoption.differences(wanted, id_, cast(dict[str, Any], backend.contents), inputs))
        yield from differing
        if ownership.is_operators(backend.contents) and not wanted.allow_operator_owned:
            yield adoption.operators(id_)
        if other := self._run.holders.adopt(id_, urn):
            yield adoption.declared_twice(id_, other)
        elif not differing:
            self._tell_of_adoption(id_, urn)

    def _tell_of_adoption(self, id_: str, urn: str) -> None:
        """Tells of it on the resource's row; of many, the summary keeps a handful."""
        self._run.adopting.add(urn)
        line = f"adopts {id_}, which exists; nothing is created or changed at ngrok"
        if len(self._run.adopting) <= _SHOWN:
            self._log.info(line)
            return
        self._log.status(line)
        if len(self._run.adopting) == _SHOWN + 1:
            self._log.info(f"{line}. (Further adoptions are shown on their rows only. Pulumi counts each as a create.)")
