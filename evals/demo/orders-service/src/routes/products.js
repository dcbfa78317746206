'use strict';

const { Router } = require('express');

const { requireSupported } = require('../money');

function productRoutes({ products, stock }) {
  const router = Router();

  router.get('/', (request, response) => {
    const currency = requireSupported(request.query.currency ?? 'EUR');
    response.json({
      products: products.all().map((product) => ({
        sku: product.sku,
        name: product.name,
        priceMinor: product.prices[currency],
        currency,
        available: product.isDigital || stock.availableOf(product.sku) > 0,
      })),
    });
  });

  return router;
}

module.exports = { productRoutes };
