'use strict';

const { ValidationError } = require('./errors');

const MINOR_DIGITS = { EUR: 2, GBP: 2, JPY: 0 };

function isSupported(currency) {
  return Object.hasOwn(MINOR_DIGITS, currency);
}

function requireSupported(currency) {
  if (!isSupported(currency)) {
    throw new ValidationError(`currency ${currency} is not supported; use one of ${Object.keys(MINOR_DIGITS).join(', ')}`);
  }
  return currency;
}

function minorDigits(currency) {
  return MINOR_DIGITS[requireSupported(currency)];
}

function formatMoney(amountMinor, currency) {
  const digits = minorDigits(currency);
  return `${(amountMinor / 10 ** digits).toFixed(digits)} ${currency}`;
}

module.exports = { isSupported, requireSupported, minorDigits, formatMoney };
