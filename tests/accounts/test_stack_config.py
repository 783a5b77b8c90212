"""AccountSettings: where they come from, and which are refused."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.accounts.stack_config import (
    ConfigError,
    find_misspelled,
    find_misspelled_variables,
    read_on_traffic_loss,
    read_settings,
)
from pulumi_ngrok_tg.api.account_settings import AccountSettings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NGROK_API_BASE_URL", raising=False)
    monkeypatch.setenv("NGROK_API_KEY", "from_environment")


def read(config: dict[str, Any], account: str | None = None) -> AccountSettings:
    return read_settings(config.get, account)


def test_stack_config_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGROK_API_BASE_URL", "https://environment.example")
    assert read({}) == AccountSettings("from_environment", "https://environment.example")
    config = {"ngrok:apiKey": "from_config", "ngrok:apiBaseUrl": "https://config.example/"}
    assert read(config) == AccountSettings("from_config", "https://config.example")


def test_the_default_is_ngrok_itself() -> None:
    assert read({}).base_url == "https://api.ngrok.com"


def test_a_named_account_reads_its_own_namespace_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGROK_API_BASE_URL", "https://environment.example")
    assert read({"ngrok:apiKey": "x", "ngrok-eu:apiKey": "eu_key"}, "eu") == AccountSettings("eu_key")
    with pytest.raises(ConfigError, match="ngrok-eu:apiKey"):
        read({"ngrok:apiKey": "x"}, "eu")


@pytest.mark.parametrize(
    ("given", "read_as"), [(None, "warn"), ("warn", "warn"), ("ignore", "ignore"), ("refuse", "refuse")]
)
def test_on_traffic_loss_is_read(given: str | None, read_as: str) -> None:
    config = {} if given is None else {"pulumi-ngrok-tg:onTrafficLoss": given}
    assert read_on_traffic_loss(config.get) == read_as


@pytest.mark.parametrize("given", ["", "Refuse", "refuse ", "error", "true", 5, True])
def test_an_unknown_value_of_on_traffic_loss_is_rejected(given: object) -> None:
    with pytest.raises(ConfigError, match=r'^pulumi-ngrok-tg:onTrafficLoss must be "warn", "ignore" or "refuse"'):
        read_on_traffic_loss({"pulumi-ngrok-tg:onTrafficLoss": given}.get)


SETTINGS = [
    "ngrok:apiKey",
    "ngrok:apiBaseUrl",
    "ngrok-eu:apiKey",
    "ngrok-eu:apiBaseUrl",
    "pulumi-ngrok-tg:allowInsecureHttp",
    "pulumi-ngrok-tg:maxAttempts",
    "pulumi-ngrok-tg:maxConcurrency",
    "pulumi-ngrok-tg:maxWaitSeconds",
    "pulumi-ngrok-tg:onTrafficLoss",
]


def test_no_setting_is_misspelled() -> None:
    for account in (None, "eu", object()):
        assert list(find_misspelled(SETTINGS, account)) == []


@pytest.mark.parametrize(
    "key",
    ["ngrok:region", "ngrok-edge:domain", "ngrokish:apikey", "shop:onTrafficLoss", "apikey", "ngrok-shop:apikey"],
)
@pytest.mark.parametrize("account", [None, "eu", object()])
def test_the_settings_of_others_are_left_alone(key: str, account: object) -> None:
    assert list(find_misspelled([key], account)) == []


@given(st.sampled_from(SETTINGS), st.data())
def test_a_setting_in_another_case_is_misspelled(setting: str, data: st.DataObject) -> None:
    namespace, _, name = setting.partition(":")
    cased = "".join(data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in name)
    account = "eu" if namespace == "ngrok-eu" else None
    found = list(find_misspelled([setting, f"{namespace}:{cased}"], account))
    assert len(found) == (cased != name)
    assert all(f"{namespace}:{cased} is not a setting." in line and setting in line for line in found)


@given(st.text("abcOTL", min_size=1).filter(lambda name: f"pulumi-ngrok-tg:{name}" not in SETTINGS))
def test_any_other_name_in_the_packages_namespace_is_misspelled(name: str) -> None:
    (line,) = find_misspelled([f"pulumi-ngrok-tg:{name}"], None)
    assert line.startswith(
        f"pulumi-ngrok-tg:{name} is not a setting. Remove it with `pulumi config rm pulumi-ngrok-tg:"
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("NGROK_API_URL", "NGROK_API_BASE_URL"),
        ("NGROK_BASE_URL", "NGROK_API_BASE_URL"),
        ("NGROK_API_BASEURL", "NGROK_API_BASE_URL"),
        ("NGROK_APIKEY", "NGROK_API_KEY"),
        ("NGROK_KEY", "NGROK_API_KEY"),
        ("NGROK_API_KEYS", "NGROK_API_KEY"),
        ("ngrok_api_key", "NGROK_API_KEY"),
        ("NGROK_API_BASE", "NGROK_API_BASE_URL"),
        ("PULUMI_NGROK_ADOPT", "PULUMI_NGROK_TG_ADOPT"),
    ],
)
def test_a_variable_that_is_nearly_ours_gets_a_hint(name: str, meant: str) -> None:
    (line,) = find_misspelled_variables({name: "x", "HOME": "/", meant: ""}, {}.get)
    assert line == f"The environment variable {name} has no effect. If it is meant for this package, name it {meant}."
    assert list(find_misspelled_variables({name: "x", meant: "y"}, {}.get)) == []


@pytest.mark.parametrize(
    "name",
    [
        "NGROK_AUTHTOKEN",
        "NGROK_API_KEY_EU",
        "NGROK_CONFIG",
        "NGROK_REGION",
        "MY_API_KEY",
        "NGROK_DOMAIN",
        "VITE_NGROK_API_KEY",
    ],
)
def test_the_variables_of_others_are_left_alone(name: str) -> None:
    assert list(find_misspelled_variables({name: "x"}, {}.get)) == []


def test_no_variable_is_missed_where_the_config_has_the_setting() -> None:
    config = {"ngrok:apiKey": "k", "ngrok:apiBaseUrl": "https://x"}
    assert list(find_misspelled_variables({"NGROK_APIKEY": "x", "NGROK_API_URL": "x"}, config.get)) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:4041", "http://localhost", "http://[::1]:1", "http://127.9.9.9"])
def test_loopback_needs_no_tls(url: str) -> None:
    assert read({"ngrok:apiBaseUrl": url}).base_url == url


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("HTTP://127.0.0.1:4041", "http://127.0.0.1:4041"),
        ("HTTPS://API.ngrok.com", "https://api.ngrok.com"),
        ("https://api.ngrok.com:443/", "https://api.ngrok.com"),
        ("https://api.ngrok.com:", "https://api.ngrok.com"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("https://proxy.example/pathX/", "https://proxy.example/pathX"),
        ("https://api.ngrok.com:8443/Path//", "https://api.ngrok.com:8443/Path"),
        ("https://[FE80::1]:443", "https://[fe80::1]"),
    ],
)
def test_spellings_of_one_address_become_one(written: str, read_as: str) -> None:
    assert read({"ngrok:apiBaseUrl": written}).base_url == read_as


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "ftp://127.0.0.1",
        "https://",
        "https://example.com:port",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://me@example.com",
        "https://:pass@example.com",
        "https://example.com:0",
        "https://[::1",
        "nonsense",
    ],
)
def test_a_url_that_could_leak_the_key_is_rejected(url: str) -> None:
    with pytest.raises(ConfigError, match="ngrok:apiBaseUrl must"):
        read({"ngrok:apiBaseUrl": url})


@given(st.text(min_size=1).filter(lambda text: not (text.isascii() and text.isprintable() and " " not in text)))
def test_a_key_that_no_header_can_hold_is_rejected_and_not_quoted(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        read({"ngrok:apiKey": f"test_QZX{text}"})
    assert "\n" not in str(error.value)
    assert "QZX" not in str(error.value)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "", "65", "1e3", "٣", "many"])
def test_a_limit_out_of_range_is_rejected(value: str) -> None:
    with pytest.raises(ConfigError, match="pulumi-ngrok-tg:maxConcurrency must be a whole number from 1 to 64"):
        read({"pulumi-ngrok-tg:maxConcurrency": value})


def test_limits_are_read() -> None:
    config = {
        "pulumi-ngrok-tg:maxConcurrency": "3",
        "pulumi-ngrok-tg:maxAttempts": "7",
        "pulumi-ngrok-tg:maxWaitSeconds": 0,
    }
    settings = read(config)
    assert (settings.max_concurrency, settings.max_attempts, settings.max_wait_seconds) == (3, 7, 0)


@pytest.mark.parametrize(
    ("name", "least", "most"), [("maxAttempts", 1, 100), ("maxWaitSeconds", 0, 86_400), ("maxConcurrency", 1, 64)]
)
def test_the_bounds_of_limits(name: str, least: int, most: int) -> None:
    key = f"pulumi-ngrok-tg:{name}"
    for value in (least, most):
        read({key: str(value)})
    for value in (least - 1, most + 1):
        with pytest.raises(ConfigError, match=f"{key} must be a whole number from {least} to {most}"):
            read({key: str(value)})


def test_settings_in_ngroks_namespace_are_ignored() -> None:
    assert read({"ngrok:maxAttempts": "many"}).max_attempts == 5


def test_the_repr_of_settings_holds_no_key() -> None:
    assert "from_environment" not in repr(read({}))


SET = "Run `pulumi config set --secret ngrok:apiKey`, or set NGROK_API_KEY."
SET_EU = "Run `pulumi config set --secret ngrok-eu:apiKey`."
AGAIN = "Copy it again and run `pulumi config set --secret ngrok:apiKey`."
AGAIN_EU = "Copy it again and run `pulumi config set --secret ngrok-eu:apiKey`."
MALFORMED = "holds whitespace, a line break or another character that no API key has."


@pytest.mark.parametrize(
    ("config", "account", "told"),
    [
        ({}, None, f"No ngrok API key is configured. {SET}"),
        ({}, "eu", f"No ngrok API key is configured for the account 'eu'. {SET_EU}"),
        ({"ngrok:apiKey": "a b"}, None, f"The ngrok API key in ngrok:apiKey {MALFORMED} {AGAIN}"),
        (
            {"ngrok-eu:apiKey": "a\n"},
            "eu",
            f"The ngrok API key in ngrok-eu:apiKey {MALFORMED} {AGAIN_EU}",
        ),
    ],
)
def test_a_missing_or_malformed_key_names_the_command_that_sets_it(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], account: str | None, told: str
) -> None:
    monkeypatch.delenv("NGROK_API_KEY")
    with pytest.raises(ConfigError, match=f"^{re.escape(told)}$"):
        read(config, account)


def test_a_setting_from_the_environment_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGROK_API_KEY", "a b")
    with pytest.raises(ConfigError, match=r"^The ngrok API key in NGROK_API_KEY .* and set NGROK_API_KEY\.$"):
        read({})
    monkeypatch.setenv("NGROK_API_KEY", "test_key")
    monkeypatch.setenv("NGROK_API_BASE_URL", "ftp://x")
    with pytest.raises(ConfigError, match=r"^NGROK_API_BASE_URL must be a URL"):
        read({})
    with pytest.raises(ConfigError, match=r"^ngrok:apiBaseUrl must be a URL"):
        read({"ngrok:apiBaseUrl": "ftp://y"})


@pytest.mark.parametrize(("allowed", "works"), [("true", True), (True, True), ("false", False), (None, False)])
def test_http_to_another_machine_has_to_be_allowed(allowed: object, works: bool) -> None:
    settings = {
        "ngrok:apiKey": "test-key",
        "ngrok:apiBaseUrl": "http://ngrok-emulator:4041",
        "pulumi-ngrok-tg:allowInsecureHttp": allowed,
    }
    if works:
        assert read_settings(settings.get, None).base_url == "http://ngrok-emulator:4041"
        return
    with pytest.raises(ConfigError, match=r"could be read on the way.*pulumi-ngrok-tg:allowInsecureHttp true"):
        read_settings(settings.get, None)


def test_a_malformed_flag_is_named() -> None:
    settings = {"ngrok:apiKey": "test-key", "pulumi-ngrok-tg:allowInsecureHttp": "yes"}
    with pytest.raises(ConfigError, match=r"^pulumi-ngrok-tg:allowInsecureHttp must be true or false\.$"):
        read_settings(settings.get, None)
