from pathlib import Path
from textwrap import dedent

import pytest

from agents.grounding.guard import check_fix
from agents.grounding.index import SymbolIndex
from agents.grounding.tests.repositories import JAVASCRIPT, PYTHON, TYPESCRIPT, written
from agents.grounding.written import problems_of
from core.patch import Patch

REPOSITORIES = {"javascript": JAVASCRIPT, "typescript": TYPESCRIPT, "python": PYTHON}


def problems(folder: Path, language: str, files: dict[str, str | None]) -> list[str]:
    checkout = written(folder, REPOSITORIES[language])
    patch = Patch({path: dedent(content) if content is not None else None for path, content in files.items()})
    return check_fix(patch, index=SymbolIndex.build(checkout), checkout=checkout)


@pytest.mark.parametrize("language", REPOSITORIES)
def test_the_files_as_they_are_have_no_fault(tmp_path: Path, language: str) -> None:
    checkout = written(tmp_path, REPOSITORIES[language])
    index = SymbolIndex.build(checkout)

    found = [
        problem
        for path in index.files
        for problem in problems_of(path, index=index, base=index, checkout=checkout)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("language", "path", "source"),
    [
        (
            "javascript",
            "tests/more.test.js",
            """\
            const fs = require('node:fs');
            const path = require('path');
            const request = require('express');
            const { cartTotal: total, ...others } = require('../src');
            const money = require('../src/money');
            jest.mock('../src/cart', () => ({ anything: jest.fn() }));
            const mocked = require('../src/cart');
            let late;
            beforeEach(() => { late = require('../src/index'); late.whatever(); });
            afterEach(() => jest.resetModules());
            it.each([[1]])('works %s', async (value, done) => {
              function inner({ callback, list: [first] }) { callback(first()); }
              const { money: run } = await import('../src/index.js');
              run(mocked.anything(), structuredClone(value), new Map(), setTimeout(done, 1));
              money.format(1); money.round(2); money.toString();
              money.spy = jest.fn(); money.spy();
              try { require('newrelic').start(); } catch { inner(others); }
              expect(total([])).toBe(0);
              for (const each of [fs, path, request]) each();
            });
            """,
        ),
        (
            "typescript",
            "src/app.ts",
            """\
            import { Invoices, InvoiceState, type LineItem } from './billing';
            import now, { } from './shared/clock.js';
            import * as shared from '@app/shared';
            import fs from 'fs';
            declare function provided(): void;
            export abstract class App<T> {
              constructor(private readonly make: () => T, protected count = 0) { provided(); }
              abstract start(): void;
              run(item: LineItem): number { return shared.roundMoney(now()) + parseInt(String(item), 10); }
            }
            const app = (make: any) => make(InvoiceState.Draft, new Invoices(new Map()), fs);
            export default app;
            """,
        ),
        (
            "python",
            "billing/report.py",
            """\
            import os.path as osp
            import xml.etree.ElementTree as tree
            from billing import invoice as invoices
            from billing.invoice import total_due
            from .errors import *
            from . import rates

            try:
                import orjson
            except ImportError:
                orjson = None

            def report(items, make=print, *extra, **options):
                if (found := [total_due(item, "DE") for item in items]):
                    make(found)
                with open(osp.join("a", "b")) as handle:
                    rates.rate_for(handle.read())
                raise BillingError(tree.tostring(invoices.Invoice(found), **options))
            """,
        ),
    ],
)
def test_clean_code_with_tricky_names_is_accepted(tmp_path: Path, language: str, path: str, source: str) -> None:
    assert problems(tmp_path, language, {path: source}) == []


