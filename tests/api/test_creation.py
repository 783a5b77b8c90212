"""Creates whose response is lost: found by their contents and time, or sent again, and never made twice unnoticed."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_ngrok_tg.api.call import Call, Cancellation
from pulumi_ngrok_tg.api.errors import ApiError, Cancelled, FateUnknown, GaveUp, NgrokError
from tests.api.ngrok import LOST, Ngrok, Outcome, limit, lose, make, reject, replay, show_page


def make_time(age: float) -> str:
    return datetime.fromtimestamp(time.time() - age, timezone.utc).isoformat()


THEIRS: dict[str, Any] = {"id": "bkdtg_theirs", "created_at": "2023-05-01T00:00:00Z"}


def create(ngrok: Ngrok, contents: Any = None, call: Call | None = None) -> str:
    return ngrok.creations.create({"description": "x"} if contents is None else contents, call or Call(10, 5)).id


CLOCKS = [(0, 0), (5, 0), (0, -5), (40, 0), (0, -40), (7200, 0), (-7200, 0), (0, 7200), (0, -7200)]


@pytest.mark.parametrize(("ours_ahead", "date_ahead"), CLOCKS)
def test_a_lost_create_is_found_if_both_clocks_say_that_it_is_new(ours_ahead: float, date_ahead: float) -> None:
    ngrok = Ngrok(lose(), ours_ahead=ours_ahead, date_ahead=date_ahead)
    ngrok.add("bkdtg_older", age=600)
    if max(map(abs, (ours_ahead, date_ahead))) <= 10:
        assert create(ngrok) in ngrok.made
    else:
        with pytest.raises(FateUnknown, match=r"bkdtg_1 has these contents, but may be older: .* differ by [+-]\d+ s"):
            create(ngrok)
    assert ngrok.posts == 1


@pytest.mark.parametrize(("ours_ahead", "date_ahead"), CLOCKS)
@pytest.mark.parametrize("lost", [True, False])
def test_a_create_with_a_response_succeeds_if_one_of_the_clocks_is_right(
    ours_ahead: float, date_ahead: float, lost: bool
) -> None:
    ngrok = Ngrok(*[lose(arrived=False)] * lost, make(), ours_ahead=ours_ahead, date_ahead=date_ahead)
    assert [create(ngrok)] == ngrok.made
    assert ngrok.posts == 1 + lost
    if not lost:
        assert ngrok.lists <= 1, "a list brings the Date of another response"
        assert ngrok.heard.warnings == []
        assert [create(ngrok)] == ngrok.made[1:]
        assert ngrok.lists <= 1


def test_a_lost_create_is_found_although_this_clock_was_set_meanwhile() -> None:
    def lose_while_the_clock_is_set(ngrok: Ngrok, body: Any) -> Any:
        ngrok.ours_ahead = -6.0
        return lose()(ngrok, body)

    ngrok = Ngrok(lose_while_the_clock_is_set)
    assert [create(ngrok)] == ngrok.made


@pytest.mark.parametrize("behind", [3.0, 8.0])
def test_a_time_of_creation_that_is_seconds_behind_is_new(behind: float) -> None:
    ngrok = Ngrok(lose(), created_ahead=-behind)
    assert [create(ngrok)] == ngrok.made


def test_a_backend_that_the_lists_show_late_is_found() -> None:
    ngrok = Ngrok(lose(), lag=3)
    assert [create(ngrok)] == ngrok.made
    assert (ngrok.posts, ngrok.lists) == (1, 4)


def test_empty_fields_are_left_out() -> None:
    ngrok = Ngrok(make())
    create(ngrok, {"description": "x", "metadata": "", "labels": {}})
    assert ngrok.bodies == [{"description": "x"}]


def test_two_lost_creates_never_take_the_same_backend() -> None:
    ngrok = Ngrok(lose(), lose(arrived=False), make())
    assert [create(ngrok), create(ngrok)] == ngrok.made, "the lost second one did not arrive"


@pytest.mark.parametrize(
    "contents",
    [
        {},
        {"description": "theirs"},
        {"labels": {"app": "theirs"}},
        {"created_at": None, "labels": {"app": "theirs"}},
    ],
)
@pytest.mark.parametrize("date_ahead", [0.0, 5.0, -5.0])
def test_a_replayed_response_about_anothers_backend_is_not_taken(contents: dict[str, Any], date_ahead: float) -> None:
    ngrok = Ngrok(replay(**{**THEIRS, **contents}), date_ahead=date_ahead)
    assert [create(ngrok)] == ngrok.made, "the list shows what the create has made"
    assert ngrok.posts == 1


def test_a_response_about_another_creates_backend_counts_as_lost() -> None:
    ngrok = Ngrok(make(), replay(id="bkdtg_1"))
    assert [create(ngrok), create(ngrok)] == ngrok.made


@pytest.mark.parametrize(("kept", "warned"), [("x", []), ("", ["description"]), ("X", ["description"])])
def test_a_value_that_ngrok_keeps_otherwise_is_a_warning(kept: str, warned: list[str]) -> None:
    ngrok = Ngrok(make(description=kept))
    assert [create(ngrok)] == ngrok.made, "an error would lose the backend"
    assert ngrok.heard.warnings == [
        f"ngrok keeps another {name} of bkdtg_1 than was sent; write it as ngrok does" for name in warned
    ]


@pytest.mark.parametrize("outcome", [lose(arrived=False), reject(503)], ids=["lost", "down"])
def test_the_fate_is_unknown_after_the_second_lost_response(outcome: Outcome) -> None:
    ngrok = Ngrok(outcome)
    with pytest.raises(
        FateUnknown, match=r" No new backend with these contents has appeared, but one may still appear\.$"
    ):
        create(ngrok)
    assert (ngrok.posts, ngrok.lists) == (2, 8)


def test_an_error_is_passed_on_if_nothing_was_created() -> None:
    ngrok = Ngrok(reject(400, 6503))
    with pytest.raises(ApiError) as error:
        create(ngrok)
    assert (type(error.value), ngrok.posts, ngrok.lists) == (ApiError, 1, 0)


@pytest.mark.parametrize("last", [reject(400, 5000), lose()], ids=["rejected", "lost"])
@pytest.mark.parametrize("attempts", [1, 5])
def test_a_lost_create_is_found_however_the_last_attempt_fails(last: Outcome, attempts: int) -> None:
    ngrok = Ngrok(lose(), last, lag=4 if attempts > 1 else 0)
    assert create(ngrok, call=Call(10, attempts)) == "bkdtg_1"


def test_a_limit_after_a_lost_response_is_waited_for() -> None:
    ngrok = Ngrok(lose(arrived=False), limit(), limit(), make())
    assert [create(ngrok)] == ngrok.made
    assert (ngrok.posts, ngrok.lists) == (4, 5)


def test_several_backends_that_a_lost_create_may_have_made_are_named() -> None:
    ngrok = Ngrok(lose())
    ngrok.add("bkdtg_theirs")
    with pytest.raises(FateUnknown) as error:
        create(ngrok)
    assert (
        str(error.value) == f"{LOST} Several backends with these contents have appeared since: bkdtg_theirs, bkdtg_1."
    )


@pytest.mark.parametrize("lag", [0, 1, 99])
def test_a_second_backend_is_a_warning_that_names_both_if_both_can_be_seen(lag: int) -> None:
    """The request that was lost arrives when the next one does."""

    def arrive_late(ngrok: Ngrok, body: Any) -> Any:
        ngrok.lag = lag
        ngrok.make(body)
        return make()(ngrok, body)

    ngrok = Ngrok(lose(arrived=False), arrive_late)
    assert create(ngrok) == "bkdtg_2"
    (line,) = ngrok.heard.warnings
    told = "bkdtg_2, whose create was sent 2 times: a response was lost."
    assert line == (
        f"bkdtg_1 appeared with the contents of {told} If nobody else made it, delete it"
        if not lag
        else f"There may be a double of {told} If a backend appears with its contents, delete it"
    )


def test_a_backend_found_after_two_lost_requests_is_a_warning() -> None:
    ngrok = Ngrok(lose(arrived=False), lose())
    assert create(ngrok) == "bkdtg_1"
    (line,) = ngrok.heard.warnings
    assert line.startswith("There may be a double of bkdtg_1, whose create was sent 2 times")


def test_a_backend_found_after_one_lost_request_is_no_warning() -> None:
    ngrok = Ngrok(lose())
    assert create(ngrok) == "bkdtg_1"
    assert ngrok.heard.warnings == []


def test_an_empty_backend_is_found_by_its_emptiness() -> None:
    ngrok = Ngrok(lose())
    ngrok.add("bkdtg_other")
    assert create(ngrok, {}) == "bkdtg_1"


@pytest.mark.parametrize("contents", [{"description": "x"}, {"labels": {"a": "1", "b": "2"}}])
def test_different_creates_are_sent_at_the_same_time_and_identical_ones_are_not(contents: Any) -> None:
    """Identical, in whatever order the labels are written."""
    together = threading.Barrier(2)

    def create_both(*both: Any, seconds: float) -> None:
        def meet(ngrok: Ngrok, body: Any) -> Any:
            together.wait(seconds)
            return make()(ngrok, body)

        ngrok = Ngrok(meet)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda one: create(ngrok, one), both))

    create_both(contents, {"description": "two"}, seconds=60)
    together.reset()
    turned = {name: dict(reversed(value.items())) if name == "labels" else value for name, value in contents.items()}
    with pytest.raises(threading.BrokenBarrierError):
        create_both(contents, turned, seconds=0.3)


@pytest.mark.parametrize("age", [20, 7200])
def test_a_backend_older_than_the_create_is_never_taken(age: float) -> None:
    ngrok = Ngrok(lose(arrived=False), make())
    ngrok.add("bkdtg_theirs", age=age)
    assert create(ngrok) == "bkdtg_1"


def test_a_failed_list_leaves_the_fate_unknown() -> None:
    ngrok = Ngrok(lose(), listing=reject(403, 635))
    with pytest.raises(FateUnknown, match="may have been created, and the list of backends could not be read"):
        create(ngrok)
    assert ngrok.posts == 1


def test_a_create_succeeds_although_the_search_for_doubles_fails() -> None:
    def make_and_withdraw(ngrok: Ngrok, body: Any) -> Any:
        ngrok.listing = reject(403, 635)
        return make()(ngrok, body)

    ngrok = Ngrok(lose(arrived=False), make_and_withdraw)
    assert [create(ngrok)] == ngrok.made
    assert "There may be a double of" in ngrok.heard.warnings[0]


@pytest.mark.parametrize("max_wait", [0.0, 0.35])
def test_a_create_is_not_sent_again_without_time_for_all_lists(max_wait: float) -> None:
    ngrok = Ngrok(lose(arrived=False), make())
    ngrok.creations.settings = replace(ngrok.creations.settings, settle_pauses=(0.1, 0.2, 0.1))
    with pytest.raises(FateUnknown):
        create(ngrok, call=Call(max_wait, 5))
    assert (ngrok.posts, ngrok.lists) == (1, 3 if max_wait else 1)


def test_a_limit_that_takes_too_long_after_a_lost_response_leaves_the_fate_unknown() -> None:
    ngrok = Ngrok(lose(arrived=False), limit(60))
    with pytest.raises(FateUnknown) as error:
        create(ngrok)
    assert isinstance(error.value.__context__, GaveUp)
    assert ngrok.posts == 2


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("when", ["sent", "listed"])
def test_a_lost_create_is_looked_for_once_more_when_the_operation_is_cancelled(arrived: bool, when: str) -> None:
    cancellation = Cancellation()

    def cancel(then: Outcome) -> Outcome:
        def outcome(ngrok: Ngrok, body: Any) -> Any:
            cancellation.cancel()
            return then(ngrok, body)

        return outcome

    first: Callable[..., Any] = lose(arrived)
    ngrok = Ngrok(cancel(first) if when == "sent" else first, lag=int(when == "listed"))
    if when == "listed":
        ngrok.listing = cancel(lambda ngrok, _body: ngrok.list())
    if arrived:
        assert create(ngrok, call=Call(10, 5, cancellation)) == "bkdtg_1"
    else:
        with pytest.raises(FateUnknown, match=f"^{LOST}"):
            create(ngrok, call=Call(10, 5, cancellation))
    assert (ngrok.posts, ngrok.lists) == (1, 1 if when == "sent" else 2)


def test_a_create_that_was_never_sent_is_cancelled() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    ngrok = Ngrok(make())
    with pytest.raises(Cancelled):
        create(ngrok, call=Call(10, 5, cancellation))
    assert (ngrok.posts, ngrok.lists) == (0, 0)


def test_an_unreadable_response_counts_as_lost() -> None:
    ngrok = Ngrok(replay(id="x"))
    assert [create(ngrok)] == ngrok.made
    assert not issubclass(FateUnknown, ApiError)
    assert issubclass(FateUnknown, NgrokError)


@pytest.mark.parametrize("status", [302, 403, 404, 413, 499, 502])
def test_a_proxys_page_does_not_say_that_nothing_was_made(status: int) -> None:
    ngrok = Ngrok(show_page(status))
    assert [create(ngrok)] == ngrok.made
    assert (ngrok.posts, ngrok.heard.warnings) == (1, [])


def test_no_later_create_takes_what_the_user_was_told_to_delete() -> None:
    def arrive_late(ngrok: Ngrok, body: Any) -> Any:
        ngrok.make(body)
        return make()(ngrok, body)

    ngrok = Ngrok(lose(arrived=False), arrive_late, lose(arrived=False), make())
    assert create(ngrok) == "bkdtg_2"
    assert "bkdtg_1 appeared with the contents of bkdtg_2" in ngrok.heard.warnings[0]
    assert create(ngrok) == "bkdtg_3"


def test_a_backend_of_the_stack_is_never_taken() -> None:
    ngrok = Ngrok(lose(arrived=False), make())
    ngrok.add("bkdtg_held", age=5)
    assert ngrok.creations.create({"description": "x"}, Call(10, 5), ["bkdtg_held"]).id == "bkdtg_1"


def test_a_lost_create_is_looked_for_even_if_the_call_has_waited_as_long_as_it_may() -> None:
    ngrok = Ngrok(lose())
    assert create(ngrok, call=Call(10, 5, waited=10.001)) == "bkdtg_1"


def test_a_value_that_ngrok_keeps_otherwise_is_found_although_this_clock_is_wrong() -> None:
    ngrok = Ngrok(make(description="X"), ours_ahead=7200)
    assert [create(ngrok)] == ngrok.made
    assert ngrok.posts == 1


def cancel_after(lists: int, ngrok: Ngrok, cancellation: Cancellation) -> Ngrok:
    """Let the user press Ctrl-C once ngrok has listed its backends so often."""
    list_ = ngrok.list

    def list_and_cancel() -> Any:
        if ngrok.lists == lists:
            cancellation.cancel()
        return list_()

    ngrok.list = list_and_cancel  # type: ignore[method-assign]
    return ngrok


def test_a_create_whose_engine_is_gone_sends_nothing_more() -> None:
    ngrok = Ngrok(lose(arrived=False))
    with pytest.raises(Cancelled):
        create(ngrok, call=Call(10, 5, Cancellation(lambda: ngrok.lists >= 2)))
    assert (ngrok.posts, ngrok.lists) == (1, 2)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_create_that_is_cancelled_after_a_lost_request_looks_once_more(arrived: bool) -> None:
    cancellation = Cancellation()
    ngrok = cancel_after(4, Ngrok(lose(arrived), lag=4), cancellation)
    if arrived:
        assert create(ngrok, call=Call(10, 5, cancellation)) == "bkdtg_1"
    else:
        with pytest.raises(FateUnknown, match=f"^{LOST} No new backend with these contents has appeared"):
            create(ngrok, call=Call(10, 5, cancellation))
    assert (ngrok.posts, ngrok.lists) == (1, 5)


def test_all_doubles_of_a_create_are_named() -> None:
    def appear(ngrok: Ngrok, body: Any) -> Any:
        ngrok.make(body)
        ngrok.make(body)
        ngrok.hidden = {}
        return make()(ngrok, body)

    ngrok = Ngrok(lose(arrived=False), appear)
    assert create(ngrok) == "bkdtg_3"
    (warning,) = ngrok.heard.warnings
    assert warning == (
        "bkdtg_1, bkdtg_2 appeared with the contents of bkdtg_3, whose create was sent 2 times: a response was lost. "
        "If nobody else made it, delete it"
    )


def test_a_response_with_these_contents_may_be_minutes_off_by_the_clocks() -> None:
    ngrok = Ngrok(replay(created_at=make_time(100)))
    assert [create(ngrok)] == ngrok.made
    assert (ngrok.posts, ngrok.lists) == (1, 0)


def test_a_response_that_is_not_taken_is_explained() -> None:
    ngrok = Ngrok(replay(id="bkdtg_theirs", labels={"app": "theirs"}), lag=100)
    with pytest.raises(
        FateUnknown, match=r"^The response to a create is about bkdtg_theirs, which has other labels than were sent\."
    ):
        create(ngrok)
