"""What counts as a credential, and what only looks like one. All of them are made up."""

import time

import pytest

from pulumi_ngrok_tg.policy.credentials import NAMED, Finding, find_credentials
from tests.policy.corpus import fill, read_corpus

KSUID = "2rwwlBV3giwRa5gGhtBlK6AH8q4"
NGROK = f"{KSUID}_4nN9MmJ3QmBqH5uVbnQ9p"


def rate(secret: bool) -> tuple[float, float]:
    """Which part of the corpus is found at all, and which surely, over five fillings."""
    found: list[set[Finding]] = []
    for seed in range(5):
        found += [find_credentials(sample.text) for sample in read_corpus(seed) if sample.secret == secret]
    return sum(map(bool, found)) / len(found), sum(any(one.sure for one in some) for some in found) / len(found)


def test_corpus_is_large_and_even() -> None:
    corpus = list(read_corpus(1))
    assert (len(corpus), sum(sample.secret for sample in corpus)) == (300, 150)


def test_three_of_four_credentials_are_found() -> None:
    found, sure = rate(secret=True)
    assert found >= 0.745  # of a quarter, most are prose, XML, command lines and other languages
    assert sure >= 0.65


def test_hardly_any_text_is_taken_for_a_credential() -> None:
    found, sure = rate(secret=False)
    assert sure <= 0.01
    assert found <= 0.02


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize(
    "form",
    [
        "%{alnum:27}_%{alnum:21}",
        "cr_%{alnum:27}",
        "AGE-SECRET-KEY-1%{upperalnum:58}",
        "-----BEGIN RSA PRIVATE KEY-----\n%{base64:64}\n%{base64:64}\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n%{base64:30}",
        "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n%{base64:48}",
        *("ghp_%{alnum:36}", "glpat-%{base64url:20}", "AIza%{base64url:35}", "sk_live_%{alnum:24}"),
        *("xoxb-%{digits:12}-%{digits:13}-%{alnum:24}", "dop_v1_%{hex:64}", "shpat_%{hex:32}"),
        *("whsec_%{alnum:32}", "GOCSPX-%{base64url:28}", "tskey-auth-%{alnum:12}CNTRL-%{alnum:32}"),
        *("%{digits:10}:AA%{base64url:33}", "sk-proj-%{base64url:60}T3BlbkFJ%{base64url:60}"),
        "https://discord.com/api/webhooks/%{digits:18}/%{base64url:68}",
        *("postgres://app:%{letters:8}@db/shop", "redis://:%{alnum:10}@h:6379"),
    ],
)
def test_form_is_found(form: str, seed: int) -> None:
    token = fill(form, seed)
    for text in (token, f"ask ops; {token}", f'{{"note": ["{token}"]}}'.replace("\n", "\\n")):
        assert any(finding.sure for finding in find_credentials(text)), text


@pytest.mark.parametrize(
    "text",
    [
        *("PGPASSWORD=hunter2secret9", "DB_PASSWORD1=hunter2secret9", "DB_PASSWORD_PROD='hunter2secret9'"),
        *("password: hunter2secret9", "db password: hunter2secret9 (ask Bob)", 'password = "hunter2secret9"'),
        *(
            "secret_name=prod/db password=hunter2secret9",
            "see below\npassword=hunter2secret9",
            "a=1&pwd=hunter2secret9",
        ),
        *(
            '{"password": "hunter2secret9"}',
            '{"db": {"passwd": "hunter2secret9"}}',
            '{"passwords": ["x", "hunter2secret9"]}',
        ),
        *('{"password": "!Secret9xyzA"}', '{"password": "(Secret9xyzA"}', '{"password": "$ecret9xyzA"}'),
        '{"aws_secret_access_key": "/JalrXUtnFEMI/K7MDENG/bPxRfiCYzzXAMPQ1KEY"}',
        r'{"config": "{\"db_password\":\"hunter2secret9\"}"}',
        r'{"env": "[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2secret9\"}]"}',
        *('{"DB_PASSWORD": "[hunter2Xy9!"}', '{"DB_PASSWORD": "{hunter2Xy9!"}'),
        '{"AZURE_STORAGE_KEY": "q3Zk+9fWm2Xc7Vb1Nn5Ll8Pp4Rr6Tt0Yy2Uu/Ii1Oo3Aa5Ss7Dd9Ff0Gg2Hh4Jj6Kk=="}',
        *('{"password_eu": "Kx9!vTq2abc"}', '{"client-secret-prod-eu": "a1b2c3d4e5f6a7b8c9d0Xy"}'),
        *('{"password": "hunter2secret9", "password": "none"}', '{"password": {"value": "hunter2secret9"}}'),
        '{"displayname": "web", "key": "DB_PASSWORD", "value": "hunter2secret9"}',
        '{"db": "key_id=42 password=hunter2secret9"}',
        *(
            "clientSecret: Zq7d4645955c47fe8cd5",
            "X-API-Key: Zq7d4645955c47fe8cd5",
            "access token: Zq7d4645955c47fe8cd5",
        ),
        *("Authorization: Bearer Zq7d4645955c47fe8cd5", '{"Name": "TOKEN", "Value": "Zq7d4645955c47fe8cd5"}'),
        *("[Interface]\nPrivateKey = Zq7d4645955c47fe8cd5=", "https://h/x?token=Zq7d4645955c47fe8cd5"),
    ],
)
def test_value_of_such_a_name_is_found(text: str) -> None:
    assert NAMED in {finding.kind for finding in find_credentials(text) if finding.sure}


