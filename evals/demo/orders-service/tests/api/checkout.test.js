'use strict';

const { openShop } = require('../support/shop');

test('an order holds goods, shipping and tax', async () => {
  const { checkout } = openShop();
  const response = await checkout({ 'MUG-01': 2, 'BOOK-07': 1 });
  expect(response.status).toBe(201);
  expect(response.body).toMatchObject({
    status: 'pending_payment',
    subtotalMinor: 6100,
    discountMinor: 0,
    shipping: { method: 'standard', parcels: 1, amountMinor: 490 },
    totalMinor: 6590,
    taxMinor: 672,
  });
});

test('a voucher lowers the total but not the shipping', async () => {
  const { checkout } = openShop();
  const { body: order } = await checkout({ 'TEE-M': 2 }, { voucher: 'WELCOME10' });
  expect(order).toMatchObject({ discountMinor: 580, totalMinor: 5800 - 580 + 490 });
});

test('a gift card can be bought with goods', async () => {
  const { checkout } = openShop();
  const { body: order } = await checkout({ 'MUG-01': 1, 'GIFT-50': 1 });
  expect(order).toMatchObject({ subtotalMinor: 6450, totalMinor: 6940 });
});

test('heavy goods are split into parcels', async () => {
  const { checkout } = openShop();
  const { body: order } = await checkout({ 'POT-XL': 3 }, { country: 'NL' });
  expect(order.shipping).toMatchObject({ parcels: 2, amountMinor: 350 + 2890 + 1490 });
});

test('the cart is gone after checkout', async () => {
  const { api, cartWith } = openShop();
  const cartId = await cartWith({ 'MUG-01': 1 });
  await api.post('/orders').send({ cartId, country: 'DE' }).expect(201);
  await api.get(`/carts/${cartId}`).expect(404);
});

test('an empty cart cannot be checked out', async () => {
  const { checkout } = openShop();
  const response = await checkout({});
  expect([response.status, response.body.error.message]).toEqual([400, 'the cart is empty']);
});

test('an order beyond the stock is refused', async () => {
  const { checkout } = openShop();
  const response = await checkout({ 'POT-XL': 31 });
  expect([response.status, response.body.error.details]).toEqual([409, { skus: ['POT-XL'] }]);
});

test('missing fields are named', async () => {
  const response = await openShop().api.post('/orders').send({ cartId: 'crt_1' }).expect(400);
  expect(response.body.error.message).toBe('missing in the body: country');
});
