"""A diagnosis of twelve turns that reads real files, and the repository that it reads."""

from typing import Any

from agents.tests.repositories import ORDERS
from agents.tests.stories import a_diagnosis
from integrations.anthropic.script import Script

REPOSITORY = "demo/large"


def _module(name: str, functions: int) -> str:
    body = "".join(
        f"function {name}{number}(order, options) {{\n"
        f"  const lines = order.lines.filter((line) => line.quantity > {number});\n"
        f"  return lines.map((line) => ({{ ...line, price: line.price * {number}, options }}));\n"
        "}\n\n"
        for number in range(functions)
    )
    return f"{body}module.exports = {{ {', '.join(f'{name}{number}' for number in range(functions))} }};\n"


FILES = {
    **ORDERS,
    "src/pricing.js": _module("price", 60),
    "src/shipping.js": _module("ship", 60),
    "src/discounts.js": _module("discount", 60),
}


def _read(path: str, first: int, last: int) -> dict[str, Any]:
    return {
        "type": "tool_use",
        "name": "read_file",
        "input": {"path": path, "line_start": first, "line_end": last},
    }


def _turn(words: str, *calls: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}, *calls]}


TURNS = [
    _turn(
        "I look for what the log names.", {"type": "tool_use", "name": "search_code", "input": {"text": "lines"}}
    ),
    _turn("The crash is here.", _read("src/total.js", 1, 5), _read("src/routes/orders.js", 1, 7)),
    _turn("Who else reads lines?", _read("src/pricing.js", 1, 120)),
    _turn("The rest of it.", _read("src/pricing.js", 121, 240)),
    _turn("Shipping reads lines as well.", _read("src/shipping.js", 1, 120)),
    _turn("The rest of it.", _read("src/shipping.js", 121, 240)),
    _turn("When did this change?", {"type": "tool_use", "name": "git_log", "input": {"path": "src/total.js"}}),
    _turn("Discounts are next.", _read("src/discounts.js", 1, 120)),
    _turn("The rest of it.", _read("src/discounts.js", 121, 240)),
    _turn("A file that is not there.", _read("src/nowhere.js", 1, 10)),
    _turn("The tests say what is meant.", _read("tests/total.test.js", 1, 8)),
    {
        "content": [
            {"type": "tool_use", "name": "submit_diagnosis", "input": a_diagnosis().model_dump(mode="json")}
        ]
    },
]
SCRIPT = Script.model_validate(
    {"scenarios": [{"name": "twelve turns", "when": {"tool": "submit_diagnosis"}, "turns": TURNS}]}
)
