"""What counts as a credential, and what only looks like one. All of them are made up."""

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pulumi_ngrok_tg.policy.credentials import NAMED, Finding, find_credentials
from tests.policy.corpus import fill, read_corpus
from tests.policy.forms import ENDS, KSUID, NAMES, NGROK, PIECES, VENDORS


def rate(held_back: bool, secret: bool) -> tuple[float, float]:
    """Which part of the corpus is found at all, and which surely, over five fillings."""
    found: list[set[Finding]] = []
    for seed in range(5):
        for sample in read_corpus(seed):
            if (sample.held_back, sample.secret) == (held_back, secret):
                found.append(find_credentials(sample.text))
    return sum(map(bool, found)) / len(found), sum(any(one.sure for one in some) for some in found) / len(found)


def test_corpus_is_large_and_even() -> None:
    corpus = list(read_corpus(1))
    assert (len(corpus), sum(sample.secret for sample in corpus)) == (300, 150)
    assert sum(sample.held_back for sample in corpus) == 100


@pytest.mark.parametrize("held_back", [False, True])
def test_most_credentials_are_found(held_back: bool) -> None:
    found, sure = rate(held_back, secret=True)
    assert found >= 0.85
    assert sure >= 0.75


@pytest.mark.parametrize("held_back", [False, True])
def test_hardly_any_text_is_taken_for_a_credential(held_back: bool) -> None:
    found, sure = rate(held_back, secret=False)
    assert sure <= 0.01
    assert found <= 0.05


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", VENDORS.values(), ids=VENDORS)
def test_form_of_a_vendor_is_found(form: str, seed: int) -> None:
    token = fill(form, seed)
    for text in (token, f"ask ops; {token}", f'{{"note": ["{token}"]}}'.replace("\n", "\\n")):
        assert any(finding.sure for finding in find_credentials(text)), text


@pytest.mark.parametrize("value", ["Sw0rdf1sh&x9Qz", "hunter2secret9", "s3cr3tValue9"])
@pytest.mark.parametrize("name", NAMES)
def test_value_of_such_a_name_is_found(name: str, value: str) -> None:
    text = name + value + next((end for begin, end in ENDS.items() if name.startswith(begin)), "")
    assert NAMED in {finding.kind for finding in find_credentials(text) if finding.sure}, text


@pytest.mark.parametrize(
    "text",
    [
        f"key: {NGROK}.",
        f"token_{NGROK}",
        f"{NGROK}_old",
        f'{{"{NGROK}": {{"a": 1}}}}',
        f'{{"{NGROK}": ""}}',
        f'{{"a": "{NGROK}", "a": "x"}}',
        "4nq9771bPxe8ctg7LKr_" + "2ClH7Y15Zqe4bWLWF9p12",
    ],
)
def test_key_of_ngrok_is_found_wherever_it_stands(text: str) -> None:
    assert "ngrok API key or authtoken" in {finding.kind for finding in find_credentials(text)}


