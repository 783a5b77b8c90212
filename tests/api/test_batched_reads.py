"""Reading many backends in few requests, whatever the stack and the account."""

import dataclasses
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.batched_reads import BatchedReads
from pulumi_ngrok_tg.api.call import Call
from pulumi_ngrok_tg.api.errors import (
    ApiError,
    ConnectionFailed,
    Limited,
    NgrokError,
    NotFound,
    ServerError,
    UnexpectedResponse,
    Unreadable,
    Untrusted,
)
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import BACKENDS, Backend

PAGE = 100


def backend(number: int) -> Backend:
    return Backend(f"bkdtg_{number}", "", "2025-01-21T18:19:53Z")


class Waiting(Call):
    """Says when it waits for another thread's page for the first time."""

    def __init__(self, waits: threading.Semaphore) -> None:
        super().__init__(0)
        self._waits = waits

    def hold(self, lock: threading.Lock) -> AbstractContextManager[None]:
        if lock.locked():
            self._waits.release()
        return super().hold(lock)


class Account:
    """Backends numbered from the newest, and a count of the calls."""

    def __init__(self, size: int, unlisted: frozenset[int] = frozenset(), broken_page: int | None = None) -> None:
        self.backends = {f"bkdtg_{n}": backend(n) for n in range(size)}
        self.unlisted = {f"bkdtg_{n}" for n in unlisted}
        self.broken_page = broken_page
        self.failure: NgrokError = Unreadable("astray")
        self.gets: list[str] = []
        self.lists = 0
        self.held = threading.Event()
        """Pages come once it is set."""
        self.held.set()
        self.inventory = BatchedReads(self.get, Listing(self.page, "https://x", BACKENDS))

    def get(self, _call: Call, id_: str) -> Backend:
        self.gets.append(id_)
        if id_ not in self.backends:
            raise NotFound("gone", 404, 6514)
        return self.backends[id_]

    def page(self, _call: Call, path: str) -> Any:
        self.held.wait(10)
        start = int(path.partition("before_id=")[2] or 0)
        self.lists += 1
        if self.lists == self.broken_page:
            raise self.failure
        listed = [b for id_, b in self.backends.items() if id_ not in self.unlisted]
        page = [{"id": b.id, "uri": "", "created_at": b.created_at} for b in listed[start : start + PAGE]]
        more = f"/backends/tunnel_group?before_id={start + PAGE}" if start + PAGE < len(listed) else None
        return {"backends": page, "next_page_uri": more}

    def read_all(self, ids: list[str], threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            found = pool.map(lambda id_: self.inventory.read(Call(0), id_), ids)
            assert [b.id for b in found] == ids

    @property
    def calls(self) -> int:
        return len(self.gets) + self.lists


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
def test_reads_cost_at_most_twice_the_cheaper_way(stack: tuple[int, list[str]], threads: int) -> None:
    size, ids = stack
    account = Account(size)
    account.read_all(ids, threads)
    assert account.calls <= 2 * min(len(ids), math.ceil(size / PAGE)) + (1 if len(ids) < 8 else 3)


@given(st.integers(1, 100), st.lists(st.integers(0, 99), min_size=1, unique=True), st.sampled_from([1, 8]))
def test_an_account_of_one_page_costs_one_call(size: int, chosen: list[int], threads: int) -> None:
    account = Account(size)
    account.read_all([f"bkdtg_{n}" for n in chosen if n < size], threads)
    assert account.calls == min(1, len([n for n in chosen if n < size]))


@pytest.mark.parametrize("threads", [1, 4, 8, 16])
@pytest.mark.parametrize(
    ("stack", "account", "most"),
    [(1, 10_000, 2), (2, 10_000, 4), (3, 10_000, 5), (7, 10_000, 13), (8, 10_000, 18), (10, 10_000, 22)],
)
def test_a_small_stack_does_not_list_a_large_account(stack: int, account: int, most: int, threads: int) -> None:
    held = Account(account)
    held.read_all([f"bkdtg_{(n + 1) * (account // stack) - 1}" for n in range(stack)], threads)
    assert held.calls <= most


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("size", [1, 100, 101, 200, 250, 300, 500, 700, 1000])
def test_a_stack_that_is_the_account_is_read_by_lists(size: int, oldest_first: bool) -> None:
    """Eight reads are under way before the first page is there, as in a refresh of the engine."""
    held = Account(size)
    held.held.clear()
    ids = sorted(held.backends, key=lambda id_: int(id_[6:]), reverse=oldest_first)
    others = threading.Semaphore(0)  # those that wait for the page
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(held.inventory.read, Waiting(others), id_) for id_ in ids]
        for _ in range(min(size, 8) - 1):
            assert others.acquire(timeout=30)
        held.held.set()
        assert [read.result().id for read in reads] == ids
    assert held.calls <= math.ceil(size / PAGE) + 1


