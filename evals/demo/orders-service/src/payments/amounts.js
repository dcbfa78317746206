'use strict';

const { ValidationError } = require('../errors');
const { requireSupported } = require('../money');

const DECIMAL = /^\d{1,9}(\.\d{1,2})?$/;

function parseAmount(text, currency) {
  requireSupported(currency);
  if (typeof text !== 'string' || !DECIMAL.test(text)) {
    throw new ValidationError(`${text} is not an amount; write it like "12.50"`);
  }
  const [whole, fraction] = text.split('.');
  return Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
}

module.exports = { parseAmount };
