"""Accounts as look-ups share them."""

import time
from typing import Any

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.program.account_listing import EVER, ListedAccount

OLD = Backend("bkdtg_a", "", "2025-01-21T18:19:53Z", description="old")
NEW = Backend("bkdtg_a", "", "2025-01-21T18:19:53Z", description="new")


class Client:
    """Knows the backend as it was when it was listed last."""

    def list(self, _collection: object, max_age: float) -> tuple[Backend, ...]:
        return (OLD if max_age > 1 else NEW,)

    def read(self, _id: str) -> Backend:
        return OLD

    def get(self, _id: str) -> Backend:
        return NEW


def test_a_look_up_is_no_older_than_what_it_depends_on() -> None:
    client: Any = Client()
    account = ListedAccount(client)
    assert (account.read(OLD.id, EVER), account.find_carrying({}, EVER)) == (OLD, [OLD])
    now = time.monotonic()
    assert (account.read(OLD.id, now), account.find_carrying({}, now)) == (NEW, [NEW])