@pytest.mark.parametrize(
    ("language", "source", "problem"),
    [
        ("javascript", "function a() {\n  return (1;\n}", "line 2: this does not parse"),
        ("javascript", "const a = require('./carts');", "line 1: the import `./carts` resolves to no file"),
        ("javascript", "import a from '../gone.js';", "the import `../gone.js` resolves to no file"),
        ("javascript", "jest.mock('./gone');", "the import `./gone` resolves to no file"),
        ("javascript", "const a = require('left-pad');", "the package `left-pad` is neither"),
        ("javascript", "roundMoney(1);", "`roundMoney` is called but not defined, imported or global here"),
        ("javascript", "new CartService();", "`CartService` is called but not defined"),
        ("javascript", "describe('outside a test file', () => {});", "`describe` is called"),
        (
            "javascript",
            "const { cartTotal, cartTax } = require('./cart');",
            "`src/cart.js` does not export `cartTax`; it exports `Cart`, `cartTotal`, `taxFor`.",
        ),
        ("javascript", "const tax = require('./cart').cartTax;", "does not export `cartTax`"),
        ("javascript", "import { cartTax } from './cart.js';", "does not export `cartTax`"),
        ("javascript", "const { nope } = require('.');", "`src/index.js` does not export `nope`"),
        (
            "javascript",
            "const cart = require('./cart');\ncart.nope();",
            "line 2: `cart.nope` is called, but the module",
        ),
        ("javascript", "import * as cart from './cart';\nnew cart.Nope();", "`cart.Nope` is called"),
        ("typescript", "import { Nope } from './billing';", "`src/billing/index.ts` does not export `Nope`"),
        ("typescript", "import money from './shared/money';", "does not export `default`"),
        ("typescript", "import { x } from '@app/nope';", "the package `@app/nope` is neither"),
        ("typescript", "export { gone } from './billing/types';", "does not export `gone`"),
        ("typescript", "const f = (a: string): number => parseAmount(a);", "`parseAmount` is called"),
        ("python", "def f(:\n    pass", "line 1: this does not parse"),
        ("python", "from billing.invoice import total_owed", "`billing/invoice.py` does not export `total_owed`"),
        ("python", "from billing.gone import a", "the import `billing.gone` resolves to no file"),
        ("python", "import numpy", "the package `numpy` is neither"),
        ("python", "compute()", "`compute` is called but not defined"),
        ("python", "from billing import rates\nrates.nope()", "`rates.nope` is called"),
        ("python", "from billing import invoices", "`billing/__init__.py` does not export `invoices`"),
    ],
)
def test_what_cannot_work_is_refused_with_its_line(
    tmp_path: Path, language: str, source: str, problem: str
) -> None:
    path = {"javascript": "src/fix.js", "typescript": "src/fix.ts", "python": "fix.py"}[language]

    found = problems(tmp_path, language, {path: source + "\n"})

    assert len(found) == 1
    assert found[0].startswith(f"`{path}` line ")
    assert problem in found[0]


def test_a_call_is_refused_with_the_name_that_was_meant(tmp_path: Path) -> None:
    found = problems(tmp_path, "javascript", {"src/fix.js": "calculateCartTotal([]);\n"})

    assert found == [
        "`src/fix.js` line 1: `calculateCartTotal` is called but not defined, imported or global here; "
        "near: `cartTotal`."
    ]


def test_files_of_the_same_patch_count_as_there(tmp_path: Path) -> None:
    files = {
        "src/tax.js": "exports.cartTax = () => 1;\n",
        "src/fix.js": "const { cartTax } = require('./tax');\ncartTax();\n",
    }

    assert problems(tmp_path, "javascript", {**files}) == []


def test_a_name_that_the_same_patch_removes_is_refused(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "javascript",
        {
            "src/money.js": "exports.format = String;\n",
            "src/cart.js": "const { round } = require('./money');\nround(1);\n",
        },
    )

    assert len(found) == 1
    assert "does not export `round`" in found[0]


def test_a_fault_that_was_there_before_is_not_the_fixs(tmp_path: Path) -> None:
    checkout = written(tmp_path, {**JAVASCRIPT, "src/old.js": "const x = require('./generated');\nx();\n"})
    patch = Patch({"src/old.js": "const x = require('./generated');\nx(1);\nmadeUp();\n"})

    found = check_fix(patch, index=SymbolIndex.build(checkout), checkout=checkout)

    assert len(found) == 1
    assert "`madeUp` is called" in found[0]


def test_what_other_files_call_as_global_is_taken_to_be_there(tmp_path: Path) -> None:
    checkout = written(tmp_path, {**JAVASCRIPT, "src/page.js": "$('#cart');\nglobal.shopName = 'a';\n"})
    patch = Patch({"src/fix.js": "$('#total');\nshopName();\n"})

    assert check_fix(patch, index=SymbolIndex.build(checkout), checkout=checkout) == []


def test_files_of_other_kinds_and_deleted_files_are_not_parsed(tmp_path: Path) -> None:
    assert problems(tmp_path, "javascript", {"README.md": "(((", "tests/cart.test.js": None}) == []


MEMBERS = {
    "package.json": "{}",
    "shop/__init__.py": "",
    "shop/orders.py": """\
        from enum import Enum

        class Colour(Enum):
            RED = 1

        class Order:
            def total(self):
                return 1

        class Paid(Order):
            def refund(self):
                return 2

        class Registry(type):
            def build(cls):
                return cls()
        """,
    "src/money.js": "exports.round = (n) => Math.round(n);\nexports.Rate = class Rate { static of() {} };\n",
    "src/order.ts": "export class Order { total() {} }\nexport class Paid extends Order { refund() {} }\n",
}


