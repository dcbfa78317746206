from pathlib import Path

import pytest

from agents.grounding.blast_radius import BlastRadius, radius_of_lines, radius_of_patch
from agents.grounding.call_graph import CallGraph
from agents.grounding.index import SymbolIndex
from agents.grounding.suite.repositories import repository_files, repository_write
from core.patch import Patch


def index_of(name: str, folder: Path) -> SymbolIndex:
    return SymbolIndex.build(repository_write(name, folder))


def at(index: SymbolIndex, path: str, text: str) -> BlastRadius:
    line = index.text_lines(path).index(text) + 1
    return radius_of_lines(path, line, line, index=index)


@pytest.mark.parametrize(
    ("repository", "path", "text", "callers", "contracts"),
    [
        (
            "billing-api",
            "src/billing/money.js",
            "  return new Money(this.amountCents - other.amountCents, this.currency);",
            {"remainingAfterRefund", "refund", "refundInvoice"},
            {"POST /:invoiceId/refund"},
        ),
        (
            "ledger-service",
            "src/ledger/balance.service.ts",
            "    if (cached) return cached;",
            {
                "TransferService.assertCovered",
                "TransferService.transfer",
                "TransfersController.create",
                "TransfersController.balance",
            },
            {"GET :accountId/balance", "POST"},
        ),
        (
            "bookings",
            "bookings/cancellation.py",
            "    booking.status = Booking.Status.CANCELLED",
            {"BookingViewSet.cancel"},
            {"ACTION detail=True"},
        ),
        (
            "warehouse-events",
            "src/stock/levels.mjs",
            "  levels.set(sku, next);",
            {"Consumer.handleEntry", "reserve", "release", "expireDue", "Consumer.run"},
            {"export applyDelta of src/index.mjs", "POST /:sku/reservations", "DELETE /reservations/:id"},
        ),
    ],
)
def test_callers_and_contracts_are_found_through_files_types_and_names(
    tmp_path: Path, repository: str, path: str, text: str, callers: set[str], contracts: set[str]
) -> None:
    radius = at(index_of(repository, tmp_path), path, text)

    assert callers <= {caller.name for caller in radius.callers}
    assert contracts <= {contract.split(" (")[0] for contract in radius.contracts}


def test_a_call_on_a_receiver_that_is_not_known_is_only_possible(tmp_path: Path) -> None:
    index = index_of("billing-api", tmp_path)

    radius = at(index, "src/billing/money.js", "  const digits = MINOR_DIGITS[this.currency];")

    certain = {caller.name: caller.is_certain for caller in radius.callers}
    assert certain["Invoice.toJSON"] is False
    assert radius.size == len(radius.callers) > 1


def test_only_changed_functions_outside_tests_count(tmp_path: Path) -> None:
    index = index_of("billing-api", tmp_path)
    files = repository_files("billing-api")
    patch = Patch(
        {
            "src/errors.js": files["src/errors.js"].replace("statusCode = 422", "statusCode = 400"),
            "tests/money.test.js": files["tests/money.test.js"] + "\n// more\n",
            "src/new.js": "exports.nothing = () => 1;\n",
        }
    )

    radius = radius_of_patch(patch, index=index)

    assert [changed.split(" ")[1] for changed in radius.changed] == ["BillingError.constructor"]


def test_a_function_that_nothing_calls_has_no_callers(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("function alone() {\n  return 1;\n}\n")

    radius = radius_of_lines("a.js", 2, 2, index=SymbolIndex.build(tmp_path))

    assert str(radius) == "a.js:1 alone has no callers"


def test_functions_that_call_one_another_end(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(
        "function a() {\n  b();\n}\nfunction b() {\n  a();\n}\nfunction c() {\n  a();\n}\n"
    )

    radius = radius_of_lines("a.js", 2, 2, index=SymbolIndex.build(tmp_path))

    assert {caller.name for caller in radius.callers} == {"b", "c"}
    assert not radius.is_cut


def test_an_import_without_a_call_is_a_reference(tmp_path: Path) -> None:
    index = index_of("storefront-web", tmp_path)
    [component] = index.lookup("ProductPage")
    [provider] = index.lookup("CartProvider")

    graph = CallGraph(index)

    assert graph.references_to(component) == []
    found = [(reference.path, reference.how) for reference in graph.references_to(provider)]
    assert ("src/app/layout.tsx", "import") in found
