'use strict';

const { openShop } = require('../support/shop');

test('the request id of the caller is kept in the answer and the log', async () => {
  const { api, logLines } = openShop();
  const response = await api.get('/health').set('x-request-id', 'req-7').expect(200);
  expect(response.get('x-request-id')).toBe('req-7');
  expect(logLines).toMatchObject([{ level: 'info', message: 'request', requestId: 'req-7', path: '/health', status: 200 }]);
});

test('an unforeseen error is logged with its stack and hidden from the caller', async () => {
  const { api, container, logLines } = openShop();
  container.orders.get = () => {
    throw new RangeError('boom');
  };
  const response = await api.get('/orders/ord_1').expect(500);
  expect(response.body.error.message).toBe('something went wrong');
  expect(logLines[0]).toMatchObject({ level: 'error', message: 'request failed', error: { name: 'RangeError', message: 'boom' } });
});

test('a slow request is logged as such', async () => {
  const { api, logLines } = openShop({ environment: { SLOW_REQUEST_MS: '0' } });
  await api.get('/health').expect(200);
  expect(logLines[0]).toMatchObject({ level: 'warn', message: 'slow request' });
});