def member_problems(folder: Path, path: str, source: str) -> list[str]:
    checkout = written(folder, MEMBERS)
    return check_fix(Patch({path: source}), index=SymbolIndex.build(checkout), checkout=checkout)


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        ("shop/a.py", "import shop.orders\nshop.orders.gone()\n", "line 2: `shop.orders.gone` is called"),
        ("shop/a.py", "import os.path\nos.path.gone()\n", "`os.path.gone` is called"),
        ("shop/a.py", "from shop import orders\nhook = orders.gone\n", "line 2: `orders.gone` is used"),
        ("shop/a.py", "from shop.orders import Colour\nprint(Colour.BLUE)\n", "line 2: `Colour.BLUE` is used"),
        (
            "shop/a.py",
            "from shop.orders import Order\ndef f(o: Order | None):\n    o.pay()\n",
            "`o.pay` is called",
        ),
        ("shop/a.py", "from shop.orders import Order\ndef f(o: 'Order | None'):\n    o.pay()\n", "`o.pay`"),
        ("shop/a.py", "from shop.orders import Order\ndef f(o: Optional[Order]):\n    o.pay()\n", "`o.pay`"),
        ("src/a.js", "const money = require('./money');\n[1].map(money.gone);\n", "line 2: `money.gone` is used"),
        ("src/a.js", "const { Rate } = require('./money');\nmodule.exports = { f: Rate.gone };\n", "`Rate.gone`"),
        ("src/a.ts", "import { Order } from './order';\nfunction f(o: Order | null) { o?.pay(); }\n", "`o.pay`"),
        ("src/a.ts", "import { Sockett } from 'node:net';\nnew Sockett();\n", "has no `Sockett`"),
        ("src/a.ts", "import { connectt } from 'node:net';\nexport const f = [connectt];\n", "has no `connectt`"),
        ("src/a.ts", "import { Order } from './order';\nfunction f(o?: Order) { o!.pay(); }\n", "`o.pay`"),
        (
            "shop/a.py",
            "from shop.orders import Order\nclass Late(Order):\n    def total(self):\n        super().pay()\n",
            "line 4: `super.pay` is called, but the base of `Late`, `Order`, has `total`",
        ),
        (
            "src/a.ts",
            "import { Order } from './order';\nclass Late extends Order { total() { super.pay(); } }\n",
            "line 2: `super.pay` is called",
        ),
        ("src/a.js", "const money = require('./money');\nmoney['gone'](1);\n", "line 2: `money.gone` is called"),
        (
            "src/a.js",
            "const money = require('./money');\nconst { gone } = money;\n",
            "line 2: `money.gone` is used",
        ),
        ("src/a.js", "const money = require('./money');\nconst { gone: f } = money;\n", "`money.gone` is used"),
    ],
)
def test_a_member_that_its_module_or_class_cannot_have_is_refused(
    tmp_path: Path, path: str, source: str, problem: str
) -> None:
    assert any(problem in found for found in member_problems(tmp_path, path, source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shop/a.py", "import shop.orders\nshop.orders.Order().total()\nprint(shop.orders.Colour.RED.value)\n"),
        (
            "shop/a.py",
            "from shop.orders import Order\ndef f(o: Order | None):\n    o.refund() if o.total() else 0\n",
        ),
        ("shop/a.py", "from shop.orders import Registry\nclass A(metaclass=Registry):\n    pass\nA.build()\n"),
        ("shop/a.py", "type Pairs[T] = list[T]\ndef f(p: Pairs[int]) -> Pairs[int]:\n    return p\n"),
        ("src/a.js", "global.ready = () => 1;\nready();\nprocess.send && process.send('ready');\n"),
        ("src/a.ts", "import type { AddressInfo } from 'node:net';\nexport let at: AddressInfo;\n"),
        ("src/a.ts", "import { RequestOptions, get } from 'https';\nget({} as RequestOptions);\n"),
        ("src/a.js", "const money = require('./money');\n[1].map(money.round);\nmoney.Rate.of();\n"),
        (
            "src/a.ts",
            "import { Order } from './order';\nfunction f(o: Order) { if ('refund' in o) o.refund(); }\n",
        ),
        (
            "shop/a.py",
            "from shop.orders import Paid\nclass Late(Paid):\n    def refund(self):\n"
            "        super().__init__()\n        return super().refund() + super(Late, self).total()\n",
        ),
        ("shop/a.py", "class Loud:\n    def total(self):\n        return super().total_of_another_base()\n"),
        (
            "shop/a.py",
            "from shop.orders import Order\nclass Loud(Order):\n    def total(self):\n"
            "        return super().refund()\nclass Both(Loud):\n    pass\n",
        ),
        ("src/a.js", "class Gone extends Error { toString() { return super.toString(); } }\nnew Gone();\n"),
        (
            "src/a.js",
            "const money = require('./money');\nmoney['late'] = () => 1;\nmoney['late']();\nmoney['round'](2);\n",
        ),
        ("src/a.js", "const money = require('./money');\nconst { round, Rate: R, gone = 1 } = money;\n"),
    ],
)
def test_a_member_that_is_there_or_may_be_is_let_through(tmp_path: Path, path: str, source: str) -> None:
    assert member_problems(tmp_path, path, source) == []
