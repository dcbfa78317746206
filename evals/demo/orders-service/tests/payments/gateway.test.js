'use strict';

const { PaymentGateway } = require('../../src/payments/gateway');

const options = { url: 'http://provider.test', timeoutMs: 50 };
const answer = (status, body) => async () => ({ status, json: async () => body });

test('an authorisation carries the order as idempotency key', async () => {
  const calls = [];
  const fetch = async (url, init) => {
    calls.push({ url, key: init.headers['idempotency-key'], body: JSON.parse(init.body) });
    return { status: 201, json: async () => ({ id: 'pay_1', status: 'authorised' }) };
  };
  await new PaymentGateway(options, { fetch }).authorise({ orderId: 'ord_1', amountMinor: 1940, currency: 'EUR', token: 'tok' });
  expect(calls).toEqual([
    {
      url: 'http://provider.test/v1/payments',
      key: 'ord_1:payment',
      body: { reference: 'ord_1', amount: 1940, currency: 'EUR', source: 'tok' },
    },
  ]);
});

test('a failing provider is reported as unavailable', async () => {
  const gateway = new PaymentGateway(options, { fetch: answer(502, {}) });
  const payment = gateway.authorise({ orderId: 'ord_1', amountMinor: 1, currency: 'EUR', token: 'tok' });
  await expect(payment).rejects.toThrow('answered 502');
});

test.each([[0], [-5], [12.5], [NaN]])('an amount of %p is never sent', async (amountMinor) => {
  const gateway = new PaymentGateway(options, { fetch: answer(201, {}) });
  await expect(gateway.refund({ paymentId: 'pay_1', refundId: 'r', amountMinor })).rejects.toThrow('cannot be sent');
});
