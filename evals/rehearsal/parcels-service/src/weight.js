'use strict';

function totalWeight(order) {
  return order.parcels.reduce((grams, parcel) => grams + parcel.grams, 0);
}

module.exports = { totalWeight };
