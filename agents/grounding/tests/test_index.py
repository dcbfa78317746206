from pathlib import Path

import pytest

from agents.grounding.draft import LARGEST_FILE_BYTES
from agents.grounding.index import SymbolIndex
from agents.grounding.kept import index_for, index_read, index_write, kept_at
from agents.grounding.tests.repositories import JAVASCRIPT, PYTHON, TYPESCRIPT, written
from core.patch import Patch
from integrations.codehost import Checkout


def places(index: SymbolIndex, name: str) -> list[tuple[str, str, int, int]]:
    return [(found.qualified_name, found.path, found.line_start, found.line_end) for found in index.lookup(name)]


def test_javascript_definitions_have_their_qualified_name_and_lines(tmp_path: Path) -> None:
    index = SymbolIndex.build(written(tmp_path, JAVASCRIPT))

    assert places(index, "cartTotal") == [("cartTotal", "src/cart.js", 8, 10)]
    assert places(index, "Cart.isEmpty") == [("Cart.isEmpty", "src/cart.js", 15, 15)]
    assert places(index, "Cart.discount") == [("Cart.discount", "src/cart.js", 18, 20)]
    assert places(index, "taxFor") == [("taxFor", "src/cart.js", 22, 22)]
    assert places(index, "round") == [("round", "src/money.js", 1, 1)]
    assert index.lookup("express") == []
    handler = [found for found in index.definitions_in("src/routes/orders.js") if found.kind == "callback"]
    assert [(found.qualified_name, found.line_start, found.line_end) for found in handler] == [
        ("router.post('/orders')", 6, 12)
    ]


def test_typescript_classes_types_and_enums_are_defined(tmp_path: Path) -> None:
    index = SymbolIndex.build(written(tmp_path, TYPESCRIPT))

    assert places(index, "InvoiceService.totalFor") == [
        ("InvoiceService.totalFor", "src/billing/invoice.service.ts", 9, 12)
    ]
    assert [found.kind for name in ("LineItem", "Invoice", "InvoiceState") for found in index.lookup(name)] == [
        "type",
        "type",
        "type",
    ]
    assert all(index.knows(name) for name in ("ledger", "lineItems", "Draft"))


def test_python_definitions_include_their_decorators(tmp_path: Path) -> None:
    index = SymbolIndex.build(written(tmp_path, PYTHON))

    assert places(index, "Invoice.send") == [("Invoice.send", "billing/invoice.py", 34, 36)]
    assert places(index, "retried.decorate.wrapper") == [
        ("retried.decorate.wrapper", "billing/invoice.py", 17, 21)
    ]
    assert places(index, "LATE_FEE_CENTS") == [("LATE_FEE_CENTS", "billing/invoice.py", 12, 12)]


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        (JAVASCRIPT, "src/cart.js", {"cartTotal", "Cart", "taxFor"}),
        (JAVASCRIPT, "src/money.js", {"round", "format"}),
        (JAVASCRIPT, "src/index.js", {"cartTotal", "Cart", "taxFor", "money"}),
        (JAVASCRIPT, "src/routes/orders.js", None),
        (TYPESCRIPT, "src/billing/index.ts", {"LineItem", "Invoice", "InvoiceState", "Invoices"}),
        (TYPESCRIPT, "src/shared/index.ts", {"roundMoney", "clock"}),
        (TYPESCRIPT, "src/shared/clock.ts", {"default"}),
        (PYTHON, "billing/__init__.py", {"Invoice", "due", "__all__"}),
        (PYTHON, "billing/rates.py", {"json", "Path", "_TABLE", "rate_for"}),
    ],
)
def test_exports_follow_re_exports_and_are_open_where_text_does_not_tell(
    tmp_path: Path, files: dict[str, str], path: str, expected: set[str] | None
) -> None:
    assert SymbolIndex.build(written(tmp_path, files)).exported_names(path) == expected


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("exports = module.exports = { a };", {"a"}),
        ("const api = { a() {} };\napi.b = 1;\nmodule.exports = api;", {"a", "b"}),
        ("const api = {};\nObject.assign(api, other);\nmodule.exports = api;", None),
        ("module.exports = new Client();", None),
        ("module.exports = { ...rest };", None),
        ("for (const key of names) exports[key] = 1;", None),
        (
            "export default class A {}\nexport const { b, c: [d] } = x;\nexport { e as f };",
            {"default", "b", "d", "f"},
        ),
        ("export async function* g() {}\nexport let h, i = 1;", {"g", "h", "i"}),
    ],
)
def test_every_form_of_export_is_read(tmp_path: Path, source: str, names: set[str] | None) -> None:
    index = SymbolIndex.build(written(tmp_path, {"a.js": source}))

    assert index.exported_names("a.js") == names


