"""Reading many backends in few requests, whatever the stack and the account."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.errors import NotFound, UnexpectedAnswer
from pulumi_ngrok_tg.api.inventory import Inventory
from pulumi_ngrok_tg.api.models import Page, TunnelGroupBackend

PAGE = 100


class Account:
    """Backends numbered from the newest, and a count of the calls."""

    def __init__(self, size: int, unlisted: frozenset[int] = frozenset(), broken_page: int | None = None) -> None:
        self.backends = {f"bkdtg_{n}": TunnelGroupBackend(f"bkdtg_{n}", "", "") for n in range(size)}
        self.unlisted = {f"bkdtg_{n}" for n in unlisted}
        self.broken_page = broken_page
        self.gets: list[str] = []
        self.lists = 0
        self.inventory = Inventory(self.get, self.pages)

    def get(self, id_: str) -> TunnelGroupBackend:
        self.gets.append(id_)
        if id_ not in self.backends:
            raise NotFound("gone", 404, 6514)
        return self.backends[id_]

    def pages(self) -> Iterator[Page]:
        listed = [backend for id_, backend in self.backends.items() if id_ not in self.unlisted]
        for start in range(0, max(len(listed), 1), PAGE):
            self.lists += 1
            if self.lists == self.broken_page:
                raise UnexpectedAnswer("astray")
            more = "more" if start + PAGE < len(listed) else None
            yield Page(tuple(listed[start : start + PAGE]), more)

    def read_all(self, ids: list[str], threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            for id_, backend in zip(ids, pool.map(self.inventory.read, ids), strict=True):
                assert backend is self.backends[id_]


@st.composite
def stacks(draw: st.DrawFn) -> tuple[int, list[str]]:
    """The size of an account, and the ids of a stack in it, in the order they are read in."""
    size = draw(st.integers(1, 1200))
    if draw(st.booleans()):
        chosen = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=60, unique=True))
    else:
        first = draw(st.integers(0, size - 1))
        chosen = list(range(first, size))
        if draw(st.booleans()):
            chosen.reverse()
    return size, [f"bkdtg_{n}" for n in chosen]


@given(stacks(), st.sampled_from([1, 2, 8]))
def test_the_cost_is_about_twice_the_cheaper_way_at_most(stack: tuple[int, list[str]], threads: int) -> None:
    size, ids = stack
    account = Account(size)
    account.read_all(ids, threads)
    best = min(len(ids), math.ceil(size / PAGE))
    assert len(account.gets) + account.lists <= 2 * best + 1
    assert account.lists < max(len(account.gets), 1), "never more pages than GETs"


@pytest.mark.parametrize("threads", [1, 4, 8, 16])
@pytest.mark.parametrize(("stack", "account", "most"), [(200, 200, 6), (1, 10_000, 1), (3, 10_000, 5), (100, 100, 3)])
def test_the_cost_in_cases_people_have(stack: int, account: int, most: int, threads: int) -> None:
    held = Account(account)
    held.read_all([f"bkdtg_{n * (account // stack)}" for n in range(stack)], threads)
    assert len(held.gets) + held.lists <= most


@given(stacks(), st.frozensets(st.integers(0, 1200), max_size=20), st.integers(1, 4) | st.none())
def test_a_list_that_misses_backends_or_breaks_loses_none(
    stack: tuple[int, list[str]], unlisted: frozenset[int], broken_page: int | None
) -> None:
    size, ids = stack
    Account(size, unlisted, broken_page).read_all(ids, 4)


def test_only_a_get_says_gone() -> None:
    account = Account(5)
    account.read_all(list(account.backends), 1)
    with pytest.raises(NotFound):
        account.inventory.read("bkdtg_9")
    assert account.gets[-1] == "bkdtg_9"


def test_what_we_have_changed_is_asked_for_again() -> None:
    account = Account(5)
    account.read_all(list(account.backends), 1)
    calls = len(account.gets)
    account.inventory.forget("bkdtg_4")
    account.inventory.read("bkdtg_4")
    account.inventory.read("bkdtg_4")
    assert account.gets[calls:] == ["bkdtg_4", "bkdtg_4"]


def test_a_page_that_was_under_way_does_not_undo_our_own_write() -> None:
    account = Account(5)
    stale = account.backends["bkdtg_4"]
    original = account.inventory._pages
    assert original

    def slow() -> Iterator[Page]:
        page = next(original)
        fresh = TunnelGroupBackend("bkdtg_4", "", "", description="ours")
        account.backends["bkdtg_4"] = fresh
        account.inventory.forget("bkdtg_4")
        yield page

    account.inventory._pages = slow()
    for id_ in ("bkdtg_0", "bkdtg_1", "bkdtg_2"):
        account.inventory.read(id_)
    assert account.inventory.read("bkdtg_4") is not stale
