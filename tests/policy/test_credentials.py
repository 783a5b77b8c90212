"""What counts as a credential, and what only looks like one. All of them are made up."""

import pytest

from pulumi_ngrok_tg.policy.credentials import NAMED, kinds

KSUID = "2rwwlBV3giwRa5gGhtBlK6AH8q4"
NGROK = f"{KSUID}_4nN9MmJ3QmBqH5uVbnQ9p"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (NGROK, "ngrok API key or authtoken"),
        (f"key: {NGROK}.", "ngrok API key or authtoken"),
        ("4nq9771bPxe8ctg7LKr_2ClH7Y15Zqe4bWLWF9p12", "ngrok API key or authtoken"),
        (f'{{"agent": {{"authtoken": "{NGROK}"}}}}', "ngrok API key or authtoken"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "AWS Access Key"),
        ("ghp_" + "aB3" * 12, "GitHub Token"),
        ("glpat-" + "abcdEFGH1234_-xyz789", "GitLab Token"),
        ("xoxb-" + "123456789012-123456789012-abcdefghijklmnopqrstuvwx", "Slack Token"),
        ("postgres://user:" + "pa55word@db.example/x", "Basic Auth Credentials"),
        ("-----BEGIN " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7", "Private Key"),
        ("eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "JSON Web Token"),
        ('{"db": {"password": "hunter2secret"}}', NAMED),
        ('{"secret_name": "prod/db", "password": "hunter2secret"}', NAMED),
        ('[{"api_key": ["s3cr3tValue9"]}]', NAMED),
        ("ask the team\npassword: swordfish9", NAMED),
        ("password=swordfish9", NAMED),
        ("password = 'Sw0rdfish'", NAMED),
    ],
)
def test_what_is_a_credential(text: str, kind: str) -> None:
    assert kind in kinds(text, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"bkdtg_{KSUID}",
        f"edghts_{KSUID} and tn_{KSUID}",
        f'{{"api_key_id": "ak_{KSUID}", "api_key": "ak_{KSUID}"}}',
        "550e8400-e29b-41d4-a716-446655440000",
        '{"token": "550e8400-e29b-41d4-a716-446655440000"}',
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        '{"commit": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}',
        '{"secret_sha": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}',
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "2026-11-24T11:45:40Z, release 1.24.3-rc.1+build.7",
        "https://user@example.com/token?x=1",
        "Password reset service: token exchange",
        "The secret: never deploy on a Friday",
        '{"secret_name": "prod/db", "password_policy": "strong", "token_ttl": "3600"}',
        '{"secretRef": "vault:kv/data/web", "password": "${DB_PASSWORD}", "token": "required"}',
        '{"environment": "staging", "owner": "team-storefront", "monkey": "business"}',
        '{"password": null, "token": true, "secret": 5}',
    ],
)
def test_what_is_none(text: str) -> None:
    assert kinds(text, ()) == set()


def test_what_is_allowed_is_none() -> None:
    text = '{"password": "hunter2secret", "api_key": "s3cr3tValue9"}'
    assert kinds(text, ["hunter2"]) == {NAMED}
    assert kinds(text, ["^hunter2secret$", "s3cr3t"]) == set()


LONG = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "text",
    [
        "db password: swordfish9 (ask Bob)",
        "password=swordfish9 for the shop db",
        "user=shop, password=Sw0rdf1shX, host=db",
        "DB_PASSWORD=Hunter22x DB_HOST=db.internal",
        "secret_name=prod/db password=hunter2secret",
        "api_key=s3cr3tValue9,key_id=42",
        "password=Hunter2(x)9",
        "API key: s3cr3tValue9",
        f"aws_secret_access_key = {LONG}",
        '{"db": "key_id=42 password=hunter2secret"}',
        '{"password": "Tr0ub4dor &3 x"}',
        '{"password": "My-secret-id-9X"}',
        '{"password": "ab\\"Kd83jdk20slKdj"}',
        """{"password": "a'Kd83jdk20slKdj"}""",
        '{"password": "$Hunter2#x9"}',
        '{"password": "hunter2secret,"}',
        '{"password": "admin:Hunter2x"}',
        '{"api-key": "s3cr3tValue9"}',
        '{"X-API-Key": "s3cr3tValue9"}',
        '{"secret-key": "s3cr3tValue9"}',
        '{"clientSecret": "s3cr3tValue9"}',
        '{"password-prod": "hunter2secret"}',
        '{"access_token": "s3cr3tValue9xyzABC123"}',
        '{"password": {"value": "hunter2secret"}}',
        '{"name": "DB_PASSWORD", "value": "hunter2secret"}',
        '{"password": "hunter2secret", "password": "none"}',
        '{"password": "line one\\nhunter2secret"}',
    ],
)
def test_what_a_name_calls_a_credential(text: str) -> None:
    assert NAMED in kinds(text, ())


