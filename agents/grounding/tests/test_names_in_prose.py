import pytest

from agents.grounding.names import Mention, mentions, words


def named(prose: str) -> list[str]:
    return [mention.text for mention in mentions(prose)]


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        ("The cartTotal of an OrderService is wrong", ["cartTotal", "OrderService"]),
        ("`quantity` is a string", ["quantity"]),
        ("unit_price and MAX_ITEMS differ", ["unit_price", "MAX_ITEMS"]),
        ("req.body.items was empty", ["req.body.items"]),
        ("round(x) is called by Cart#total", ["round", "Cart#total"]),
        ("`order?.items[0].sku` is read", ["order?.items[0].sku"]),
        ("`router.post('/orders', createOrder)`", ["router.post", "createOrder"]),
        ("```js\nreturn sumOf(lines)\n```", ["sumOf"]),
        ("HTTPServer raised a KeyError", ["HTTPServer", "KeyError"]),
        ("_private and $el and self._cache", ["_private", "$el", "self._cache"]),
    ],
)
def test_names_of_code_are_found(prose: str, expected: list[str]) -> None:
    assert named(prose) == expected


@pytest.mark.parametrize(
    "prose",
    [
        "The order fails when the cart is empty.",
        "Wrong item(s) in 3 order(s), e.g. two SKUs, i.e. IDs; at 10.5 ms.",
        "POST /orders/:orderId/lineItems answers 500",
        "See https://example.com/someThing and ops@example.com.",
        "The read/write path and the and/or case: client-side, x-request-id.",
        "It failed.The next one (the second) did not",
        "GETs and POSTs; UUIDs, APIs, URLs",
        "log group /ecs/orders-service at 2026-11-24T04:27:52Z",
        "Nothing here - really, it's don't-care.",
        'The message `"customerName is required"` is a string',
    ],
)
def test_english_is_left_alone(prose: str) -> None:
    assert named(prose) == []


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        ("at src/cart.js:12-14,", Mention("src/cart.js", "file", 12, 14)),
        ("`./src/cart.js`", Mention("./src/cart.js", "file")),
        ("in cart.js:7.", Mention("cart.js", "file", 7, 7)),
        ("(/app/src/cart.js:12:5)", Mention("/app/src/cart.js", "file", 12, 12)),
    ],
)
def test_paths_are_told_from_names(prose: str, expected: Mention) -> None:
    assert mentions(prose) == [expected]


def test_words_are_the_identifiers_of_a_log_line() -> None:
    assert {"TypeError", "unitPrice"} <= words("TypeError: Cannot read properties (reading 'unitPrice')")