def test_reads_one_after_the_other_alternate_between_pages_and_gets() -> None:
    """The calls of a stack of seven that is nowhere near the newest of a large account."""
    held = Account(10_000)
    calls = []
    for number in range(9_993, 10_000):
        before = (held.lists, len(held.gets))
        held.inventory.read(Call(0), f"bkdtg_{number}")
        calls.append((held.lists - before[0], len(held.gets) - before[1]))
    assert calls == [(1, 1), (1, 1), (0, 1), (1, 1), (1, 1), (1, 1), (1, 1)]


def test_a_backend_on_a_fetched_page_costs_no_request() -> None:
    held = Account(500)
    held.read_all([f"bkdtg_{number}" for number in range(100)], 1)
    assert held.calls == 1


def test_a_known_backend_costs_no_page() -> None:
    held = Account(500)
    ours = backend(450)
    held.inventory.keep(ours)
    assert held.inventory.read(Call(0), ours.id) is ours
    assert held.calls == 0


@pytest.mark.parametrize("oldest_first", [False, True])
def test_200_of_200_one_after_the_other_take_3_calls_at_most(oldest_first: bool) -> None:
    held = Account(200)
    held.read_all(sorted(held.backends, key=lambda id_: int(id_[6:]), reverse=oldest_first), 1)
    assert held.calls <= 3


@given(stacks(), st.frozensets(st.integers(0, 1200), max_size=20), st.integers(1, 4) | st.none())
def test_a_list_that_misses_backends_or_breaks_loses_none(
    stack: tuple[int, list[str]], unlisted: frozenset[int], broken_page: int | None
) -> None:
    size, ids = stack
    Account(size, unlisted, broken_page).read_all(ids, 4)


def test_an_unexpected_failure_of_a_page_leaves_no_thread_waiting() -> None:
    account = Account(5)
    account.inventory = BatchedReads(account.get, Listing(lambda _call, _path: 1 / 0, "https://x", BACKENDS))
    with pytest.raises(ZeroDivisionError):
        account.inventory.read(Call(0), "bkdtg_1")
    account.read_all(list(account.backends), 4)


OUTAGES = [Limited("", 429, 226), ServerError("", 503), ConnectionFailed("", True)]
EVERYONES = [ApiError("", 401, 203), ApiError("", 404, 7020), UnexpectedResponse(""), Untrusted(""), *OUTAGES]


@pytest.mark.parametrize("failure", EVERYONES, ids=repr)
def test_what_ends_the_list_after_all_attempts_fails_every_read(failure: NgrokError) -> None:
    account = Account(250, broken_page=2)
    account.failure = failure
    account.held.clear()
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(account.inventory.read, Call(0), id_) for id_ in list(account.backends)[:50:-1]]
        account.held.set()
        failures = [read.exception() for read in reads]
    assert set(failures[:150]) == {failure}
    assert account.lists == 2
    assert len(account.gets) <= 8


@pytest.mark.parametrize("failure", [Unreadable(""), NotFound("", 404, 6514)], ids=repr)
def test_reads_go_by_id_if_only_the_list_fails(failure: NgrokError) -> None:
    account = Account(5, broken_page=1)
    account.failure = failure
    account.read_all(list(account.backends), 4)
    assert sorted(account.gets) == sorted(account.backends)


def test_a_backend_missing_in_the_list_is_fetched_by_id() -> None:
    account = Account(5)
    account.read_all(list(account.backends), 1)
    with pytest.raises(NotFound):
        account.inventory.read(Call(0), "bkdtg_9")
    assert account.gets == ["bkdtg_9"]


def test_a_backend_about_to_change_is_fetched_by_id_and_a_changed_one_is_known() -> None:
    account = Account(5)
    account.read_all(list(account.backends), 1)
    account.inventory.forget("bkdtg_4")
    account.inventory.read(Call(0), "bkdtg_4")
    account.inventory.read(Call(0), "bkdtg_4")
    assert account.gets == ["bkdtg_4", "bkdtg_4"]
    ours = backend(4)
    account.inventory.keep(ours)
    assert account.inventory.read(Call(0), "bkdtg_4") is ours
    assert len(account.gets) == 2


@pytest.mark.parametrize("keep", [True, False])
def test_a_page_in_flight_does_not_hide_our_own_write(keep: bool) -> None:
    account = Account(5)
    account.held.clear()
    ours = Backend("bkdtg_4", "", "2025-01-21T18:19:53Z", description="ours")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(account.inventory.read, Call(0), "bkdtg_0")
        account.inventory.forget("bkdtg_4")
        if keep:
            account.inventory.keep(ours)
        account.backends["bkdtg_4"] = ours
        stale = dict(account.backends)
        account.held.set()
        reading.result()
    assert account.inventory.read(Call(0), "bkdtg_4") == stale["bkdtg_4"]
    assert account.gets == ([] if keep else ["bkdtg_4"])


def test_a_later_page_does_not_hide_our_own_create() -> None:
    account = Account(3)
    ours = dataclasses.replace(backend(1), description="ours")
    account.inventory.keep(ours)
    account.read_all(["bkdtg_0"], threads=1)
    assert account.lists == 1
    assert account.inventory.read(Call(0), "bkdtg_1") == ours
