"""Creates whose response is lost: found by their contents and time, or sent again, and never made twice unnoticed."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_ngrok_tg.api.creation import Creations
from pulumi_ngrok_tg.api.errors import ApiError, ConnectionFailed, FateUnknown, NgrokError, ServerError
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import BACKENDS, Backend, Contents
from pulumi_ngrok_tg.api.patience import Patience
from pulumi_ngrok_tg.api.settings import AccountSettings
from tests.reporter import Heard

LOST = ConnectionFailed("broke", arrived=True)
SETTINGS = AccountSettings("key", backoff=0.001, max_attempts=3)


class Account:
    """What an account holds, and how it behaves: an outcome for each POST in turn, then always the last."""

    def __init__(self, *outcomes: Callable[["Account"], Backend], ahead: float = 0.0) -> None:
        self.outcomes = list(outcomes)
        self.ahead = ahead
        """Seconds that ngrok's clock is ahead of ours, which may be set meanwhile."""
        self.ngrok_ahead = ahead
        self.held: list[Backend] = []
        self.posts: list[Contents] = []
        self.heard = Heard()
        self.creations = Creations(
            self.post, self.listing, lambda: self.ahead, SETTINGS, self.heard, lambda: time.time() + ahead - self.ahead
        )

    def make(self, id_: str, age: float = 0, description: str = "x") -> Backend:
        moment = datetime.fromtimestamp(time.time() + self.ngrok_ahead - age, timezone.utc)
        self.held.append(Backend(id_, "", moment.strftime("%Y-%m-%dT%H:%M:%SZ"), description=description))
        return self.held[-1]

    def post(self, body: Contents, _patience: Patience) -> Backend:
        self.posts.append(body)
        return (self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0])(self)

    def listing(self) -> Listing:
        def page(path: str, _patience: Patience) -> Any:
            """Pages of one, the newest first."""
            number = int(path.partition("page=")[2] or 0)
            shown = [
                {"id": b.id, "uri": "", "created_at": b.created_at, "description": b.description}
                for b in self.held[::-1][number : number + 1]
            ]
            return {"backends": shown, "next_page_uri": f"?page={number + 1}" if number + 1 < len(self.held) else None}

        return Listing(page, "https://x", BACKENDS)

    def create(self, patience: float = 10) -> Backend:
        return self.creations.create({"description": "x"}, Patience(patience))


def made(id_: str) -> Callable[[Account], Backend]:
    return lambda account: account.make(id_)


def lost(id_: str | None = None, error: NgrokError = LOST) -> Callable[[Account], Backend]:
    """A response that is lost, of a request that made a backend or none."""

    def outcome(account: Account) -> Backend:
        if id_:
            account.make(id_)
        raise error

    return outcome


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -3600.0])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_create_is_found_although_the_clocks_differ(ahead: float, arrived: bool) -> None:
    account = Account(lost("bkdtg_ours" if arrived else None), made("bkdtg_again"), ahead=ahead)
    account.make("bkdtg_older", age=30)
    assert account.create().id == ("bkdtg_ours" if arrived else "bkdtg_again")
    assert len(account.posts) == (1 if arrived else 2)


@pytest.mark.parametrize("set_by", [-60.0, 60.0])
def test_a_lost_create_is_found_although_this_clock_was_set_meanwhile(set_by: float) -> None:
    def lost_while_the_clock_is_set(account: Account) -> Backend:
        account.ahead -= set_by
        return lost("bkdtg_ours")(account)

    account = Account(lost_while_the_clock_is_set, made("bkdtg_again"))
    assert account.create().id == "bkdtg_ours"


def test_empty_fields_are_left_out() -> None:
    account = Account(made("bkdtg_a"))
    account.creations.create({"description": "x", "metadata": "", "labels": {}}, Patience(10))
    assert account.posts == [{"description": "x"}]


