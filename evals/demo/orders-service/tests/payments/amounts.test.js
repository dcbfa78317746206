'use strict';

const { parseAmount } = require('../../src/payments/amounts');

test.each([
  ['12.50', 'EUR', 1250],
  ['0.05', 'EUR', 5],
  ['99.9', 'GBP', 9990],
])('%s %s is %i in the smallest unit', (text, currency, amountMinor) => {
  expect(parseAmount(text, currency)).toBe(amountMinor);
});

test.each([['12,50'], ['-3.00'], ['1.234'], [''], [12.5]])('%p is refused', (text) => {
  expect(() => parseAmount(text, 'EUR')).toThrow('is not an amount');
});
