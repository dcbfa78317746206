from typing import Any

import pytest

from agents.diagnosis.handoff import Diagnosis
from agents.grounding.guard import GroundingRefused, check_diagnosis
from agents.grounding.index import SymbolIndex
from agents.grounding.names import words
from agents.grounding.tests.repositories import JAVASCRIPT, PYTHON, TYPESCRIPT, written

COMMIT = "3f2a9c1d" * 5


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SymbolIndex]:
    repositories = {"javascript": JAVASCRIPT, "typescript": TYPESCRIPT, "python": PYTHON}
    return {
        name: SymbolIndex.build(written(tmp_path_factory.mktemp(name), files))
        for name, files in repositories.items()
    }


def diagnosis(**changes: Any) -> Diagnosis:
    values: dict[str, Any] = {
        "title": "The total of an empty order",
        "root_cause": "Something is read before it is there.",
        "location": {"path": "src/cart.js", "function": "cartTotal", "line_start": 9, "line_end": 9},
        "causal_chain": [{"claim": "It fails here.", "citation": {"kind": "code", "reference": "src/cart.js:9"}}],
        "hypotheses": [{"statement": "Bad input", "verdict": "open", "because": "not looked at"}],
        "confidence": 0.9,
    }
    return Diagnosis(**{**values, **changes})


def located(path: str, function: str, line_start: int, line_end: int) -> dict[str, Any]:
    return {"path": path, "function": function, "line_start": line_start, "line_end": line_end}


def checked(index: SymbolIndex, given: Diagnosis, *, known_words: frozenset[str] = frozenset()) -> list[str]:
    return check_diagnosis(
        given,
        index=index,
        log_event_ids=frozenset({"event-1"}),
        commits=frozenset({COMMIT}),
        known_words=known_words,
    )


@pytest.mark.parametrize(
    "location",
    [
        located("src/cart.js", "cartTotal", 8, 10),
        located("src/cart.js", "cartTotal()", 1, 8),
        located("src/cart.js", "Cart.discount", 19, 19),
        located("src/cart.js", "Cart.prototype.discount", 19, 19),
        located("src/cart.js", "discount", 18, 20),
        located("src/cart.js", "Cart.isEmpty", 15, 15),
        located("src/cart.js", "Cart", 12, 17),
        located("src/cart.js", "module.exports.taxFor", 22, 22),
        located("src/cart.js", "TAX_RATES", 6, 6),
        located("src/cart.js", "<module>", 1, 3),
        located("src/money.js", "exports.round", 1, 1),
        located("src/routes/orders.js", 'router.post("/orders")', 8, 8),
        located("src/routes/orders.js", "<anonymous>", 8, 8),
    ],
)
def test_functions_are_accepted_under_every_true_name(
    indexes: dict[str, SymbolIndex], location: dict[str, Any]
) -> None:
    assert checked(indexes["javascript"], diagnosis(location=location)) == []


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        (
            located("src/cart.js", "calculateCartTotal", 8, 10),
            "location.function: `src/cart.js` has no function `calculateCartTotal`; "
            "near: `cartTotal` (src/cart.js:8). At these lines are: `cartTotal` (8-10), `items.reduce` (9-9).",
        ),
        (
            located("src/money.js", "cartTotal", 1, 1),
            "location.function: `src/money.js` has no function `cartTotal`; it is defined in src/cart.js:8-10.",
        ),
        (
            located("src/cart.js", "cartTotal", 12, 14),
            "location: `cartTotal` is not at lines 12-14 of `src/cart.js` but at src/cart.js:8-10.",
        ),
        (
            located("src/cart.js", "cartTotal", 8, 300),
            "location: lines 8-300 are not in `src/cart.js`, which has 22 lines.",
        ),
        (
            located("src/carts.js", "cartTotal", 8, 10),
            "location.path: the file `src/carts.js` does not exist; "
            "near: `src/cart.js`, `tests/cart.test.js`, `src/routes/orders.js`.",
        ),
    ],
)
def test_fabricated_and_misplaced_locations_are_refused_with_what_is_near(
    indexes: dict[str, SymbolIndex], location: dict[str, Any], problem: str
) -> None:
    assert checked(indexes["javascript"], diagnosis(location=location)) == [problem]


@pytest.mark.parametrize(
    ("kind", "reference", "problem"),
    [
        ("code", "src/cart.js:9", ""),
        ("code", "src/cart.js:8-10", ""),
        ("code", "package.json:1", ""),
        ("log_event", "event-1", ""),
        ("commit", COMMIT, ""),
        ("commit", COMMIT[:7], ""),
        ("code", "src/cart.js", "is not of the form"),
        ("code", "src/cart.js:20-99", "is outside the file, which has 22 lines"),
        ("code", "src/cart.js:10-8", "is outside the file"),
        ("code", "src/cart.js:0", "is outside the file"),
        ("code", "lib/cart.js:1", "does not exist"),
        ("log_event", "event-2", "is not among the 1 that were given"),
        ("commit", COMMIT[:6], "is not a hash of at least 7"),
        ("commit", "0" * 40, "is not among the 1 commits"),
    ],
)
def test_every_citation_is_looked_up(
    indexes: dict[str, SymbolIndex], kind: str, reference: str, problem: str
) -> None:
    step = {"claim": "It fails here.", "citation": {"kind": kind, "reference": reference}}

    problems = checked(indexes["javascript"], diagnosis(causal_chain=[step]))

    assert problems == [] if not problem else problem in problems[0]


