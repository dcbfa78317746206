"""Small repositories that look like real ones, written into a folder."""

from pathlib import Path
from textwrap import dedent

JAVASCRIPT = {
    "package.json": '{"dependencies": {"express": "^4", "lodash": "^4"}, "devDependencies": {"jest": "^29"}}',
    "src/cart.js": """\
        'use strict';
        const _ = require('lodash');
        const { round } = require('./money');

        // oldCartTotal lived here once
        const TAX_RATES = { DE: 0.19, standard_rate: 0.2 };

        function cartTotal(items) {
          return round(items.reduce((sum, item) => sum + item.unitPrice * item.quantity, 0));
        }

        class Cart {
          constructor(items) { this.items = items; this.#touched = false; }
          #touched = false;
          get isEmpty() { return this.items.length === 0; }
          static from(rows) { return new Cart(_.map(rows, 'cart_item')); }
        }
        Cart.prototype.discount = function discount(rate) {
          return cartTotal(this.items) * rate;
        };

        module.exports = { cartTotal, Cart, taxFor: (country) => TAX_RATES[country] };
        """,
    "src/money.js": """\
        exports.round = function round(value) { return Math.round(value * 100) / 100; };
        exports.format = (value) => `${value.toFixed(2)} EUR`;
        """,
    "src/index.js": "module.exports = { ...require('./cart'), money: require('./money') };\n",
    "src/routes/orders.js": """\
        const { Router } = require('express');
        const cart = require('../cart');

        const router = Router();

        router.post('/orders', async (req, res, next) => {
          try {
            res.status(201).json({ total: cart.cartTotal(req.body.items) });
          } catch (error) {
            next(error);
          }
        });

        module.exports = router;
        """,
    "tests/cart.test.js": """\
        const cart = require('../src/cart');

        describe('cartTotal', () => {
          test('adds up', () => {
            expect(cart.cartTotal([{ unitPrice: 2, quantity: 3 }])).toBe(6);
          });
        });
        """,
}

TYPESCRIPT = {
    "package.json": '{"dependencies": {"@nestjs/common": "10"}, "devDependencies": {"@types/node": "20"}}',
    "tsconfig.json": '{\n  // paths\n  "compilerOptions": {"baseUrl": ".", "paths": {"@app/*": ["src/*"]}},\n}',
    "src/billing/invoice.service.ts": """\
        import { Injectable } from '@nestjs/common';
        import type { Invoice } from './types';
        import { roundMoney as rounded } from '@app/shared';

        @Injectable()
        export class InvoiceService {
          constructor(private readonly ledger: Map<string, Invoice>) {}

          async totalFor(customerId: string): Promise<number> {
            const invoice = this.ledger.get(customerId)!;
            return rounded(invoice.lineItems.reduce((sum, line) => sum + line.amountCents, 0));
          }
        }

        export class LedgerClock {
          now(): Date { return new Date(); }
        }
        """,
    "src/billing/types.ts": """\
        export interface LineItem { amountCents: number; description?: string }
        export type Invoice = { id: string; lineItems: LineItem[] };
        export enum InvoiceState { Draft = 'draft', Sent = 'sent' }
        """,
    "src/billing/index.ts": """\
        export * from './types';
        export { InvoiceService as Invoices } from './invoice.service';
        """,
    "src/shared/index.ts": "export * from './money.js';\nexport * as clock from './clock';\n",
    "src/shared/money.ts": "export const roundMoney = (value: number): number => Math.round(value);\n",
    "src/shared/clock.ts": "export default function now(): number { return Date.now(); }\n",
}

PYTHON = {
    "requirements.txt": "PyYAML==6.0\nrequests>=2  # http\n",
    "billing/__init__.py": "from .invoice import Invoice, total_due as due\n\n__all__ = ['Invoice', 'due']\n",
    "billing/invoice.py": """\
        from __future__ import annotations

        import functools
        from dataclasses import dataclass, field

        import requests
        import yaml

        from . import rates
        from .errors import BillingError

        LATE_FEE_CENTS = 500


        def retried(times: int):
            def decorate(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs):
                    for attempt in range(times):
                        return function(*args, **kwargs)
                    raise BillingError(f"gave up after {attempt}")
                return wrapper
            return decorate


        @dataclass
        class Invoice:
            lines: list[int] = field(default_factory=list)

            @property
            def subtotal_cents(self) -> int:
                return sum(self.lines)

            @retried(3)
            def send(self, url: str) -> None:
                requests.post(url, json=yaml.safe_load("{}"), timeout=5).raise_for_status()


        def total_due(invoice: Invoice, country: str) -> int:
            return invoice.subtotal_cents + rates.rate_for(country) + LATE_FEE_CENTS
        """,
    "billing/rates.py": """\
        import json
        from pathlib import Path

        _TABLE = json.loads(Path(__file__).with_name("rates.json").read_text())


        def rate_for(country: str) -> int:
            if (rate := _TABLE.get(country)) is None:
                return _TABLE["default_rate"]
            return rate
        """,
    "billing/rates.json": '{"default_rate": 19}',
    "billing/errors.py": "class BillingError(Exception):\n    pass\n",
    "tests/test_invoice.py": """\
        import pytest

        from billing import Invoice, due, rates


        @pytest.fixture
        def invoice():
            return Invoice([100])


        def test_total(invoice, monkeypatch):
            monkeypatch.setattr(rates, "rate_for", lambda country: 0)
            assert due(invoice, "DE") == 600
        """,
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(content))
    return folder
