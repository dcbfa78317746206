"""What a fix changes is held against the tests that reach it; what is not known is never taken for tested."""

from pathlib import Path
from typing import Any

import pytest

from agents.tests.repositories import checkout_of
from core.patch import Patch
from incidents.choices import Risk, Severity
from incidents.models import Fix
from integrations.localgit.host import LocalGitHost
from pipeline.change_coverage import _parts
from pipeline.facts import deployed_checkout
from pipeline.tests.stories import FIXED_TOTAL, a_review, a_tried_fix, an_incident, assessed

SHOP = {
    "src/total.js": "function total(order) {\n  return rounded(order.sum);\n}\n"
    "function rounded(sum) {\n  return Math.round(sum);\n}\nmodule.exports = { total };\n",
    "src/rates.js": "const RATE = 1;\nmodule.exports = { RATE };\n",
    "src/routes.js": "const { RATE } = require('./rates');\nfunction mount(app) {\n"
    "  app.get('/rate', (req, res) => {\n    res.json(RATE);\n  });\n}\nmodule.exports = { mount };\n",
    "src/lonely.js": "function lonely() {\n  return 1;\n}\nmodule.exports = { lonely };\n",
    "config/rates.yaml": "rate: 1\n",
    "tests/total.test.js": "const { total } = require('../src/total');\n"
    "test('adds', () => { expect(total({ sum: 1 })).toBe(1); });\n",
    "tests/routes.test.js": "const routes = require('../src/routes');\n"
    "test('is', () => { expect(routes).toBeTruthy(); });\n",
    "shop/__init__.py": "",
    "shop/prices.py": "def price(line):\n    return line.amount\n",
    "shop/mail.py": "def send(to):\n    return to\n",
    "tests/test_prices.py": "from shop import prices\n\n\ndef test_price():\n"
    "    assert prices.price(None) is None\n",
}


def reach(tmp_path: Path, **changes: str | None) -> list[tuple[str, str, str, list[str]]]:
    checkout = checkout_of(tmp_path, SHOP)
    patch = Patch(changes)
    parts = _parts(checkout, patch.diff(checkout.path), tuple(sorted(patch.files.items())))
    return [(part.path, part.name, part.reach, list(part.tests)) for part in parts]


def changed(path: str, old: str, new: str) -> dict[str, str]:
    assert old in SHOP[path]
    return {path: SHOP[path].replace(old, new)}


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (
            "src/total.js",
            "rounded(order.sum)",
            "rounded(order.sum ?? 0)",
            ("total", "called", ["tests/total.test.js"]),
        ),
        ("src/total.js", "Math.round(sum)", "Math.ceil(sum)", ("rounded", "called", ["tests/total.test.js"])),
        ("src/rates.js", "RATE = 1", "RATE = 2", ("RATE", "called", ["tests/routes.test.js"])),
        ("src/lonely.js", "return 1", "return 2", ("lonely", "none", [])),
        ("config/rates.yaml", "rate: 1", "rate: 2", ("", "unknown", [])),
        ("shop/prices.py", "line.amount", "line and line.amount", ("price", "called", ["tests/test_prices.py"])),
        ("shop/mail.py", "return to", "return to.lower()", ("send", "none", [])),
    ],
)
def test_a_change_is_reached_by_the_tests_that_call_it_or_load_it(
    tmp_path: Path, path: str, old: str, new: str, expected: tuple[str, str, list[str]]
) -> None:
    assert reach(tmp_path, **changed(path, old, new)) == [(path, *expected)]


def test_a_function_that_is_only_loaded_is_not_taken_for_called(tmp_path: Path) -> None:
    [(_, _, how, tests)] = reach(tmp_path, **changed("src/routes.js", "res.json(RATE)", "res.json({ RATE })"))

    assert (how, tests) == ("loaded", ["tests/routes.test.js"])


def test_a_test_that_the_fix_adds_counts(tmp_path: Path) -> None:
    own = {
        "tests/lonely.test.js": "const { lonely } = require('../src/lonely');\n"
        "test('one', () => { expect(lonely()).toBe(2); });\n"
    }

    found = reach(tmp_path, **changed("src/lonely.js", "return 1", "return 2"), **own)

    assert found == [("src/lonely.js", "lonely", "called", ["tests/lonely.test.js"])]


def test_every_changed_place_is_told_apart(tmp_path: Path) -> None:
    both = {**changed("src/total.js", "order.sum", "order.sum ?? 0"), **changed("src/lonely.js", "1", "2")}

    assert {(name, how) for _, name, how, _ in reach(tmp_path, **both)} == {
        ("total", "called"),
        ("lonely", "none"),
    }


def test_code_that_does_not_parse_is_unknown(tmp_path: Path) -> None:
    [(_, _, how, _), *_] = reach(tmp_path, **changed("src/lonely.js", "return 1", "return ((1"))

    assert how == "unknown"


def a_fix(**report: Any) -> Fix:
    return a_tried_fix(an_incident(severity=Severity.P2), review=a_review(), **report)


def reasons(fix: Fix) -> list[tuple[str, str]]:
    return [(point.risk, point.reason) for point in assessed(fix).points]


@pytest.mark.django_db
def test_one_change_that_decides_whether_its_test_passes_is_proven(host: LocalGitHost) -> None:
    proven = "tests/total.test.js fails without the change of src/total.js total and passes with it"

    assert ("LOW", proven) in reasons(a_fix())


@pytest.mark.django_db
def test_without_a_proving_test_the_callers_are_asked(host: LocalGitHost) -> None:
    assert ("LOW", "src/total.js total is reached from tests/total.test.js") in reasons(a_fix(fail_to_pass=[]))
    by_command = a_fix(fail_to_pass=["(the test command)::exits with 0"])
    assert ("LOW", "src/total.js total is reached from tests/total.test.js") in reasons(by_command)


@pytest.mark.django_db
def test_what_no_test_reaches_is_high(host: LocalGitHost) -> None:
    fix = a_fix()
    base = deployed_checkout(fix.incident).path
    showing = (base / "src/routes/orders.js").read_text().replace("id: order.id", "id: String(order.id)")
    patch = Patch({"src/total.js": FIXED_TOTAL, "src/routes/orders.js": showing})
    fix.files, fix.diff, fix.diff_sha256 = dict(patch.files), patch.diff(base), patch.sha256

    assert ("HIGH", "no test reaches src/routes/orders.js showOrder") in reasons(fix)


@pytest.mark.django_db
def test_a_diff_that_cannot_be_read_is_not_taken_for_tested(host: LocalGitHost) -> None:
    fix = a_fix()
    fix.diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@ torn"

    assert ("HIGH", "whether a test reaches the change of src/total.js is not known") in reasons(fix)
    assert assessed(fix).risk == Risk.CRITICAL
