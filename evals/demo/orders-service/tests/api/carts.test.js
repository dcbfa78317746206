'use strict';

const { openShop } = require('../support/shop');

test('adding the same product twice adds up', async () => {
  const { api, cartWith } = openShop();
  const cartId = await cartWith({ 'MUG-01': 2 });
  const response = await api.post(`/carts/${cartId}/items`).send({ sku: 'MUG-01', quantity: 1 }).expect(201);
  expect(response.body).toMatchObject({ subtotalMinor: 4350, items: [{ sku: 'MUG-01', quantity: 3 }] });
});

test('a removed product is gone', async () => {
  const { api, cartWith } = openShop();
  const cartId = await cartWith({ 'MUG-01': 2, 'TEE-M': 1 });
  const response = await api.delete(`/carts/${cartId}/items/MUG-01`).expect(200);
  expect(response.body.items.map((item) => item.sku)).toEqual(['TEE-M']);
});

test('too many of one product are refused', async () => {
  const { api, cartWith } = openShop();
  const cartId = await cartWith({});
  await api.post(`/carts/${cartId}/items`).send({ sku: 'MUG-01', quantity: 51 }).expect(400);
});

test('an unknown product is not found', async () => {
  const { api, cartWith } = openShop();
  const cartId = await cartWith({});
  await api.post(`/carts/${cartId}/items`).send({ sku: 'VASE', quantity: 1 }).expect(404);
});

test('an unsupported currency is refused', async () => {
  await openShop().api.post('/carts').send({ currency: 'CHF' }).expect(400);
});