@pytest.mark.parametrize("text", ["password: blue-turnip-47", "passcode=482913", '{"token": "tok-a1b2c3d4"}'])
def test_value_that_could_be_a_name_may_be_a_credential(text: str) -> None:
    assert {finding.sure for finding in find_credentials(text)} == {False}


@pytest.mark.parametrize(
    "text",
    [
        "",
        *(f"bkdtg_{KSUID}", f"edghts_{KSUID} and tn_{KSUID}", f'{{"password": "edghts_{KSUID}"}}'),
        '{"token": "550e8400-e29b-41d4-a716-446655440000"}',
        *(
            "checksum/secret: 1f3870be274f6c49b3e31a0c6728957f",
            '{"secret_sha": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}',
        ),
        *("Secret Santa: draw on 2026-12-01T10:00:00Z", "service_key: web@v2beta1", "max_tokens=128000"),
        *("SASL_SSL://b-1.msk.eu:9096,b-2.msk.eu:9096", "kafka://b1:9092,b2:9092@eu", "http://proxy:3128@x"),
        *("https://user@example.com/token?x=1", "Reset your password: https://example.com/reset"),
        *("The secret: never deploy on a Friday", "monkey: 3business4x5", "postgres://app:password@db/shop"),
        *("password: ${{ secrets.DB }}", "password: $DB_PASSWORD", "postgres://app:${DB_PASSWORD}@db/shop"),
        *("secret: @Microsoft.KeyVault(SecretUri=https://v/s/x9)", "password: op://vault/db/password9x"),
        *("password: /run/secrets/db-a1b2c3", r"pwd: C:\inetpub\web01", "password: !secret db", "pass: %DB_PASS1%"),
        '{"storage_key": "uploads/9f8e7d6c5b4a39281706f/index"}',
        *("password: ********", "password: [redacted]", "token: <redacted>", "api_key: xxxxxxxx"),
        *('{"password": null, "token": true, "secret": 5}', '{"secretRef": "vault:kv/data/web2x3y4z5a6b7c8d"}'),
        *('{"password_rotated_at": "2026-01-01T00:00:00Z"}', '{"passwordless": "WebAuthn2x", "secretary": "jane9doe"}'),
        *('{"auth": "oauth2-proxy"}', '{"secret": "prod/db-1"}', '{"password": "ENC[AES256_GCM,data:abc1=,iv:x]"}'),
        *("AKIAIOSFODNN7EXAMPLE", "api_key: $__file{/etc/secrets/key1}", "abcdefghijklmnopqrs_abcdefghijklmnopqrs"),
    ],
)
def test_text_about_credentials_is_none(text: str) -> None:
    assert find_credentials(text) == set()


def test_signed_token_may_be_public_so_it_is_not_sure() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
    assert {finding.sure for finding in find_credentials(token)} == {False}


@pytest.mark.parametrize(
    ("text", "allow"),
    [
        (fill("ghp_%{alnum:36}", 1), "^ghp_[0-9A-Za-z]{36}$"),
        ('{"db": {"password": "hunter2secret"}}', "^hunter2"),
        ('{"db": {"password": "hunter2secret"}}', r"db\.password"),
        (f"authtoken: {NGROK}", KSUID),
    ],
)
def test_finding_is_allowed_by_any_part_of_it(text: str, allow: str) -> None:
    assert find_credentials(text)
    assert find_credentials(text, [allow]) == set()
    assert find_credentials(text, [f"x{allow}"])


@pytest.mark.parametrize("hidden", ["gitleaks:allow", "betterleaks:allow", "\0", "\ud800", "// GITLEAKS:ALLOW"])
def test_no_text_disables_the_search(hidden: str) -> None:
    token = fill("shpat_%{hex:32}", 1)
    for text in (f"{token} {hidden}", f"{hidden} {token}"):
        assert find_credentials(text)


@pytest.mark.parametrize("text", ['{"a":"\\ud83d"}', '{"a\\ud83d":"x"}', "\ud83d"])
def test_half_a_surrogate_pair_ends_no_search(text: str) -> None:
    token = fill("shpat_%{hex:32}", 1)
    assert find_credentials(text) == set()
    assert find_credentials(f'{{"x": "{token}", "y": {text}}}' if text.startswith("{") else f"{token} {text}")


@pytest.mark.parametrize("hidden", ["\\u0000", "gitleaks\\u003aallow"])
def test_no_escape_in_json_disables_the_search(hidden: str) -> None:
    assert find_credentials(f'{{"x": "{hidden} {fill("shpat_%{hex:32}", 1)}"}}')


def test_a_value_is_searched_with_few_names() -> None:
    """With each of its names, the text of 4,096 characters would be one of 400,000."""
    begun = time.process_time()
    find_credentials("{" + '"key":"a",' * 200 + '"value":"' + "a" * 2070 + '"}')
    assert time.process_time() - begun < 2
