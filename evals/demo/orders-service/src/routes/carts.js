'use strict';

const { Router } = require('express');

const { requireFields } = require('../middleware/requireFields');

function cartRoutes({ cartService }) {
  const router = Router();

  router.post('/', (request, response) => {
    response.status(201).json(cartService.create(request.body));
  });

  router.get('/:cartId', (request, response) => {
    response.json(cartService.get(request.params.cartId));
  });

  router.post('/:cartId/items', requireFields('sku'), (request, response) => {
    response.status(201).json(cartService.addItem(request.params.cartId, request.body));
  });

  router.delete('/:cartId/items/:sku', (request, response) => {
    response.json(cartService.removeItem(request.params.cartId, request.params.sku));
  });

  return router;
}

module.exports = { cartRoutes };
