'use strict';

const { estimateDelivery } = require('./delivery');
const { heaviestParcel, packParcels } = require('./parcels');
const { parcelRate, zoneFor } = require('./zones');

function quoteShipping({ lines, country, currency, placedAt }) {
  const zone = zoneFor(country);
  const parcels = packParcels(lines);
  const heaviest = heaviestParcel(parcels);
  const method = heaviest.weightGrams > zone.standardLimitGrams ? 'freight' : 'standard';
  const ratesMinor = parcels.map((parcel) => parcelRate(zone, parcel.weightGrams, currency));
  return {
    method,
    parcels: parcels.length,
    amountMinor: zone.handlingMinor[currency] + ratesMinor.reduce((total, rate) => total + rate, 0),
    deliverBy: estimateDelivery({ placedAt, transitDays: zone.transitDays[method] }),
  };
}

module.exports = { quoteShipping };
