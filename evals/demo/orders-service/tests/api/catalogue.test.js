'use strict';

const { openShop } = require('../support/shop');

test('products are listed in the asked currency', async () => {
  const { api } = openShop();
  const response = await api.get('/products').query({ currency: 'GBP' }).expect(200);
  expect(response.body.products[0]).toEqual({
    sku: 'MUG-01',
    name: 'Enamel mug',
    priceMinor: 1290,
    currency: 'GBP',
    available: true,
  });
});

test('the health check answers', async () => {
  await openShop().api.get('/health').expect(200, { status: 'ok' });
});

test('an unknown address is answered as JSON', async () => {
  const response = await openShop().api.get('/nowhere').expect(404);
  expect(response.body.error.code).toBe('not_found');
});

test('a body that is no JSON is refused', async () => {
  const { api } = openShop();
  const response = await api.post('/carts').set('content-type', 'application/json').send('{"currency":').expect(400);
  expect(response.body.error.message).toBe('the body is not valid JSON');
});
