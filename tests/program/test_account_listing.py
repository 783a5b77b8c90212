"""Accounts as look-ups share them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.program.account_listing import ListedAccount

OLD = Backend("bkdtg_a", "", "2025-01-21T18:19:53Z", description="old")
NEW = Backend("bkdtg_a", "", "2025-01-21T18:19:53Z", description="new")


class Client:
    """Knows the backend as it was; while it starts over, others go on."""

    known = OLD
    meanwhile: Callable[[], Any]

    def start_over(self) -> None:
        self.meanwhile()
        self.known = NEW

    def list_all(self) -> list[Backend]:
        return [self.known]

    def read(self, _id: str) -> Backend:
        return self.known

    def get(self, _id: str) -> Backend:
        return NEW


def test_a_look_up_by_id_is_new_enough_during_another_listing() -> None:
    seen: list[Backend] = []
    client: Any = Client()
    account = ListedAccount(client)
    with ThreadPoolExecutor(1) as pool:
        client.meanwhile = lambda: seen.append(pool.submit(account.read, OLD.id, 0.0).result(10))
        assert account.find_carrying({}, 0.0) == [NEW]
    assert seen == [NEW]