@pytest.mark.parametrize(
    "text",
    [
        "authtoken: " + "4nq9771bPxe8ctg7LKr_" + "2ClH7Y15Zqe4bWLWF9p",
        f"token_{NGROK}",
        f"{NGROK}_old",
        f'{{"{NGROK}": {{"a": 1}}}}',
        f'{{"{NGROK}": []}}',
        f'{{"{NGROK}": ""}}',
        f'{{"a": "{NGROK}", "a": "x"}}',
    ],
)
def test_where_a_key_of_ngroks_may_stand(text: str) -> None:
    assert "ngrok API key or authtoken" in kinds(text, ())


@pytest.mark.parametrize(
    "token",
    [
        "AIza" + "b1C2e" * 7,
        "github_pat_" + "a1B2" * 15,
        "sk-ant-api03-" + "a1B2" * 20,
        "hvs." + "a1B2" * 8,
        "pul-" + "a1" * 20,
        "npm_" + "a1B2" * 9,
        "dop_v1_" + "a1" * 32,
        "sk_" + "test_" + "a1B2" * 6,
        "Authorization: Bearer " + "abcdEFGH1234ijkl5678mnop",
        "-----BEGIN ENCRYPTED " + "PRIVATE KEY-----",
    ],
)
def test_tokens_of_vendors(token: str) -> None:
    assert "token of a known vendor" in kinds(token, ())


@pytest.mark.parametrize(
    "text",
    [
        "Owner Jane; Secret: OPS-1234",
        '{"password_rotated_at": "2026-01-01T00:00:00Z", "secretsBackend": "HashiCorp"}',
        '{"tlsSecret": "web-tls-2024", "imagePullSecret": "regcred-1"}',
        '{"secret_expires": "2026-12-31", "client_secret_expires_at": "2027-01-01T00:00:00Z"}',
        '{"passwordless": "WebAuthn2x", "secretary": "jane9doe"}',
        '{"password_manager": "1Password", "password_auth": "SCRAM-SHA-256"}',
        '{"passwordEnv": "DB_PASSWORD2x", "password": "DB_PASSWORD"}',
        '{"secret": "prod/db-1", "password": "projects/123/secrets/db-pass/versions/2"}',
        '{"client_key": "web-01", "account_key": "ACME-42", "db_key": "shop_eu_1"}',
        '{"secrets_commit": "da39a3ee5e6b4b0d3255bfef95601890afd80709", "secretsVersion": "v1.24.3x"}',
        '{"password": "REDACTED", "api_key": "See-Vault", "secret": "2026.12.31"}',
        '{"password": "ENC[AES256_GCM,data:abc1=,iv:x]", "secret": "<set-by-ci-1a>", "pwd": "{{x1y}}"}',
        '{"password": "550e8400-e29b-41d4-a716-446655440000", "secret": "v1.24.3"}',
        f'{{"password": "edghts_{KSUID}"}}',
        "https://user:<password1x>@db and redis://user:{password1x}@host and docker://web:1.2.3@sha256:da39a3ee",
        "etag AC" + "a1" * 16,
        "abcdefghijklmnopqrs_abcdefghijklmnopqrs",
        "monkey: 3business4",
        "Reset your password: https://example.com/reset",
    ],
)
def test_what_only_speaks_of_credentials(text: str) -> None:
    assert kinds(text, ()) == set()


HOSTILE = {
    "spaces": "\n".join([" " * 980 + "pwd=Abc123x9"] * 4),
    "a keyword": "pwd" * 1365,
    "another": "api_key" * 585,
    "keywords": "password=" * 450,
    "quotes": 'password="' * 400,
    "a url": "a:" * 2000 + "@",
    "open objects": '{"password": ' * 300,
    "equal signs": "secret" + "=" * 4000,
    "dashes": "-" * 4096,
    "open lists": "[" * 4096,
    "deep lists": "[" * 990 + "]" * 990,
    "long words": '{"password": "' + "a_" * 2000 + '1a"}',
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_that_is_made_to_take_long_does_not(text: str) -> None:
    """ngrok takes 4096 bytes of metadata, and a stack may have 500 such: all of them, where one took seconds."""
    for _ in range(20):
        kinds(text, ())
