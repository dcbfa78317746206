'use strict';

class FakeGateway {
  constructor() {
    this.authorised = [];
    this.refunds = [];
    this.nextPayment = {};
  }

  async authorise({ orderId, amountMinor, currency, token }) {
    this.authorised.push({ orderId, amountMinor, currency, token });
    return {
      id: `pay_${this.authorised.length}`,
      status: 'authorised',
      amount: amountMinor,
      currency,
      card: { brand: 'visa', last4: '4242' },
      created_at: '2026-03-10T09:30:00.000Z',
      ...this.nextPayment,
    };
  }

  async refund({ paymentId, refundId, amountMinor }) {
    this.refunds.push({ paymentId, refundId, amountMinor });
    return { id: refundId, status: 'succeeded', amount: amountMinor };
  }
}

module.exports = { FakeGateway };
