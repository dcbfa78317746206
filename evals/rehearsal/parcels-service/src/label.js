'use strict';

const { totalWeight } = require('./weight');

function labelOf(order) {
  return `${order.id}: ${totalWeight(order)} g`;
}

module.exports = { labelOf };
