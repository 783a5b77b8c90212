"""Creates in a random world: no foreign backend is taken over, and no backend exists twice without a word."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.call import Call, Cancellation
from pulumi_ngrok_tg.api.errors import FateUnknown, NgrokError
from tests.api.ngrok import Ngrok, limit, lose, make, reject, replay

OUTCOMES = st.sampled_from(
    [
        make(),
        make(description="kept otherwise"),
        lose(),
        lose(arrived=False),
        reject(503),
        reject(400, 6503),
        reject(400, 5000),
        limit(),
        replay(id="bkdtg_foreign", created_at="2023-05-01T00:00:00Z"),
        replay(id="bkdtg_foreign", labels={"app": "foreign"}),
        replay(id="bkdtg_foreign", description="", created_at="2023-05-01T00:00:00Z"),
        replay(id="bkdtg_1"),
        replay(id="no id"),
    ]
)
CLOCKS = st.sampled_from([(0, 0), (7200, 0), (-7200, 0), (0, 7200), (0, -7200), (0, -40), (3, 0)])
CONTENTS = st.sampled_from([{"description": "x"}, {"description": "y"}, {"labels": {"app": "web"}}])


@st.composite
def worlds(draw: st.DrawFn) -> Ngrok:
    ours_ahead, date_ahead = draw(CLOCKS)
    return Ngrok(
        *draw(st.lists(OUTCOMES, min_size=1, max_size=8)),
        lag=draw(st.sampled_from([0, 1, 2, 3, 4, 6, 99])),
        created_ahead=draw(st.sampled_from([0.0, -3.0, 3.0])),
        ours_ahead=ours_ahead,
        date_ahead=date_ahead,
    )


@settings(max_examples=max(settings.default.max_examples, 500), deadline=None)
@given(
    worlds(),
    st.lists(st.tuples(CONTENTS, st.booleans(), st.sampled_from([0, 1, 5])), min_size=1, max_size=4),
    st.lists(st.tuples(CONTENTS, st.sampled_from([120, 3600, 7200, 86400])), max_size=3),
)
def test_no_foreign_backend_is_taken_over_and_none_exists_twice_without_a_word(
    ngrok: Ngrok, creates: list[tuple[dict[str, Any], bool, int]], foreign: list[tuple[dict[str, Any], int]]
) -> None:
    """Each create may be cancelled at its first list, and may have had few attempts."""
    for number, (contents, age) in enumerate(foreign):
        ngrok.add(f"bkdtg_foreign{number}", age=age, **{"description": "", **contents})
    ours: list[str] = []
    for contents, is_cancelled, attempts in creates:
        before, warnings = len(ngrok.made), len(ngrok.heard.warnings)
        cancellation = Cancellation()

        def cancel(ngrok: Ngrok, _body: Any, cancellation: Cancellation = cancellation) -> Any:
            cancellation.cancel()
            return ngrok.list()

        ngrok.listing = cancel if is_cancelled else None
        is_told, kept = False, 0
        try:
            ours.append(ngrok.creations.create(contents, Call(0.05, attempts, cancellation)).id)  # type: ignore[arg-type]
            kept = 1
        except FateUnknown:
            is_told = True
        except NgrokError:
            pass
        is_told |= any("whose create was sent 2 times" in line for line in ngrok.heard.warnings[warnings:])
        made = len(ngrok.made) - before
        assert made <= 2
        assert made <= kept or is_told, "more was made than the state holds, without a word"
    assert len(set(ours)) == len(ours), "two creates take one backend"
    assert set(ours) <= set(ngrok.made), "a foreign backend is taken over"
