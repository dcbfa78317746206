'use strict';

const { Router } = require('express');

const { requireFields } = require('../middleware/requireFields');

function orderRoutes({ orders, checkoutService, paymentService, refundService }) {
  const router = Router();

  router.post('/', requireFields('cartId', 'country'), (request, response) => {
    const order = checkoutService.placeOrder(request.body, { logger: request.logger });
    response.status(201).json(order);
  });

  router.get('/:orderId', (request, response) => {
    response.json(orders.get(request.params.orderId));
  });

  router.post('/:orderId/payment', requireFields('token'), async (request, response) => {
    const order = await paymentService.payOrder(request.params.orderId, request.body, { logger: request.logger });
    response.json(order);
  });

  router.post('/:orderId/refunds', requireFields('amount'), async (request, response) => {
    const order = await refundService.refundOrder(request.params.orderId, request.body, { logger: request.logger });
    response.status(201).json(order);
  });

  return router;
}

module.exports = { orderRoutes };
