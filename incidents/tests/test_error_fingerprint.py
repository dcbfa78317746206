"""What is the same error whatever its ids, times and line numbers are, and what is another one."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.error_fingerprint import ErrorParts, error_in, error_of, normalised

JAVASCRIPT = """TypeError: Cannot read properties of undefined (reading 'padEnd')
    at parseAmount (/app/src/payments/amounts.js:{line}:29)
    at Refunds.refund [as run] (/app/src/services/refunds.js:32:20)
    at async /app/src/routes/orders.js:41:5
    at Layer.handleRequest (/app/node_modules/router/lib/layer.js:169:33)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""

PYTHON = """request failed
Traceback (most recent call last):
  File "/srv/shop/orders/views.py", line 12, in post
    return place(cart)
  File "/usr/lib/python3.11/contextlib.py", line 81, in inner
    return func(*args, **kwds)
  File "/srv/shop/.venv/lib/python3.11/site-packages/sqlalchemy/orm.py", line 9, in flush
    raise
  File "/srv/shop/orders/checkout.py", line {line}, in place
    total = cart["total"]
orders.errors.MissingTotal.KeyError: 'total' of cart {cart}"""

PARTS = ErrorParts(
    type="TypeError",
    message="Cannot read properties of undefined (reading <value>)",
    frames=(
        "src/payments/amounts.js parseAmount",
        "src/services/refunds.js Refunds.refund [as run]",
        "src/routes/orders.js (anonymous)",
    ),
)


def test_a_javascript_stack_gives_type_message_and_the_innermost_frames_of_the_service() -> None:
    assert error_of(JAVASCRIPT.format(line=13)) == PARTS


def test_a_stack_inside_a_json_line_reads_as_the_bare_one() -> None:
    line = json.dumps(
        {"level": "error", "message": "refund failed", "error": {"stack": JAVASCRIPT.format(line=14), "name": "x"}}
    )

    assert error_of(line) == PARTS


def test_a_python_traceback_gives_its_last_error_and_the_innermost_frames() -> None:
    error = error_of(PYTHON.format(line=7, cart="crt_26132e72"))

    assert error is not None
    assert error.type == "orders.errors.MissingTotal.KeyError"
    assert error.frames == ("shop/orders/checkout.py place", "shop/orders/views.py post")
    assert error.message == "<value> of cart crt_<hex>"


def test_an_error_object_without_a_stack_is_an_error_without_frames() -> None:
    line = json.dumps({"level": "error", "err": {"type": "TimeoutError", "message": "no answer after 3000 ms"}})

    assert error_of(line) == ErrorParts("TimeoutError", "no answer after <n> ms", ())


@pytest.mark.parametrize(
    "message",
    [
        "",
        "GET /health 200 in 3 ms",
        '{"level":"info","message":"order placed"}',
        '{"level":"info","message":',
        "[1, 2]",
        "the errors of yesterday",
        "{" * 5000,
    ],
)
def test_a_line_without_an_error_has_none(message: str) -> None:
    assert error_of(message) is None


@pytest.mark.parametrize("text", [JAVASCRIPT, PYTHON])
def test_another_line_number_or_id_is_the_same_error(text: str) -> None:
    first, second = (
        error_of(text.format(line=line, cart=cart)) for line, cart in [(7, "a1b2c3d4"), (99, "77aa9be1")]
    )

    assert first is not None
    assert second is not None
    assert first.value == second.value


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("TypeError", "RangeError"),
        ("undefined", "null"),
        ("parseAmount", "formatAmount"),
        ("amounts.js", "money.js"),
    ],
)
def test_another_type_message_function_or_file_is_another_error(old: str, new: str) -> None:
    text = JAVASCRIPT.format(line=1)
    first, second = error_of(text), error_of(text.replace(old, new))

    assert first is not None
    assert second is not None
    assert first.value != second.value


def test_the_error_of_most_messages_counts_and_of_equals_the_last() -> None:
    one, two = "RangeError: too far", "SyntaxError: no end"

    assert error_in([one, two, one, "started"]) == error_of(one)
    assert error_in([one, two]) == error_of(two)
    assert error_in(["started", ""]) is None


def test_a_fingerprint_stays_what_it_was() -> None:
    """Incidents in databases carry this value: change VERSION with the recipe, and this test with it."""
    assert PARTS.value == "6f24c4b24b5fb7ced845386d6e5b4e3f7e55482b9734b7b6e2ed5dddb06da1b9"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("order 4711 of user 8ed77aa1-fa61-4d77-ab33-d00769265d7a", "order <n> of user <id>"),
        ("at 2026-11-25T15:00:01.123Z and 2026-11-25", "at <time> and <time>"),
        ('violates unique constraint "orders_pkey"', "violates unique constraint <value>"),
        ("can't open 'a b' or `c`", "can't open <value> or <value>"),
        ("token 0xDEADBEEF, digest 9f86d081884c", "token <hex>, digest <hex>"),
        ("mail to ada.l@example.test bounced", "mail to <address> bounced"),
        ("defaced facade", "defaced facade"),
        ("a\n  b\tc", "a b c"),
    ],
)
def test_what_differs_each_time_is_replaced(message: str, expected: str) -> None:
    assert normalised(message) == expected


@given(st.text())
def test_normalising_twice_changes_nothing_more(message: str) -> None:
    assert normalised(normalised(message)) == normalised(message)


@given(st.text(alphabet=string.ascii_letters + " .:", max_size=60), st.integers(0), st.integers(0))
def test_whatever_the_numbers_are_the_message_is_the_same(words: str, first: int, second: int) -> None:
    assert normalised(f"{words} {first} end") == normalised(f"{words} {second} end")


@given(st.text())
def test_any_text_is_read_without_an_error(message: str) -> None:
    error = error_of(message)

    assert error is None or len(error.frames) <= 3
