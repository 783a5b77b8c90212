"""A backend is gone by ngrok's own code for it, and by nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.provider import TunnelGroupBackendProvider
from pulumi_ngrok_tg.rules import adoption
from pulumi_ngrok_tg.rules.advice import ProviderError
from tests.facts import declare
from tests.provider.deployment import Deployment, backends
from tests.provider.hostile import HostileServer, raw, response

ID = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"
STATE: dict[str, Any] = {"created_at": "2025-01-21T18:19:53Z", "labels": {"app": "web"}}
CALLS: dict[str, Callable[[TunnelGroupBackendProvider], bool]] = {
    # Each tells whether it let the backend go, or told a success.
    "refresh": lambda provider: provider.read(ID, {**STATE}).id == "",
    "get": lambda provider: bool(provider.read(ID, {})),
    "update": lambda provider: bool(provider.update(ID, {**STATE}, {"labels": {"app": "new"}})),
    "delete": lambda provider: provider.delete(ID, {**STATE}) is None,
    "adopt": lambda provider: (
        not provider.check({}, {**declare({"labels": {"app": "web"}}), adoption.INPUT: ID}).failures
    ),
}
CODES = st.sampled_from([0, 203, 204, 333, 635, 3200, 5000, 6502, 6514, 6515, 6526, 7008, 7020, 7196, 27204]) | (
    st.integers(7200, 26_000)
)
STATUSES = st.sampled_from([400, 401, 402, 403, 404, 404, 404, 404, 405, 409, 410, 418, 422, 451])


def coded(status: int, code: int) -> bytes:
    body = {"error_code": f"ERR_NGROK_{code}" if code else "", "status_code": status, "msg": "No."}
    return response(status, body)


ERRORS = st.one_of(
    st.builds(coded, STATUSES, CODES),
    st.builds(raw, STATUSES, st.sampled_from([b"", b"null", b"[]", b"<html>", b'{"msg": "ERR_NGROK_6514"}', b"6514"])),
)
LISTS = st.one_of(
    ERRORS,
    st.sampled_from(
        [
            None,
            response(200, {"backends": []}),
            response(200, {"backends": None}),
            response(200, {"backends": [], "next_page_uri": "https://elsewhere.example/backends/tunnel_group?p=2"}),
            response(200, {"backends": [], "next_page_uri": "/backends/tunnel_group?p=2"}),
            response(200, {"backends": [{}]}),
            response(200, {}),
            raw(204, b""),
            raw(200, b"<html>"),
        ]
    ),
)
"""None is the honest list."""


@pytest.mark.parametrize("listed", [None, response(200, {"backends": []})], ids=["honest", "empty"])
@pytest.mark.parametrize("answer", [coded(404, 7020), raw(404, b"<html>")], ids=["coded", "html"])
def test_another_404_names_the_way_to_let_a_backend_go(listed: bytes | None, answer: bytes) -> None:
    """This is how an API is withdrawn: new codes, and lists that are empty or filtered."""
    with HostileServer(lambda _method, path: answer if ID in path else listed) as server, Emulator() as unused:
        for call in ("refresh", "delete", "update"):
            with pytest.raises(ProviderError, match="if it is gone, remove it with `pulumi state delete`"):
                CALLS[call](Deployment(unused, server.url).start())


def test_an_api_that_is_withdrawn_with_an_unknown_code_loses_nothing(emulator: Emulator) -> None:
    deployment = Deployment(emulator)
    deployment.up(backends(20))
    before = dict(deployment.state)
    emulator.fault(times=None, status=404, error_code=7020)
    for errors in (deployment.refresh(), deployment.destroy(), deployment.up(backends(20, metadata="new"))):
        assert len(errors) == 20
    assert deployment.state == before
    emulator.faults.clear()
    deployment.assert_in_step()


def test_a_lost_delete_is_done_when_ngrok_says_gone(emulator: Emulator) -> None:
    deployment = Deployment(emulator)
    deployment.up(backends(2))
    deployment.age()
    emulator.fault(method="DELETE", times=2, drop="after")
    emulator.fault(method="DELETE", times=2, status=404, error_code=7020)
    assert len(deployment.destroy()) == 2, "a code that ngrok does not send yet proves nothing"
    assert deployment.destroy() == {}
    deployment.assert_in_step()
