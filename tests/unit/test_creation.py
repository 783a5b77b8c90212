"""Finding a created backend by its time, whatever the clocks say."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_ngrok_tg.api.creation import Creations
from pulumi_ngrok_tg.api.errors import ConnectionFailed
from pulumi_ngrok_tg.api.models import Page, TunnelGroupBackend
from pulumi_ngrok_tg.api.settings import Settings


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -3600.0])
@pytest.mark.parametrize("arrived", [True, False])
def test_ngroks_clock_may_differ_from_ours(ahead: float, arrived: bool) -> None:
    def made(id_: str, age: float) -> TunnelGroupBackend:
        moment = datetime.fromtimestamp(time.time() + ahead - age, timezone.utc)
        return TunnelGroupBackend(id_, "", moment.strftime("%Y-%m-%dT%H:%M:%SZ"), description="x")

    held = [made("bkdtg_older", age=30)]
    sent = []

    def post(body: Mapping[str, Any]) -> TunnelGroupBackend:
        sent.append(body)
        if len(sent) == 1:
            if arrived:
                held.append(made("bkdtg_ours", age=0))
            raise ConnectionFailed("broke", arrived=True)
        held.append(made("bkdtg_again", age=0))
        return held[-1]

    def pages() -> Iterator[Page]:
        yield Page(tuple(held), None)

    creations = Creations(post, pages, lambda: ahead, Settings("key", backoff=0.001), lambda _: None)
    assert creations.create({"description": "x"}).id == ("bkdtg_ours" if arrived else "bkdtg_again")
    assert len(sent) == (1 if arrived else 2)
