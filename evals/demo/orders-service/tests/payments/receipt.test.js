'use strict';

const { receiptFor } = require('../../src/payments/receipt');

const payment = { id: 'pay_1', amount: 4400, card: { brand: 'amex', last4: '0005' }, created_at: '2026-03-10T09:30:00.000Z' };

test('a receipt names the card and the total', () => {
  expect(receiptFor({ currency: 'JPY' }, payment)).toEqual({
    paymentId: 'pay_1',
    paidWith: 'American Express ending in 0005',
    total: '4400 JPY',
    paidAt: '2026-03-10T09:30:00.000Z',
  });
});

test('an unknown brand is shown as the provider names it', () => {
  const receipt = receiptFor({ currency: 'EUR' }, { ...payment, card: { brand: 'girocard', last4: '1111' } });
  expect(receipt.paidWith).toBe('girocard ending in 1111');
});
