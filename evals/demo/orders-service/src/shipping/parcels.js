'use strict';

const MAX_PARCEL_GRAMS = 25000;

function packParcels(lines) {
  const parcels = [];
  for (const line of lines) {
    if (line.product.isDigital) {
      continue;
    }
    for (let unit = 0; unit < line.quantity; unit += 1) {
      addToParcel(parcels, line.product);
    }
  }
  return parcels;
}

function addToParcel(parcels, product) {
  const open = parcels.find((parcel) => parcel.weightGrams + product.weightGrams <= MAX_PARCEL_GRAMS);
  if (open) {
    open.weightGrams += product.weightGrams;
    open.skus.push(product.sku);
  } else {
    parcels.push({ weightGrams: product.weightGrams, skus: [product.sku] });
  }
}

function heaviestParcel(parcels) {
  return parcels.reduce((heaviest, parcel) => (parcel.weightGrams > heaviest.weightGrams ? parcel : heaviest));
}

module.exports = { MAX_PARCEL_GRAMS, packParcels, heaviestParcel };