def test_two_lost_creates_never_take_the_same_backend() -> None:
    account = Account(lost("bkdtg_a"), lost(), made("bkdtg_b"))
    assert account.create().id == "bkdtg_a"
    assert account.create().id == "bkdtg_b", "the lost second one did not arrive"


def test_a_response_about_another_creates_backend_counts_as_lost() -> None:
    account = Account(made("bkdtg_a"), lambda account: account.held[0], made("bkdtg_b"))
    assert [account.create().id, account.create().id] == ["bkdtg_a", "bkdtg_b"]


def replayed(**contents: Any) -> Callable[[Account], Backend]:
    """A proxy's response about a backend of another team, which was made in 2023, or with these contents."""

    def outcome(account: Account) -> Backend:
        ours = account.make("bkdtg_ours")
        theirs = {"id": "bkdtg_theirs", "created_at": "2023-05-01T00:00:00Z", **contents}
        return replace(ours, **theirs)

    return outcome


NOW = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    "contents",
    [{}, {"description": "theirs"}, {"labels": {"app": "theirs"}}, {"created_at": NOW, "labels": {"app": "theirs"}}],
)
@pytest.mark.parametrize("ahead", [0.0, 3600.0, -3600.0])
def test_a_replayed_response_about_anothers_backend_is_not_taken(contents: dict[str, Any], ahead: float) -> None:
    account = Account(replayed(**contents), ahead=ahead)
    assert account.create().id == "bkdtg_ours", "the list shows what the create has made"
    assert len(account.posts) == 1


@pytest.mark.parametrize(("kept", "warned"), [("x", []), ("", ["description"]), ("X", ["description"])])
def test_a_value_that_ngrok_keeps_otherwise_is_a_warning(kept: str, warned: list[str]) -> None:
    account = Account(lambda account: account.make("bkdtg_a", description=kept))
    assert account.create().description == kept, "an error would lose the backend"
    assert account.heard.warnings == [
        f"ngrok keeps another {name} of bkdtg_a than was sent; write it as ngrok does" for name in warned
    ]


def test_the_fate_is_unknown_if_every_response_is_about_another_creates_backend() -> None:
    account = Account(made("bkdtg_a"), lambda account: account.held[0])
    account.create()
    told = r"^The response to a create is about bkdtg_a, which another create has made\. No backend with these contents"
    with pytest.raises(FateUnknown, match=told):
        account.create()


@pytest.mark.parametrize("error", [LOST, ServerError("down", 503)], ids=["lost", "down"])
def test_the_fate_is_unknown_after_the_last_attempt(error: NgrokError) -> None:
    account = Account(lost(error=error))
    with pytest.raises(
        FateUnknown, match=f"^{error} No backend with these contents has appeared, but one may still appear"
    ):
        account.create()
    assert len(account.posts) == 3


def test_an_error_is_passed_on_if_nothing_was_created() -> None:
    account = Account(lost(error=ApiError("no", 400, 6503)))
    with pytest.raises(ApiError, match=r"^no$"):
        account.create()
    assert len(account.posts) == 1


def test_a_lost_create_is_found_when_a_later_attempt_fails() -> None:
    account = Account(lost(), lambda account: lost("bkdtg_late", ApiError("full", 400, 5000))(account))
    assert account.create().id == "bkdtg_late"


def test_several_backends_that_a_lost_create_may_have_made_are_named() -> None:
    account = Account(lost("bkdtg_ours"))
    account.make("bkdtg_theirs")
    with pytest.raises(FateUnknown) as error:
        account.create()
    told = "broke Several backends with these contents have appeared since: bkdtg_ours, bkdtg_theirs."
    assert str(error.value) == told


def test_a_create_that_arrives_late_is_a_warning() -> None:
    def late(account: Account) -> Backend:
        account.make("bkdtg_late")
        return account.make("bkdtg_again")

    account = Account(lost(), late)
    assert account.create().id == "bkdtg_again"
    (line,) = account.heard.warnings
    assert line == (
        "bkdtg_late has the contents of bkdtg_again and appeared while its create was sent again; if nobody else made "
        "it, the lost request did: delete it"
    )


