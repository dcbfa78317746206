'use strict';

const { randomUUID } = require('node:crypto');

const { NotFound } = require('../errors');

class OrderRepository {
  constructor() {
    this.rows = new Map();
  }

  nextId() {
    return `ord_${randomUUID().slice(0, 8)}`;
  }

  get(orderId) {
    const order = this.rows.get(orderId);
    if (!order) {
      throw new NotFound('order', orderId);
    }
    return structuredClone(order);
  }

  save(order) {
    this.rows.set(order.id, structuredClone(order));
    return order;
  }
}

module.exports = { OrderRepository };
