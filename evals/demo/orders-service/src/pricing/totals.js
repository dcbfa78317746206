'use strict';

const { includedTax } = require('./tax');

function priceLines(items, { products, currency }) {
  return items.map((item) => {
    const product = products.get(item.sku);
    const unitMinor = product.prices[currency];
    return { product, quantity: item.quantity, unitMinor, lineMinor: unitMinor * item.quantity };
  });
}

function subtotalOf(lines) {
  return lines.reduce((total, line) => total + line.lineMinor, 0);
}

function taxOf(lines, { country, subtotalMinor, discountMinor }) {
  const paidShare = subtotalMinor === 0 ? 0 : (subtotalMinor - discountMinor) / subtotalMinor;
  return lines.reduce(
    (total, line) => total + includedTax(line.lineMinor * paidShare, line.product.taxClass, country),
    0,
  );
}

module.exports = { priceLines, subtotalOf, taxOf };
