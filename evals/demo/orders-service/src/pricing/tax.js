'use strict';

const RATES = {
  DE: { standard: 0.19, reduced: 0.07, none: 0 },
  FR: { standard: 0.2, reduced: 0.055, none: 0 },
  GB: { standard: 0.2, reduced: 0, none: 0 },
  JP: { standard: 0.1, reduced: 0.08, none: 0 },
};

const DEFAULT_RATES = { standard: 0.21, reduced: 0.09, none: 0 };

function includedTax(grossMinor, taxClass, country) {
  const rates = RATES[country] ?? DEFAULT_RATES;
  const rate = rates[taxClass];
  return Math.round(grossMinor - grossMinor / (1 + rate));
}

module.exports = { includedTax };
