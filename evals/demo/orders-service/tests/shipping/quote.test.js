'use strict';

const { quoteShipping } = require('../../src/shipping/quote');

const placedAt = new Date('2026-03-10T09:30:00Z');
const line = (sku, weightGrams, quantity, isDigital = false) => ({ product: { sku, weightGrams, isDigital }, quantity });

test('a small parcel costs its handling and its tier', () => {
  const quote = quoteShipping({ lines: [line('A', 1500, 1)], country: 'DE', currency: 'EUR', placedAt });
  expect(quote).toEqual({ method: 'standard', parcels: 1, amountMinor: 490, deliverBy: '2026-03-12' });
});

test('every parcel is charged, the handling once', () => {
  const quote = quoteShipping({ lines: [line('A', 9000, 4)], country: 'DE', currency: 'EUR', placedAt });
  expect(quote).toMatchObject({ parcels: 2, amountMinor: 150 + 1190 + 1190 });
});

test('heavy parcels abroad go by freight', () => {
  const quote = quoteShipping({ lines: [line('A', 12000, 2)], country: 'FR', currency: 'EUR', placedAt });
  expect(quote).toMatchObject({ method: 'freight', deliverBy: '2026-03-20' });
});

test('a gift card beside goods changes nothing', () => {
  const goods = [line('A', 1500, 1)];
  const without = quoteShipping({ lines: goods, country: 'GB', currency: 'GBP', placedAt });
  const withCard = quoteShipping({ lines: [...goods, line('G', 0, 1, true)], country: 'GB', currency: 'GBP', placedAt });
  expect(withCard).toEqual(without);
});

test('a country outside the zones is refused', () => {
  expect(() => quoteShipping({ lines: [line('A', 100, 1)], country: 'US', currency: 'EUR', placedAt })).toThrow('no delivery to US');
});