@pytest.mark.parametrize(
    "text",
    [
        "db password: swordfish9 (ask Bob)",
        "password=swordfish9 for the shop db",
        "user=shop, password=Sw0rdf1shX, host=db",
        "secret_name=prod/db password=hunter2secret",
        "api_key=s3cr3tValue9,key_id=42",
        "password=Hunter2(x)9",
        '{"db": "key_id=42 password=hunter2secret"}',
        '{"password": "Tr0ub4dor &3 x"}',
        '{"password": "My-secret-id-9X"}',
        '{"password": "ab\\"Kd83jdk20slKdj"}',
        """{"password": "a'Kd83jdk20slKdj"}""",
        '{"password": "$Hunter2#x9"}',
        '{"password": "admin:Hunter2x"}',
        '{"password": {"value": "hunter2secret"}}',
        '{"password": "hunter2secret", "password": "none"}',
        '{"password": "line one\\nhunter2secret"}',
        '{"password": "482913"}',
        "password: abcd efgh ijkl mnop",
        "password: KqWmZtRb",
        *("password:     hunter2secret9", "password: `hunter2secret9`", "**password**: hunter2secret9"),
        *('password = """hunter2secret9"""', "password: |\n  hunter2secret9", "password:\n    hunter2secret9"),
        *("db:password: hunter2secret9", "db/password=hunter2secret9", 'cfg {\\"password\\": \\"hunter2secret9\\"}'),
        *("contrasen\u0303a: hunter2secret9", "pass\u200bword: hunter2secret9", "密码是hunter2secret9"),
        *("password: *hunter2secret9", "password: {{hunter2secret9", "password: md5:hunter2secret9"),
        *('{"name": "web", "passwordValue": "hunter2secret9"}', '{"pin": 482913}', '{"password": 48291377}'),
        '{"displayname": "web", "key": "DB_PASSWORD", "value": "hunter2secret9"}',
        *("DB_PASSWORD_EU=hunter2secret9", "el password del usuario es hunter2secret9", "redis-cli -a hunter2secret9"),
    ],
)
def test_value_is_found_whatever_stands_around_it(text: str) -> None:
    assert NAMED in {finding.kind for finding in find_credentials(text)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        *(f"bkdtg_{KSUID}", f"edghts_{KSUID} and tn_{KSUID}", f'{{"password": "edghts_{KSUID}"}}'),
        *("550e8400-e29b-41d4-a716-446655440000", '{"token": "550e8400-e29b-41d4-a716-446655440000"}'),
        *("da39a3ee5e6b4b0d3255bfef95601890afd80709", '{"secret_sha": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}'),
        "2026-11-24T11:45:40Z, release 1.24.3-rc.1+build.7",
        *("https://user@example.com/token?x=1", "Reset your password: https://example.com/reset"),
        *("Password reset service: token exchange", "The secret: never deploy on a Friday", "monkey: 3business4"),
        *('{"region": "APACSingapore"}', '{"app": "APEXGateway"}', '{"auth": "Bearer introspection-endpoint"}'),
        "etag: da39a3ee5e6b4b0d3255bfef95601890-us12",
        *("password: ${{ secrets.DB }}", "password: ${env:X}", "password: $DB_PASSWORD", "password: %DB_PASSWORD%"),
        *(
            "secret: @Microsoft.KeyVault(SecretUri=https://v/s/x)",
            "secret: arn:aws:secretsmanager:x:1:secret:db-a1B2c3",
        ),
        *("password: op://vault/db/password", "secret: vault:kv/data/web#pw9x", "token: ssm:/prod/t0ken9"),
        *("~/.aws/credentials", "password: ********", "password: [redacted]", "token: <redacted>", "api_key: xxxxxxxx"),
        *("Bitte Passwörter ändern", "Введите пароль", "パスワードを入力", "пароль: спросить у дежурного"),  # noqa: RUF001
        "integrity sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC",
        '{"secretRef": "vault:kv/data/web", "password": "${DB_PASSWORD}", "token": "required"}',
        '{"password": null, "token": true, "secret": 5}',
        "Owner Jane; Secret: OPS-1234",
        '{"password_rotated_at": "2026-01-01T00:00:00Z", "secretsBackend": "HashiCorp"}',
        '{"tlsSecret": "web-tls-2024", "imagePullSecret": "regcred-1"}',
        '{"passwordless": "WebAuthn2x", "secretary": "jane9doe"}',
        '{"password_manager": "1Password", "password_auth": "SCRAM-SHA-256"}',
        '{"passwordEnv": "DB_PASSWORD2x", "password": "DB_PASSWORD"}',
        '{"secret": "prod/db-1", "password": "projects/123/secrets/db-pass/versions/2"}',
        '{"client_key": "web-01", "account_key": "ACME-42", "db_key": "shop_eu_1"}',
        '{"password": "REDACTED", "api_key": "See-Vault", "secret": "2026.12.31"}',
        '{"password": "ENC[AES256_GCM,data:abc1=,iv:x]", "pwd": "{{x1y}}", "secret": "v1.24.3"}',
        *('{"auth": "oauth2-proxy"}', '{"token": "erc20-usdc"}', '{"secret": "k8s-web-tls"}', "AKIAIOSFODNN7EXAMPLE"),
        *('{"dc": "ca-sk-regina-datacenter-2024"}', "npm_config_registry=https://registry.npmjs.org/"),
        *("secret_path=secret/data/web/prod", "cache-key-d41d8cd98f00b204e9800998ecf8427e"),
        *("api_key: $__file{/etc/secrets/key1}", "password: gcp-sm://projects/12/secrets/db1"),
        *('PGPASSWORD="$(vault kv get -field=pw kv/db1)" psql', '{"credentials": "~/.aws/credentials"}'),
        *("パスワード: 1Passwordを参照", 'api_token = file("${path.module}/token.txt")'),
        "abcdefghijklmnopqrs_abcdefghijklmnopqrs",
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
        (fill("glpat-%{base64url:20}", 1), "glpat-"),
        (fill(VENDORS["pem"], 1), fill(VENDORS["pem"], 1)[-60:-40].replace("+", r"\+")),
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


@example([("api_key=", 1), ("Zq7d4645955c47fe8cd55bb14d52dad488", 130)])
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([1, 1, 2, 30, 1000])), min_size=1, max_size=5))
@settings(deadline=None, max_examples=150)
def test_the_search_takes_linear_time(pieces: list[tuple[str, int]]) -> None:
    """Under 0.1 s was measured; ten times that is far from what one pattern takes that goes back on its steps."""
    part = "".join(piece * times for piece, times in pieces)
    text = (part * (4096 // len(part) + 1))[:4096]
    for written in (text, json.dumps({"password": text}), json.dumps({text[:2000]: [text[:3]] * 200})):
        begin = time.process_time()
        find_credentials(written)
        assert time.process_time() - begin < 1


def test_deep_nesting_takes_one_step_a_level() -> None:
    text = '{"name": "password", "value": ' * 90 + '"hunter2secret9"' + "}" * 90
    begin = time.process_time()
    assert find_credentials(text)
    assert time.process_time() - begin < 1
