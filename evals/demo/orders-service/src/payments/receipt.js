'use strict';

const { formatMoney } = require('../money');

const BRANDS = { visa: 'Visa', mastercard: 'Mastercard', amex: 'American Express' };

function describeCard(card) {
  return `${BRANDS[card.brand] ?? card.brand} ending in ${card.last4}`;
}

function receiptFor(order, payment) {
  return {
    paymentId: payment.id,
    paidWith: describeCard(payment.card),
    total: formatMoney(payment.amount, order.currency),
    paidAt: payment.created_at,
  };
}

module.exports = { receiptFor };