@pytest.mark.parametrize(
    ("language", "prose"),
    [
        ("javascript", "`cartTotal` calls Array.prototype.reduce on `items`, and toFixed throws a TypeError"),
        ("javascript", "Cart.from maps with lodash.map or _.keyBy; express.Router() is a dependency's"),
        (
            "javascript",
            "`Cart#touched`, Cart.discount and this.items; standard_rate is a key and cart_item a string",
        ),
        ("javascript", "src/cart.js:8-10, cart.js, ./src/money.js and /app/src/cart.js:9:12 are given"),
        ("javascript", "req.body.items and `res.json` and res.status(201) and `async`/`await` and `null`"),
        (
            "javascript",
            "JSON.parse, process.env.NODE_ENV, fs.readFileSync, node_modules/express/lib/router/index.js",
        ),
        ("javascript", "JavaScript on Node.js writes to CloudWatch; PostgreSQL is not asked, GitHub neither"),
        ("typescript", "InvoiceService.totalFor reads lineItems of undefined; `rounded` is roundMoney"),
        ("typescript", "`InvoiceState.Draft`, this.ledger.get(customerId) and @Injectable() of @nestjs/common"),
        ("typescript", "LedgerClock.now and Promise.all and Map.prototype.get"),
        ("python", "`Invoice.subtotal_cents` and raise_for_status; `requests.post` and yaml.safe_load"),
        ("python", "dict.get, datetime.timedelta, json.loads, os.environ, KeyError and `__init__`, default_rate"),
        ("python", "billing.rates.rate_for is called by total_due in billing/invoice.py:39-40"),
    ],
)
def test_true_names_are_accepted_in_prose(indexes: dict[str, SymbolIndex], language: str, prose: str) -> None:
    problems = checked(indexes[language], diagnosis(root_cause=prose))

    assert [problem for problem in problems if problem.startswith("root_cause")] == []


@pytest.mark.parametrize(
    ("language", "prose", "problem"),
    [
        (
            "javascript",
            "it calls calculateCartTotal for each",
            "`calculateCartTotal`, which is not in the repository",
        ),
        ("javascript", "a comment names oldCartTotal in the file", "`oldCartTotal`"),
        ("javascript", "the `subtotal` of the order is wrong", "`subtotal`"),
        ("javascript", "cart.computeTax is called with undefined", "`cart.computeTax`"),
        (
            "javascript",
            "Cart.cartTotal is called with undefined",
            "the class `Cart` has no `cartTotal`; `cartTotal` is",
        ),
        (
            "javascript",
            "see src/cartService.js for the details",
            "the file `src/cartService.js`, which does not exist",
        ),
        (
            "javascript",
            "see src/cart.js:99 for all the details",
            "line 99 of `src/cart.js`, but `src/cart.js` has 22",
        ),
        ("javascript", "isinstance is called by __getattr__ here", "`__getattr__`"),
        ("javascript", "it uses fs.readFileSyncTwice for that", "`fs.readFileSyncTwice`"),
        ("typescript", "LedgerClock.totalFor is called before it", "the class `LedgerClock` has no `totalFor`"),
        ("typescript", "InvoiceRepository.findOne returns undefined", "`InvoiceRepository.findOne`"),
        (
            "python",
            "compute_total_due() raises a BillingError",
            "`compute_total_due`, which is not in the repository",
        ),
        ("python", "the rate_table is empty for new countries", "`rate_table`"),
        ("python", "billing.rates.lookup_rate raises a KeyError", "`billing.rates.lookup_rate`"),
    ],
)
def test_fabricated_names_are_refused_in_prose(
    indexes: dict[str, SymbolIndex], language: str, prose: str, problem: str
) -> None:
    problems = [
        found
        for found in checked(indexes[language], diagnosis(root_cause=prose))
        if found.startswith("root_cause")
    ]

    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "madeUpName breaks"},
        {
            "causal_chain": [
                {"claim": "madeUpName fails", "citation": {"kind": "code", "reference": "src/cart.js:9"}}
            ]
        },
        {"hypotheses": [{"statement": "madeUpName", "verdict": "open", "because": "it is"}]},
        {"hypotheses": [{"statement": "other", "verdict": "open", "because": "madeUpName"}]},
        {"gaps": ["not seen: madeUpName"]},
    ],
)
def test_every_field_of_prose_is_read(indexes: dict[str, SymbolIndex], changes: dict[str, Any]) -> None:
    problems = checked(indexes["javascript"], diagnosis(**changes))

    assert ["madeUpName" in problem for problem in problems] == [True]


def test_names_from_the_alarm_and_the_logs_may_be_repeated(indexes: dict[str, SymbolIndex]) -> None:
    given = diagnosis(root_cause="CheckoutErrors rose because `paymentIntentId` was undefined.")

    assert len(checked(indexes["javascript"], given)) == 2
    assert checked(indexes["javascript"], given, known_words=words("CheckoutErrors paymentIntentId")) == []


def test_the_outside_text_does_not_make_a_location_true(indexes: dict[str, SymbolIndex]) -> None:
    given = diagnosis(location=located("src/cart.js", "payNow", 8, 10))

    assert checked(indexes["javascript"], given, known_words=frozenset({"payNow"}))


def test_a_refused_run_has_its_own_name() -> None:
    assert GroundingRefused("why").exit_reason == "GroundingRefused"
