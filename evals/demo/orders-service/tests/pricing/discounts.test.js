'use strict';

const { VOUCHERS } = require('../../src/data/catalogue');
const { Vouchers } = require('../../src/pricing/discounts');

const vouchers = new Vouchers(VOUCHERS);

test('no voucher gives no discount', () => {
  expect(vouchers.discountFor(undefined, { subtotalMinor: 5000, currency: 'EUR' })).toBe(0);
});

test('a percent voucher is rounded to the smallest unit', () => {
  expect(vouchers.discountFor('WELCOME10', { subtotalMinor: 2995, currency: 'EUR' })).toBe(300);
});

test('a code is matched whatever its case and the spaces around it', () => {
  expect(vouchers.discountFor(' welcome10 ', { subtotalMinor: 4000, currency: 'GBP' })).toBe(400);
});

test('a fixed voucher never exceeds the subtotal', () => {
  expect(vouchers.discountFor('FIVEOFF', { subtotalMinor: 320, currency: 'EUR' })).toBe(320);
});

test('an order below the minimum of the voucher is refused', () => {
  expect(() => vouchers.discountFor('AUTUMN25', { subtotalMinor: 9999, currency: 'EUR' })).toThrow('needs a larger order');
});

test('an unknown voucher is refused', () => {
  expect(() => vouchers.discountFor('NOPE', { subtotalMinor: 5000, currency: 'EUR' })).toThrow('is not valid');
});
