'use strict';

const { randomUUID } = require('node:crypto');

const { NotFound } = require('../errors');

class CartRepository {
  constructor() {
    this.rows = new Map();
  }

  create({ currency }) {
    const cart = { id: `crt_${randomUUID().slice(0, 8)}`, currency, items: [] };
    this.rows.set(cart.id, structuredClone(cart));
    return cart;
  }

  get(cartId) {
    const cart = this.rows.get(cartId);
    if (!cart) {
      throw new NotFound('cart', cartId);
    }
    return structuredClone(cart);
  }

  save(cart) {
    this.rows.set(cart.id, structuredClone(cart));
    return cart;
  }

  remove(cartId) {
    this.rows.delete(cartId);
  }
}

module.exports = { CartRepository };
