'use strict';

const { ServiceError, ValidationError } = require('../errors');
const { priceLines, subtotalOf, taxOf } = require('../pricing/totals');
const { quoteShipping } = require('../shipping/quote');

class CheckoutService {
  constructor({ carts, products, orders, vouchers, stock, clock }) {
    this.carts = carts;
    this.products = products;
    this.orders = orders;
    this.vouchers = vouchers;
    this.stock = stock;
    this.clock = clock;
  }

  placeOrder({ cartId, country, voucher }, { logger }) {
    try {
      const order = this.orderFrom(this.carts.get(cartId), { country, voucher });
      this.carts.remove(cartId);
      logger.info('order placed', { orderId: order.id, totalMinor: order.totalMinor, currency: order.currency });
      return order;
    } catch (error) {
      if (!(error instanceof ServiceError)) {
        logger.error('checkout failed', { cartId, country, error });
      }
      throw error;
    }
  }

  orderFrom(cart, { country, voucher }) {
    if (cart.items.length === 0) {
      throw new ValidationError('the cart is empty');
    }
    const { currency } = cart;
    const placedAt = this.clock();
    const lines = priceLines(cart.items, { products: this.products, currency });
    const subtotalMinor = subtotalOf(lines);
    const discountMinor = this.vouchers.discountFor(voucher, { subtotalMinor, currency });
    const shipping = quoteShipping({ lines, country, currency, placedAt });
    const reservationId = this.stock.reserve(lines);
    return this.orders.save({
      id: this.orders.nextId(),
      status: 'pending_payment',
      currency,
      country,
      placedAt: placedAt.toISOString(),
      items: cart.items,
      subtotalMinor,
      discountMinor,
      shipping,
      taxMinor: taxOf(lines, { country, subtotalMinor, discountMinor }),
      totalMinor: subtotalMinor - discountMinor + shipping.amountMinor,
      reservationId,
      refunds: [],
    });
  }
}

module.exports = { CheckoutService };
