import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.redact import _FORMS, _NAME_WORDS, _NAMED, Redactor, redact, register_secret

KEY_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n" * 4

SECRETS = [
    ("id AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("password=hunter22 user=bob", "hunter22"),
    ("login failed password=letmein ip=10.0.0.1", "letmein"),
    ("PASSWORD: hunter2", "hunter2"),
    ('{"user": "bob", "password": "hunter2"}', "hunter2"),
    (r"{\"api_key\": \"abcd-efgh-1jkl\"}", "abcd-efgh-1jkl"),
    ("apiKey: 'abcdefghijklmnopqrstuv'", "abcdefghijklmnopqrstuv"),
    ("const apiKey = 'live-key-0001';", "live-key-0001"),
    ('settings["client_secret"] = "s3cr3t-value"', "s3cr3t-value"),
    ("GET /v1/orders?access_token=abcdef123456&page=2", "abcdef123456"),
    ("x-api-key: 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
    ("Authorization: Bearer abcDEF123ghi456jkl", "abcDEF123ghi456jkl"),
    ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ('"authorization":"Bearer abcDEF123ghi456jkl"', "abcDEF123ghi456jkl"),
    ("sent Bearer 0123456789abcdef0123 to it", "0123456789abcdef0123"),
    ("remote ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_16C7"),
    ("remote gho_16C7e42F292c6912E7710c838347Ae178B4a", "gho_16C7"),
    ("remote ghs_16C7e42F29", "ghs_16C7"),
    ("ghs_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
    ("github_pat_11ABCDEFG0123456789_abcdefghijklmnop", "11ABCDEFG"),
    ("key sk-ant-api03-abcdefghijkl", "api03-abcdefghijkl"),
    ("xoxb-123456789012-abcdefghij", "123456789012-abcdefghij"),
    ("https://hooks.slack.com/services/T000/B000/XXXXXXXX", "XXXXXXXX"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN", "dozjgNryP4J3jVmN"),
    ("postgres://orders:pa55word@db.internal:5432/orders", "pa55word"),
    ("redis://:onlysecret@cache:6379/0", "onlysecret"),
    (f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}-----END RSA PRIVATE KEY-----", "MIIEvQIBADAN"),
    (f"cut off: -----BEGIN PRIVATE KEY-----\n{KEY_BODY}", "MIIEvQIBADAN"),
    ("Set-Cookie: sid=s%3Aabcdef; Path=/; HttpOnly", "s%3Aabcdef"),
    (
        "AWS4-HMAC-SHA256 Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024",
        "fe5f80f77d5f",
    ),
]

ORDINARY = [
    "const token = req.headers.authorization;",
    "const { password } = req.body;",
    "user = login(name, password=password)",
    "client = Client(token=settings.TOKEN, secret=load_secret())",
    "const token=found;",
    "password: string;",
    "password?: string | undefined",
    "token: null,",
    "if (token === 'function') return next(token);",
    "headers: { Authorization: `Bearer ${token}` }",
    "secret: process.env.SESSION_SECRET,",
    "DATABASE_PASSWORD=${DATABASE_PASSWORD}",
    "url = f'postgres://{user}:{password}@{host}/orders'",
    "max_tokens: 4096, input_tokens=512, tokenType: 'Bearer'",
    "SyntaxError: Unexpected token: end of input",
    "password: must be at least 8 characters",
    '{"password": "is required"}',
    "authorization: token expired",
    "Bearer authentication failed for request 42",
    "PWD=/home/orders/app1",
    "send({ token: 'tok_visa', apiKey: 'from-vault' })",
    "TypeError: Cannot read properties of undefined (reading 'price') at src/pricing/totals.js:14:22",
    "2026-11-24T04:00:00Z ERROR orderId=8123 cartId=99 total=12.50 GET https://orders.internal/v1/carts/99",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b Author: Bob <bob@example.com>",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-db",
    'if (!pem.includes("-----BEGIN PRIVATE KEY-----")) {\n  throw new Error("not a key");\n}',
    "import { createHash } from 'node:crypto'; // sha256 of the body",
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_is_taken_out(text: str, secret: str) -> None:
    redacted = redact(text)

    assert secret not in redacted
    assert "[redacted:" in redacted


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_code_and_log_lines_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_only_the_secret_is_replaced() -> None:
    assert redact("postgres://orders:pa55word@db/orders") == "postgres://orders:[redacted:url-password]@db/orders"
    assert redact('{"password": "hunter2", "id": 7}') == '{"password": "[redacted:credential]", "id": 7}'


def test_our_own_secrets_are_found_by_value_in_every_spelling() -> None:
    redactor = Redactor(['own "secret"/1'])

    assert redactor.redact('is own "secret"/1 here') == "is [redacted:secret] here"
    assert redactor.redact(r'{"note": "own \"secret\"/1"}') == '{"note": "[redacted:secret]"}'
    assert redactor.redact("?x=own%20%22secret%22%2F1") == "?x=[redacted:secret]"


def test_a_longer_secret_wins_over_one_it_begins_with() -> None:
    assert Redactor(["abcdef", "abcdefgh"]).redact("abcdefgh") == "[redacted:secret]"


def test_a_registered_secret_is_taken_out_everywhere() -> None:
    assert register_secret("registered-for-this-test")

    assert redact("it is registered-for-this-test.") == "it is [redacted:secret]."


def test_a_value_too_short_to_tell_from_words_is_refused() -> None:
    redactor = Redactor()

    assert not redactor.register("a")
    assert redactor.redact("a cat") == "a cat"


PIECES = st.sampled_from(
    [text for text, _ in SECRETS]
    + ORDINARY
    + ["password=", "token: ", '"', "'", "=", "[redacted:jwt]", "Bearer ", "@"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=6).map("".join))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text)

    assert redact(once) == once


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "=",
        "token",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "a://",
        "cookie:a=b;",
        " ",
        "sk-",
        "ghs_a.",
        "xoxb-",
    ],
)
def test_long_runs_of_anything_take_little_time(piece: str) -> None:
    redact(piece * (200_000 // len(piece)))


FORMS = [*_FORMS, ("named", _NAME_WORDS, _NAMED)]


@pytest.mark.parametrize(("kind", "words", "pattern"), FORMS, ids=[form[0] for form in FORMS])
@given(data=st.data())
def test_whatever_a_form_matches_holds_one_of_the_words_that_are_looked_for_first(
    kind: str, words: tuple[str, ...], pattern: re.Pattern[str], data: st.DataObject
) -> None:
    """Without that a secret would be passed over. ASCII, as secrets are."""
    text = data.draw(st.from_regex(pattern, alphabet=st.characters(max_codepoint=127)))

    assert any(word in text.casefold() for word in words), kind
