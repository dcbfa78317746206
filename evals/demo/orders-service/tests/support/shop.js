'use strict';

const request = require('supertest');

const { createApp } = require('../../src/app');
const { createContainer } = require('../../src/container');
const { createLogger } = require('../../src/logger');
const { readConfig } = require('../../src/config');
const { FakeGateway } = require('./fakeGateway');

const TUESDAY_MORNING = new Date('2026-03-10T09:30:00Z');

function openShop({ placedAt = TUESDAY_MORNING, environment = {} } = {}) {
  const config = readConfig(environment);
  const logLines = [];
  const gateway = new FakeGateway();
  const container = createContainer(config, {
    gateway,
    clock: () => placedAt,
    logger: createLogger({ write: (line) => logLines.push(JSON.parse(line)) }),
  });
  const api = request(createApp(config, container));

  async function cartWith(items, currency = 'EUR') {
    const { body: cart } = await api.post('/carts').send({ currency });
    for (const [sku, quantity] of Object.entries(items)) {
      await api.post(`/carts/${cart.id}/items`).send({ sku, quantity });
    }
    return cart.id;
  }

  async function checkout(items, { currency = 'EUR', country = 'DE', voucher } = {}) {
    const cartId = await cartWith(items, currency);
    return api.post('/orders').send({ cartId, country, voucher });
  }

  async function paidOrder(items, options) {
    const { body: order } = await checkout(items, options);
    const { body: paid } = await api.post(`/orders/${order.id}/payment`).send({ token: 'tok_visa' });
    return paid;
  }

  return { api, container, gateway, logLines, cartWith, checkout, paidOrder };
}

module.exports = { openShop };
