'use strict';

const { ValidationError } = require('../errors');
const { requireSupported } = require('../money');
const { priceLines, subtotalOf } = require('../pricing/totals');

const MAX_QUANTITY = 50;

class CartService {
  constructor({ carts, products }) {
    this.carts = carts;
    this.products = products;
  }

  create({ currency = 'EUR' } = {}) {
    return this.view(this.carts.create({ currency: requireSupported(currency) }));
  }

  get(cartId) {
    return this.view(this.carts.get(cartId));
  }

  addItem(cartId, { sku, quantity = 1 }) {
    const cart = this.carts.get(cartId);
    this.products.get(sku);
    const item = cart.items.find((candidate) => candidate.sku === sku);
    const wanted = (item?.quantity ?? 0) + quantity;
    if (!Number.isInteger(quantity) || quantity < 1 || wanted > MAX_QUANTITY) {
      throw new ValidationError(`quantity must be between 1 and ${MAX_QUANTITY}`);
    }
    if (item) {
      item.quantity = wanted;
    } else {
      cart.items.push({ sku, quantity });
    }
    return this.view(this.carts.save(cart));
  }

  removeItem(cartId, sku) {
    const cart = this.carts.get(cartId);
    cart.items = cart.items.filter((item) => item.sku !== sku);
    return this.view(this.carts.save(cart));
  }

  view(cart) {
    const lines = priceLines(cart.items, { products: this.products, currency: cart.currency });
    return {
      id: cart.id,
      currency: cart.currency,
      subtotalMinor: subtotalOf(lines),
      items: lines.map((line) => ({
        sku: line.product.sku,
        name: line.product.name,
        quantity: line.quantity,
        lineMinor: line.lineMinor,
      })),
    };
  }
}

module.exports = { CartService };
