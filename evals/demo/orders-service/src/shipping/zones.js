'use strict';

const { ValidationError } = require('../errors');

// handlingMinor is charged once for each consignment, the tiers for each parcel in it.
const ZONES = [
  {
    name: 'domestic',
    countries: ['DE'],
    standardLimitGrams: 31500,
    handlingMinor: { EUR: 150, GBP: 130, JPY: 240 },
    perParcelMinor: [
      { upToGrams: 2000, EUR: 340, GBP: 300, JPY: 560 },
      { upToGrams: 10000, EUR: 640, GBP: 560, JPY: 1050 },
      { upToGrams: 31500, EUR: 1190, GBP: 1040, JPY: 1950 },
    ],
    transitDays: { standard: 2, freight: 5 },
  },
  {
    name: 'europe',
    countries: ['AT', 'BE', 'FR', 'GB', 'IT', 'NL', 'PL'],
    standardLimitGrams: 20000,
    handlingMinor: { EUR: 350, GBP: 300, JPY: 570 },
    perParcelMinor: [
      { upToGrams: 2000, EUR: 890, GBP: 780, JPY: 1460 },
      { upToGrams: 10000, EUR: 1490, GBP: 1300, JPY: 2440 },
      { upToGrams: 31500, EUR: 2890, GBP: 2530, JPY: 4740 },
    ],
    transitDays: { standard: 4, freight: 8 },
  },
  {
    name: 'overseas',
    countries: ['JP'],
    standardLimitGrams: 20000,
    handlingMinor: { EUR: 600, GBP: 520, JPY: 980 },
    perParcelMinor: [
      { upToGrams: 2000, EUR: 1990, GBP: 1740, JPY: 3260 },
      { upToGrams: 10000, EUR: 3990, GBP: 3490, JPY: 6540 },
      { upToGrams: 31500, EUR: 7490, GBP: 6550, JPY: 12280 },
    ],
    transitDays: { standard: 9, freight: 21 },
  },
];

function zoneFor(country) {
  const zone = ZONES.find((candidate) => candidate.countries.includes(country));
  if (!zone) {
    throw new ValidationError(`no delivery to ${country}`);
  }
  return zone;
}

function parcelRate(zone, weightGrams, currency) {
  const tier = zone.perParcelMinor.find((candidate) => weightGrams <= candidate.upToGrams);
  if (!tier) {
    throw new ValidationError(`a parcel of ${weightGrams} g is too heavy for ${zone.name} delivery`);
  }
  return tier[currency];
}

module.exports = { zoneFor, parcelRate };