def test_an_empty_backend_is_found_by_its_emptiness() -> None:
    def lost_and_empty(account: Account) -> Backend:
        account.make("bkdtg_ours", description="")
        raise LOST

    account = Account(lost_and_empty)
    account.make("bkdtg_other", description="x")
    assert account.creations.create({}, Patience(10)).id == "bkdtg_ours"


def test_waits_between_attempts_are_reported_and_counted() -> None:
    account = Account(lost(), lost(), made("bkdtg_a"))
    account.creations.settings = replace(SETTINGS, backoff=0.6)
    patience = Patience(10)
    account.creations.create({"description": "x"}, patience)
    assert patience.spent >= 0.6 + 1.2
    assert account.heard.statuses
    assert all(line.startswith("broke Next attempt in ") for line in account.heard.statuses)


def test_a_backend_found_after_several_lost_requests_is_a_warning() -> None:
    account = Account(lost(), lambda account: lost("bkdtg_ours")(account), made("bkdtg_again"))
    assert account.create().id == "bkdtg_ours"
    assert account.heard.warnings == [
        "The create of bkdtg_ours was sent 2 times without a response; if another backend with its contents appears "
        "that nobody else made, delete it"
    ]


def test_a_backend_found_after_one_lost_request_is_no_warning() -> None:
    account = Account(lost("bkdtg_ours"))
    assert account.create().id == "bkdtg_ours"
    assert account.heard.warnings == []


def test_different_creates_are_sent_at_the_same_time_and_identical_ones_are_not() -> None:
    """Identical, in whatever order the labels are written."""
    together = threading.Barrier(2)

    def outcome(account: Account) -> Backend:
        together.wait(2)
        return account.make(f"bkdtg_{len(account.held)}")

    def create(account: Account, *both: Contents) -> list[Backend]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda contents: account.creations.create(contents, Patience(10)), both))

    create(Account(outcome), {"description": "one"}, {"description": "two"})
    together.reset()
    with pytest.raises(threading.BrokenBarrierError):
        create(Account(outcome), {"labels": {"a": "1", "b": "2"}}, {"labels": {"b": "2", "a": "1"}})


def test_an_earlier_creates_wait_is_not_counted_twice() -> None:
    account = Account(lost(), lost(), made("bkdtg_a"), made("bkdtg_b"))
    first, second = Patience(10), Patience(10)
    account.creations.create({"description": "x"}, first)
    account.creations.create({"description": "x"}, second)
    assert first.spent > 0
    assert second.spent == 0


def test_a_backend_older_than_the_create_is_never_taken() -> None:
    account = Account(lost(), made("bkdtg_a"))
    account.make("bkdtg_theirs", age=4)
    assert account.create().id == "bkdtg_a"


def test_a_create_succeeds_although_the_search_for_doubles_fails() -> None:
    account = Account(lost(), made("bkdtg_a"))
    listings = [account.listing()]

    def failing() -> Listing:
        return listings.pop() if listings else Listing(lambda _path, _patience: None, "https://x", BACKENDS)

    account.creations = Creations(account.post, failing, lambda: 0.0, SETTINGS, account.heard)
    assert account.create().id == "bkdtg_a"


def test_identical_creates_wait_for_ngrok_together() -> None:
    account = Account(lost())
    account.creations.settings = replace(SETTINGS, backoff=0.2, max_attempts=100)
    patiences = [Patience(1.0) for _ in range(4)]

    def create(patience: Patience) -> None:
        with pytest.raises(FateUnknown):
            account.creations.create({"description": "x"}, patience)

    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, patiences))
    assert time.monotonic() - began < sum(patience.total for patience in patiences) / 2


def test_a_wait_beyond_the_calls_limit_does_not_begin() -> None:
    account = Account(lost())
    with pytest.raises(FateUnknown):
        account.create(patience=0)
    assert len(account.posts) == 1
