'use strict';

const { randomUUID } = require('node:crypto');

const { Conflict, NotFound } = require('../errors');

class Stock {
  constructor(quantities) {
    this.available = new Map(Object.entries(quantities));
    this.reservations = new Map();
  }

  availableOf(sku) {
    return this.available.get(sku) ?? 0;
  }

  reserve(lines) {
    const physical = lines.filter((line) => !line.product.isDigital);
    const short = physical.filter((line) => this.availableOf(line.product.sku) < line.quantity);
    if (short.length > 0) {
      throw new Conflict('not enough stock', { skus: short.map((line) => line.product.sku) });
    }
    for (const line of physical) {
      this.available.set(line.product.sku, this.availableOf(line.product.sku) - line.quantity);
    }
    const reservationId = `rsv_${randomUUID().slice(0, 8)}`;
    this.reservations.set(
      reservationId,
      physical.map((line) => ({ sku: line.product.sku, quantity: line.quantity })),
    );
    return reservationId;
  }

  commit(reservationId) {
    this.take(reservationId);
  }

  release(reservationId) {
    for (const { sku, quantity } of this.take(reservationId)) {
      this.available.set(sku, this.availableOf(sku) + quantity);
    }
  }

  take(reservationId) {
    const items = this.reservations.get(reservationId);
    if (!items) {
      throw new NotFound('reservation', reservationId);
    }
    this.reservations.delete(reservationId);
    return items;
  }
}

module.exports = { Stock };
