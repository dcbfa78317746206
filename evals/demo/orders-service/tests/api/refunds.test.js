'use strict';

const { openShop } = require('../support/shop');

test('part of an order is refunded', async () => {
  const { api, gateway, paidOrder } = openShop();
  const order = await paidOrder({ 'TEE-M': 1 });
  const response = await api.post(`/orders/${order.id}/refunds`).send({ amount: '12.50', reason: 'stain' }).expect(201);
  expect(response.body.refunds).toEqual([{ id: `${order.id}:refund:1`, amountMinor: 1250, reason: 'stain' }]);
  expect(gateway.refunds).toEqual([{ paymentId: 'pay_1', refundId: `${order.id}:refund:1`, amountMinor: 1250 }]);
});

test('no more than the total is refunded', async () => {
  const { api, paidOrder } = openShop();
  const order = await paidOrder({ 'TEE-M': 1 });
  await api.post(`/orders/${order.id}/refunds`).send({ amount: '30.00' }).expect(201);
  const response = await api.post(`/orders/${order.id}/refunds`).send({ amount: '5.00' }).expect(409);
  expect(response.body.error.message).toBe('at most 3.90 EUR can be refunded');
});

test('an unpaid order is not refunded', async () => {
  const { api, checkout } = openShop();
  const { body: order } = await checkout({ 'TEE-M': 1 });
  await api.post(`/orders/${order.id}/refunds`).send({ amount: '5.00' }).expect(409);
});
