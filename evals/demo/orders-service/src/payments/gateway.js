'use strict';

const { ProviderUnavailable, ValidationError } = require('../errors');

function requireAmount(amountMinor) {
  if (!Number.isInteger(amountMinor) || amountMinor <= 0) {
    throw new ValidationError(`an amount of ${amountMinor} cannot be sent to the payment provider`);
  }
}

class PaymentGateway {
  constructor({ url, timeoutMs }, { fetch = globalThis.fetch } = {}) {
    this.url = url;
    this.timeoutMs = timeoutMs;
    this.fetch = fetch;
  }

  async authorise({ orderId, amountMinor, currency, token }) {
    requireAmount(amountMinor);
    return this.post('/v1/payments', {
      body: { reference: orderId, amount: amountMinor, currency, source: token },
      idempotencyKey: `${orderId}:payment`,
    });
  }

  async refund({ paymentId, refundId, amountMinor }) {
    requireAmount(amountMinor);
    return this.post(`/v1/payments/${paymentId}/refunds`, {
      body: { amount: amountMinor },
      idempotencyKey: refundId,
    });
  }

  async post(path, { body, idempotencyKey }) {
    let response;
    try {
      response = await this.fetch(`${this.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(this.timeoutMs),
      });
    } catch (error) {
      throw new ProviderUnavailable(`the payment provider did not answer: ${error.message}`);
    }
    if (response.status >= 500) {
      throw new ProviderUnavailable(`the payment provider answered ${response.status}`);
    }
    return response.json();
  }
}

module.exports = { PaymentGateway };
