"""What a user is told to do about each error."""

import pytest

from pulumi_ngrok_tg import advice
from pulumi_ngrok_tg.api.errors import (
    ApiError,
    ConnectionFailed,
    FateUnknown,
    GaveUp,
    InvalidId,
    NgrokError,
    NotApplied,
    NotFound,
    ServerError,
    UnexpectedResponse,
)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ApiError("no.", 401, 203), "pulumi config set --secret ngrok-eu:apiKey"),
        (ApiError("no.", 400, 381), "remove that host and port from the edge"),
        (ApiError("no.", 400, 6027), "remove that host and port from the edge"),
        (ApiError("no.", 403, 7196), "lets this account read its edges and backends, but no longer change them"),
        (GaveUp("too long."), "raise pulumi-ngrok-tg:maxWaitSeconds"),
        (NotApplied("kept."), "Run `pulumi refresh`"),
        (InvalidId("x."), "Check the id."),
        (FateUnknown("lost."), "Look for it before you run `pulumi up` again, which would create one more"),
        (FateUnknown("lost."), "`pulumi-ngrok-tg orphans --all-stacks --account eu` names"),
        (ConnectionFailed("none.", arrived=False), "See to the network, HTTPS_PROXY and ngrok-eu:apiBaseUrl"),
        (ConnectionFailed("broke.", arrived=True), " Run it again."),
        (ServerError("down.", 503, 9), " Run it again."),
        (ApiError("no.", 400, 6501), "See https://ngrok.com/docs/errors/err_ngrok_6501."),
        (UnexpectedResponse("odd."), "Is a proxy in between, or ngrok-eu:apiBaseUrl wrong?"),
        (ConnectionFailed("odd.", arrived=True, foreign=True), "ngrok-eu:apiBaseUrl wrong?"),
        (ServerError("odd.", 502, foreign=True), "ngrok-eu:apiBaseUrl wrong?"),
        (ApiError("nothing here.", 404), "ngrok-eu:apiBaseUrl wrong?"),
        (ApiError("nothing here.", 400), "ngrok-eu:apiBaseUrl wrong?"),
    ],
)
def test_an_error_ends_in_what_to_do(error: NgrokError, told: str) -> None:
    line = advice.explain(error, "ngrok-eu")
    assert line.startswith(f"{error} ")
    assert told in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ((200, 201, 202, 203, 206, 207, 208), "Set a valid API key"),
        ((204,), "does not include the ngrok API; upgrade it."),
        ((205,), "The account is suspended; contact ngrok support."),
        ((220,), "IP policy does not admit this machine"),
        ((247,), "settle the bill."),
        ((635,), "may not write; use one that may."),
        ((5000,), "ask ngrok for a higher limit."),
        ((6500,), "does not include backends"),
        ((6502,), "remove that reference first, then delete it."),
        ((6526,), "Check the id."),
        ((6527,), "another kind of backend; check the id."),
        ((7008,), "Move the traffic to internal endpoints, then remove it with `pulumi state delete`."),
    ],
)
def test_every_code_has_its_advice(codes: tuple[int, ...], told: str) -> None:
    for code in codes:
        assert told in advice.explain(ApiError("no.", 400, code), "ngrok")


def test_where_to_look_in_the_default_account() -> None:
    assert "`pulumi-ngrok-tg orphans --all-stacks` names" in advice.explain(FateUnknown("lost."), "ngrok")


def test_a_backend_that_only_another_key_has_seen_names_both_ways_out() -> None:
    error = NotFound("gone.", 404, 6514)
    urn = "urn:pulumi:dev::shop::a$b::it's"
    line = advice.gone_under_another_key(error, "ngrok", urn)
    assert "set the right one (ngrok:apiKey or NGROK_API_KEY; ngrok:apiBaseUrl)" in line
    assert "`pulumi state delete 'urn:pulumi:dev::shop::a$b::it'\"'\"'s'`" in line, "as a shell takes it"
    other = advice.gone_under_another_key(error, "ngrok-eu", "")
    assert "set the right one (ngrok-eu:apiKey; ngrok-eu:apiBaseUrl)" in other
    assert "`pulumi state delete`" in other
