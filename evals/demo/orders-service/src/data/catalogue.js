'use strict';

// prices: smallest unit of each currency, tax included.
const PRODUCTS = [
  {
    sku: 'MUG-01',
    name: 'Enamel mug',
    isDigital: false,
    weightGrams: 380,
    taxClass: 'standard',
    prices: { EUR: 1450, GBP: 1290, JPY: 2400 },
  },
  {
    sku: 'TEE-M',
    name: 'Organic T-shirt, M',
    isDigital: false,
    weightGrams: 210,
    taxClass: 'standard',
    prices: { EUR: 2900, GBP: 2500, JPY: 4400 },
  },
  {
    sku: 'BOOK-07',
    name: 'The slow kitchen',
    isDigital: false,
    weightGrams: 940,
    taxClass: 'reduced',
    prices: { EUR: 3200, GBP: 2750, JPY: 5200 },
  },
  {
    sku: 'POT-XL',
    name: 'Cast-iron pot, 9 l',
    isDigital: false,
    weightGrams: 8600,
    taxClass: 'standard',
    prices: { EUR: 18900, GBP: 16500, JPY: 29800 },
  },
  {
    sku: 'GIFT-50',
    name: 'Gift card',
    isDigital: true,
    weightGrams: 0,
    taxClass: 'none',
    prices: { EUR: 5000, GBP: 5000, JPY: 8000 },
  },
];

const OPENING_STOCK = { 'MUG-01': 240, 'TEE-M': 180, 'BOOK-07': 95, 'POT-XL': 30 };

const VOUCHERS = [
  { code: 'WELCOME10', kind: 'percent', percent: 10, minimumMinor: { EUR: 2000, GBP: 1800, JPY: 3000 } },
  { code: 'AUTUMN25', kind: 'percent', percent: 25, minimumMinor: { EUR: 10000, GBP: 9000, JPY: 15000 } },
  { code: 'FIVEOFF', kind: 'fixed', amountMinor: { EUR: 500, GBP: 500, JPY: 800 }, minimumMinor: { EUR: 0, GBP: 0, JPY: 0 } },
];

module.exports = { PRODUCTS, OPENING_STOCK, VOUCHERS };
