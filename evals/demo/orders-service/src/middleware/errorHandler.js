'use strict';

const { ServiceError } = require('../errors');

function errorHandler(error, request, response, next) {
  if (response.headersSent) {
    next(error);
    return;
  }
  if (error instanceof ServiceError) {
    response.status(error.status).json({ error: { code: error.code, message: error.message, details: error.details } });
    return;
  }
  if (error.type === 'entity.parse.failed') {
    response.status(400).json({ error: { code: 'invalid_request', message: 'the body is not valid JSON' } });
    return;
  }
  request.logger.error('request failed', { method: request.method, path: request.path, status: 500, error });
  response.status(500).json({ error: { code: 'internal_error', message: 'something went wrong' } });
}

module.exports = { errorHandler };
