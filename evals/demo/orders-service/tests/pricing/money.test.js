'use strict';

const { formatMoney, requireSupported } = require('../../src/money');

test.each([
  [1450, 'EUR', '14.50 EUR'],
  [5, 'GBP', '0.05 GBP'],
  [4400, 'JPY', '4400 JPY'],
])('%i in %s reads %s', (amountMinor, currency, text) => {
  expect(formatMoney(amountMinor, currency)).toBe(text);
});

test('a currency without a price list is refused', () => {
  expect(() => requireSupported('CHF')).toThrow('currency CHF is not supported');
});
