'use strict';

const { Conflict, PaymentDeclined, ServiceError } = require('../errors');
const { receiptFor } = require('../payments/receipt');

class PaymentService {
  constructor({ orders, stock, gateway }) {
    this.orders = orders;
    this.stock = stock;
    this.gateway = gateway;
  }

  async payOrder(orderId, { token }, { logger }) {
    const order = this.orders.get(orderId);
    if (order.status !== 'pending_payment') {
      throw new Conflict(`order ${orderId} is ${order.status}`);
    }
    const payment = await this.gateway.authorise({
      orderId,
      amountMinor: order.totalMinor,
      currency: order.currency,
      token,
    });
    if (payment.status === 'declined') {
      throw this.declined(order, payment);
    }
    try {
      order.receipt = receiptFor(order, payment);
      order.status = 'paid';
      this.stock.commit(order.reservationId);
      return this.orders.save(order);
    } catch (error) {
      if (!(error instanceof ServiceError)) {
        logger.error('payment processing failed', { orderId, paymentId: payment.id, paymentStatus: payment.status, error });
      }
      throw error;
    }
  }

  declined(order, payment) {
    this.stock.release(order.reservationId);
    this.orders.save({ ...order, status: 'payment_declined' });
    return new PaymentDeclined(payment.decline_code);
  }
}

module.exports = { PaymentService };
