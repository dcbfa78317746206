'use strict';

const { randomUUID } = require('node:crypto');

function requestContext(logger) {
  return (request, response, next) => {
    const requestId = request.get('x-request-id') || randomUUID();
    request.logger = logger.with({ requestId });
    response.set('x-request-id', requestId);
    next();
  };
}

module.exports = { requestContext };
