'use strict';

const { Stock } = require('../../src/inventory/stock');

const line = (sku, quantity, isDigital = false) => ({ product: { sku, isDigital }, quantity });

test('a reservation takes from what is available', () => {
  const stock = new Stock({ A: 5 });
  stock.reserve([line('A', 3)]);
  expect(stock.availableOf('A')).toBe(2);
});

test('a released reservation gives everything back', () => {
  const stock = new Stock({ A: 5 });
  stock.release(stock.reserve([line('A', 3)]));
  expect(stock.availableOf('A')).toBe(5);
});

test('a committed reservation cannot be released any more', () => {
  const stock = new Stock({ A: 5 });
  const reservationId = stock.reserve([line('A', 3)]);
  stock.commit(reservationId);
  expect(() => stock.release(reservationId)).toThrow('does not exist');
});

test('nothing is taken when one of the goods is short', () => {
  const stock = new Stock({ A: 5, B: 1 });
  expect(() => stock.reserve([line('A', 3), line('B', 2)])).toThrow('not enough stock');
  expect(stock.availableOf('A')).toBe(5);
});

test('digital goods need no stock', () => {
  const stock = new Stock({});
  expect(() => stock.reserve([line('G', 40, true)])).not.toThrow();
});
