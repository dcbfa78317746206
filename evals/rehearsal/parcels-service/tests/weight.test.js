'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { labelOf } = require('../src/label');

test('a label names the weight of all parcels', () => {
  assert.strictEqual(labelOf({ id: 'A', parcels: [{ grams: 200 }, { grams: 300 }] }), 'A: 500 g');
});
