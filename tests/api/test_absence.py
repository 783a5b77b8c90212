"""Which 404 proves that a backend is gone."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.absence import find_absence
from pulumi_ngrok_tg.api.errors import ApiError, NgrokError

OF_THE_ACCOUNT = [202, 220, 299, 635, 5000, 5001, 6500, 6526, 6527, 7008, 7196, 27204]


def listed(said: bool | None) -> Callable[[], bool]:
    """What a list says; None: it cannot be read."""

    def read() -> bool:
        if said is None:
            raise NgrokError("no list")
        return said

    return read


@given(
    st.sampled_from([200, 400, 401, 403, 404, 410, 500]),
    st.sampled_from([0, 6514, 300, 1, 99999, *OF_THE_ACCOUNT]),
    st.sampled_from([True, False, None]),
    st.booleans(),
)
def test_only_ngroks_own_code_or_a_list_proves_absence(
    status: int, code: int, said: bool | None, after_lost: bool
) -> None:
    error = ApiError("gone?", status, code)
    error.after_lost = after_lost
    absence = find_absence(error, listed(said))
    proven = status == 404 and (code == 6514 or (code not in (0, *OF_THE_ACCOUNT) and said is False))
    assert (absence is not None) == proven
    if absence:
        assert (str(absence), absence.status, absence.code) == ("gone?", status, code)
        assert absence.after_lost == after_lost


@pytest.mark.parametrize(("code", "said"), [(6514, None), (300, False), (99999, False)])
def test_a_proof_keeps_what_ngrok_said(code: int, said: bool | None) -> None:
    absence = find_absence(ApiError("gone?", 404, code), listed(said))
    assert absence is not None
    assert (str(absence), absence.status, absence.code, absence.after_lost) == ("gone?", 404, code, False)


@pytest.mark.parametrize("code", [0, 6514, *OF_THE_ACCOUNT])
def test_a_code_that_needs_no_list_reads_none(code: int) -> None:
    find_absence(ApiError("x", 404, code), lambda: pytest.fail("it was read"))
