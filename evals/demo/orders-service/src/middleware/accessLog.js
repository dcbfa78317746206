'use strict';

function accessLog({ slowRequestMs }) {
  return (request, response, next) => {
    const { method, path } = request;
    const startedAt = process.hrtime.bigint();
    response.on('finish', () => {
      const durationMs = Number((process.hrtime.bigint() - startedAt) / 1000000n);
      const fields = { method, path, status: response.statusCode, durationMs };
      if (durationMs >= slowRequestMs) {
        request.logger.warn('slow request', fields);
      } else {
        request.logger.info('request', fields);
      }
    });
    next();
  };
}

module.exports = { accessLog };
