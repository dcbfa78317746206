'use strict';

const { PRODUCTS } = require('../../src/data/catalogue');
const { includedTax } = require('../../src/pricing/tax');
const { priceLines, subtotalOf, taxOf } = require('../../src/pricing/totals');
const { ProductRepository } = require('../../src/repositories/products');

const products = new ProductRepository(PRODUCTS);

test('lines are priced in the currency of the cart', () => {
  const lines = priceLines([{ sku: 'MUG-01', quantity: 3 }], { products, currency: 'JPY' });
  expect(subtotalOf(lines)).toBe(7200);
});

test.each([
  ['DE', 'standard', 11900, 1900],
  ['FR', 'reduced', 10550, 550],
  ['GB', 'reduced', 2750, 0],
  ['NL', 'standard', 12100, 2100],
])('the tax included in %s at the %s rate', (country, taxClass, gross, tax) => {
  expect(includedTax(gross, taxClass, country)).toBe(tax);
});

test('a discount lowers the tax by the same share', () => {
  const lines = priceLines([{ sku: 'TEE-M', quantity: 2 }], { products, currency: 'EUR' });
  const full = taxOf(lines, { country: 'DE', subtotalMinor: 5800, discountMinor: 0 });
  const half = taxOf(lines, { country: 'DE', subtotalMinor: 5800, discountMinor: 2900 });
  expect([full, half]).toEqual([926, 463]);
});
