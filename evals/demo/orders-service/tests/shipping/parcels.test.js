'use strict';

const { heaviestParcel, packParcels } = require('../../src/shipping/parcels');

const line = (sku, weightGrams, quantity, isDigital = false) => ({ product: { sku, weightGrams, isDigital }, quantity });

test('light goods share a parcel', () => {
  expect(packParcels([line('A', 400, 2), line('B', 900, 1)])).toEqual([{ weightGrams: 1700, skus: ['A', 'A', 'B'] }]);
});

test('a new parcel starts when the next item would make it too heavy', () => {
  expect(packParcels([line('A', 9000, 3)]).map((parcel) => parcel.weightGrams)).toEqual([18000, 9000]);
});

test('digital goods take no room', () => {
  expect(packParcels([line('A', 400, 1), line('G', 0, 2, true)])).toEqual([{ weightGrams: 400, skus: ['A'] }]);
});

test('the heaviest parcel is found', () => {
  const parcels = [{ weightGrams: 300 }, { weightGrams: 12000 }, { weightGrams: 700 }];
  expect(heaviestParcel(parcels)).toEqual({ weightGrams: 12000 });
});