def test_near_names_are_those_that_read_alike(tmp_path: Path) -> None:
    index = SymbolIndex.build(written(tmp_path, JAVASCRIPT))

    assert index.near("calculateCartTotal") == ["cartTotal"]
    assert index.near("zzzzqqqq") == []


def test_folders_of_dependencies_and_large_files_are_left_out(tmp_path: Path) -> None:
    index = SymbolIndex.build(
        written(
            tmp_path,
            {
                "a.js": "function kept() {}",
                "node_modules/x/index.js": "function hidden() {}",
                "dist/a.js": "function built() {}",
                "large.js": "function huge() {}\n" + "/" * LARGEST_FILE_BYTES,
            },
        )
    )

    assert index.knows("kept")
    assert not any(index.knows(name) for name in ("hidden", "built", "huge"))
    assert index.has_file("large.js")
    assert index.line_count("large.js") is None
    assert not index.has_file("node_modules/x/index.js")


def test_a_link_out_of_the_checkout_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.js").write_text("function outsideName() {}")
    checkout = written(tmp_path / "checkout", {"a.js": ""})
    (checkout / "link.js").symlink_to(tmp_path / "outside.js")

    assert not SymbolIndex.build(checkout).knows("outsideName")


def test_a_patched_index_has_the_new_names_and_not_the_removed_ones(tmp_path: Path) -> None:
    index = SymbolIndex.build(written(tmp_path, JAVASCRIPT))

    patched = index.with_patch(Patch({"src/cart.js": None, "src/new.js": "function brandNew() {}\n"}))

    assert patched.lookup("brandNew")
    assert not patched.lookup("cartTotal")
    assert index.lookup("cartTotal")


def test_the_index_of_a_commit_is_built_once(tmp_path: Path) -> None:
    checkout = Checkout("demo/shop", "a" * 40, written(tmp_path, JAVASCRIPT), tmp_path / "git")

    assert index_for(checkout) is index_for(checkout)


def test_the_kept_index_says_what_the_built_one_says(tmp_path: Path) -> None:
    for name, files in (("shop", JAVASCRIPT), ("billing", TYPESCRIPT), ("ledger", PYTHON)):
        built = SymbolIndex.build(written(tmp_path / name, files))
        index_write(built, tmp_path / f"{name}.symbols")

        kept = index_read(tmp_path / f"{name}.symbols", root=tmp_path / name)

        assert kept is not None
        assert dict(kept.files) == dict(built.files)
        assert kept.summary.words == built.summary.words
        assert all(kept.lookup(word) == built.lookup(word) for word in built.summary.by_name)
        assert kept.line_counts == built.line_counts
        assert [kept.exported_names(path) for path in kept.files] == [
            built.exported_names(path) for path in built.files
        ]


def test_a_damaged_kept_index_is_built_again(tmp_path: Path) -> None:
    checkout = Checkout("demo/damaged", "b" * 40, written(tmp_path / "b", JAVASCRIPT), tmp_path / "git")
    file = kept_at(checkout)
    index_write(SymbolIndex.build(checkout.path), file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    assert index_read(file, root=checkout.path) is None
    assert index_for(checkout).lookup("cartTotal")
    assert index_read(file, root=checkout.path) is not None


def test_a_disk_that_takes_nothing_costs_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agents.grounding.kept.index_write", full)
    checkout = Checkout("demo/full", "c" * 40, written(tmp_path / "c", JAVASCRIPT), tmp_path / "git")

    assert index_for(checkout).lookup("cartTotal")
