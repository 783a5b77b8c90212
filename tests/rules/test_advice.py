"""What a user is told to do about each error."""

import pytest

from pulumi_ngrok_tg.accounts.stack_config import ConfigError, MissingKey, Source
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
    Untrusted,
)
from pulumi_ngrok_tg.rules import advice

HOME = Source(None, "ngrok:apiKey", "ngrok:apiBaseUrl")
EU = Source("eu", "ngrok-eu:apiKey", "ngrok-eu:apiBaseUrl")
ENVIRONMENT = Source(None, "NGROK_API_KEY", "NGROK_API_BASE_URL")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ApiError("no.", 401, 203), "pulumi config set --secret ngrok-eu:apiKey"),
        (ApiError("no.", 400, 381), "Remove these from the edge"),
        (ApiError("no.", 400, 6027), "Remove these from the edge"),
        (ApiError("no.", 403, 7196), "lets this account read its edges and backends, but no longer change them"),
        (GaveUp("too long."), "raise pulumi-ngrok-tg:maxWaitSeconds"),
        (NotApplied("kept."), "Run `pulumi refresh`"),
        (InvalidId("x."), "Check the id."),
        (FateUnknown("lost."), "A plain `pulumi up` would create one more backend."),
        (FateUnknown("lost."), "`pulumi-ngrok-tg orphans --account eu` shows"),
        (
            ConnectionFailed("none.", arrived=False),
            "HTTPS_PROXY and the API's address (ngrok-eu:apiBaseUrl)",
        ),
        (ConnectionFailed("broke.", arrived=True), " Run it again."),
        (ServerError("down.", 503, 9), " Run it again."),
        (ApiError("no.", 400, 6501), "See https://ngrok.com/docs/errors/err_ngrok_6501."),
        (
            UnexpectedResponse("odd."),
            "Check whether a proxy is in between, and the API's address (ngrok-eu:apiBaseUrl).",
        ),
        (ConnectionFailed("odd.", arrived=True, foreign=True), "(ngrok-eu:apiBaseUrl)."),
        (ServerError("odd.", 502, foreign=True), "(ngrok-eu:apiBaseUrl)."),
        (ApiError("nothing here.", 404), "(ngrok-eu:apiBaseUrl)."),
        (ApiError("nothing here.", 400), "(ngrok-eu:apiBaseUrl)."),
    ],
)
def test_an_error_ends_in_what_to_do(error: NgrokError, told: str) -> None:
    line = advice.explain(error, EU)
    assert line.startswith(f"{error} ")
    assert told in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ((200, 201, 202, 203, 206, 207, 208), "Use a valid API key"),
        ((204,), "does not include the ngrok API. Upgrade it."),
        ((205,), "The account is suspended; contact ngrok support."),
        ((220,), "IP policy does not admit this machine"),
        ((247,), "settle the bill."),
        ((635,), "has no permission to write"),
        ((5000,), "ask ngrok for a higher limit."),
        ((6500,), "does not include backends"),
        ((6502,), "Remove it from the failover or weighted backends that refer to it"),
        ((6526,), "Check the id."),
        ((6527,), "another kind of backend; check the id."),
        (
            (7008,),
            "Move the traffic to internal endpoints, then remove it with `pulumi state delete`",
        ),
    ],
)
def test_every_code_has_its_advice(codes: tuple[int, ...], told: str) -> None:
    for code in codes:
        assert told in advice.explain(ApiError("no.", 400, code), HOME)


def test_advice_names_the_default_accounts_settings() -> None:
    assert "`pulumi-ngrok-tg orphans` shows" in advice.explain(FateUnknown("lost."), HOME)


def test_a_backend_that_only_another_key_has_seen_names_both_ways_out() -> None:
    error = NotFound("gone.", 404, 6514)
    urn = "urn:pulumi:dev::shop::a$b::it's"
    line = advice.explain_gone_under_another_key(error, HOME, urn)
    assert "set the right one (ngrok:apiKey; ngrok:apiBaseUrl)" in line
    assert "`pulumi state delete 'urn:pulumi:dev::shop::a$b::it'\"'\"'s'`" in line, "as a shell takes it"
    other = advice.explain_gone_under_another_key(error, EU, "")
    assert "set the right one (ngrok-eu:apiKey; ngrok-eu:apiBaseUrl)" in other
    assert "`pulumi state delete`" in other


def test_a_key_from_the_environment_has_no_advice_on_recorded_config() -> None:
    line = advice.explain(ApiError("no.", 401, 203), ENVIRONMENT, recorded=True)
    assert line == "no. Use a valid API key (not a tunnel authtoken or a key id): set NGROK_API_KEY."


def test_only_the_engine_uses_config_of_an_earlier_run() -> None:
    assert "--run-program" in advice.explain(ApiError("no.", 401, 203), HOME, recorded=True)
    assert "--run-program" not in advice.explain(ApiError("no.", 401, 203), HOME)


def test_an_address_from_the_environment_is_named_as_it_is_set() -> None:
    assert "address (NGROK_API_BASE_URL)." in advice.explain(UnexpectedResponse("odd."), ENVIRONMENT)


def test_an_untrusted_certificate_is_not_called_a_proxy() -> None:
    line = advice.explain(Untrusted("not trusted."), HOME)
    assert "set REQUESTS_CA_BUNDLE to a file with its CA" in line
    assert "in between" not in line


def test_a_missing_key_may_be_for_want_of_a_stacks_config() -> None:
    start = "No key. If the resource has an explicit provider (provider=...), it gets no stack config: "
    assert advice.explain_bad_setting(MissingKey("No key."), None) == f"{start}set NGROK_API_KEY."
    named = advice.explain_bad_setting(MissingKey("No key."), "eu")
    assert named == f"{start}a named account needs the default provider."
    assert advice.explain_bad_setting(ConfigError("Bad."), None) == "Bad."
