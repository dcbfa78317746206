'use strict';

const { Conflict, ServiceError } = require('../errors');
const { formatMoney } = require('../money');
const { parseAmount } = require('../payments/amounts');

function refundedSoFar(order) {
  return order.refunds.reduce((total, refund) => total + refund.amountMinor, 0);
}

class RefundService {
  constructor({ orders, gateway }) {
    this.orders = orders;
    this.gateway = gateway;
  }

  async refundOrder(orderId, { amount, reason }, { logger }) {
    try {
      return await this.refund(this.orders.get(orderId), { amount, reason });
    } catch (error) {
      if (!(error instanceof ServiceError)) {
        logger.error('refund failed', { orderId, amount, error });
      }
      throw error;
    }
  }

  async refund(order, { amount, reason }) {
    if (order.status !== 'paid') {
      throw new Conflict(`order ${order.id} is ${order.status}; only paid orders can be refunded`);
    }
    const amountMinor = parseAmount(amount, order.currency);
    const leftMinor = order.totalMinor - refundedSoFar(order);
    if (amountMinor > leftMinor) {
      throw new Conflict(`at most ${formatMoney(leftMinor, order.currency)} can be refunded`);
    }
    const refundId = `${order.id}:refund:${order.refunds.length + 1}`;
    await this.gateway.refund({ paymentId: order.receipt.paymentId, refundId, amountMinor });
    order.refunds.push({ id: refundId, amountMinor, reason: reason ?? '' });
    return this.orders.save(order);
  }
}

module.exports = { RefundService };
