'use strict';

const { openShop } = require('../support/shop');

test('a paid order carries its receipt', async () => {
  const { paidOrder, gateway } = openShop();
  const order = await paidOrder({ 'MUG-01': 1 });
  expect(order).toMatchObject({ status: 'paid', receipt: { paidWith: 'Visa ending in 4242', total: '19.40 EUR' } });
  expect(gateway.authorised).toEqual([{ orderId: order.id, amountMinor: 1940, currency: 'EUR', token: 'tok_visa' }]);
});

test('a declined payment gives the stock back', async () => {
  const { api, checkout, container, gateway } = openShop();
  gateway.nextPayment = { status: 'declined', decline_code: 'insufficient_funds', card: undefined };
  const { body: order } = await checkout({ 'POT-XL': 2 });
  const response = await api.post(`/orders/${order.id}/payment`).send({ token: 'tok_visa' }).expect(402);
  expect(response.body.error.details).toEqual({ declineCode: 'insufficient_funds' });
  expect(container.stock.availableOf('POT-XL')).toBe(30);
});

test('an order cannot be paid twice', async () => {
  const { api, paidOrder } = openShop();
  const order = await paidOrder({ 'MUG-01': 1 });
  await api.post(`/orders/${order.id}/payment`).send({ token: 'tok_visa' }).expect(409);
});

test('an unknown order cannot be paid', async () => {
  await openShop().api.post('/orders/ord_none/payment').send({ token: 'tok_visa' }).expect(404);
});
