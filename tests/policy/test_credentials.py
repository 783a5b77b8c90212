"""What counts as a credential, and what only looks like one. All of them are made up."""

import pytest

from pulumi_ngrok_tg.policy.credentials import kinds

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
        ('{"db": {"password": "hunter2secret"}}', "Secret Keyword"),
        ('{"secret_name": "prod/db", "password": "hunter2secret"}', "Secret Keyword"),
        ('[{"api_key": ["s3cr3tValue9"]}]', "Secret Keyword"),
        ("ask the team\npassword: swordfish9", "Secret Keyword"),
        ("password=swordfish9", "Secret Keyword"),
        ("password = 'Sw0rdfish'", "Secret Keyword"),
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
    assert kinds(text, ["hunter2"]) == {"Secret Keyword"}
    assert kinds(text, ["^hunter2secret$", "s3cr3t"]) == set()


HOSTILE = {
    "keywords": "password=" * 450,
    "a url": "a:" * 2000 + "@",
    "open objects": '{"password": ' * 300,
    "equal signs": "secret" + "=" * 4000,
    "dashes": "-" * 4096,
    "deep": "[" * 4096,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_that_is_made_to_take_long_does_not(text: str) -> None:
    """ngrok takes 4096 bytes of metadata; a regular expression that goes back and forth would take for ever."""
    kinds(text, ())
