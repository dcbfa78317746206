'use strict';

const express = require('express');

const { accessLog } = require('./middleware/accessLog');
const { errorHandler } = require('./middleware/errorHandler');
const { requestContext } = require('./middleware/requestContext');
const { cartRoutes } = require('./routes/carts');
const { orderRoutes } = require('./routes/orders');
const { productRoutes } = require('./routes/products');

function createApp(config, container) {
  const app = express();
  app.disable('x-powered-by');
  app.use(requestContext(container.logger));
  app.use(accessLog(config));
  app.use(express.json({ limit: '64kb' }));
  app.get('/health', (request, response) => {
    response.json({ status: 'ok' });
  });
  app.use('/products', productRoutes(container));
  app.use('/carts', cartRoutes(container));
  app.use('/orders', orderRoutes(container));
  app.use((request, response) => {
    response.status(404).json({ error: { code: 'not_found', message: `nothing at ${request.path}` } });
  });
  app.use(errorHandler);
  return app;
}

module.exports = { createApp };
