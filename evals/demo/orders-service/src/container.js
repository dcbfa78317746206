'use strict';

const { OPENING_STOCK, PRODUCTS, VOUCHERS } = require('./data/catalogue');
const { Stock } = require('./inventory/stock');
const { createLogger } = require('./logger');
const { PaymentGateway } = require('./payments/gateway');
const { Vouchers } = require('./pricing/discounts');
const { CartRepository } = require('./repositories/carts');
const { OrderRepository } = require('./repositories/orders');
const { ProductRepository } = require('./repositories/products');
const { CartService } = require('./services/carts');
const { CheckoutService } = require('./services/checkout');
const { PaymentService } = require('./services/payments');
const { RefundService } = require('./services/refunds');

function createContainer(config, overrides = {}) {
  const parts = {
    logger: createLogger({ level: config.logLevel }),
    clock: () => new Date(),
    products: new ProductRepository(PRODUCTS),
    carts: new CartRepository(),
    orders: new OrderRepository(),
    vouchers: new Vouchers(VOUCHERS),
    stock: new Stock(OPENING_STOCK),
    gateway: new PaymentGateway(config.paymentProvider),
    ...overrides,
  };
  return {
    ...parts,
    cartService: new CartService(parts),
    checkoutService: new CheckoutService(parts),
    paymentService: new PaymentService(parts),
    refundService: new RefundService(parts),
  };
}

module.exports = { createContainer };
