'use strict';

const { ValidationError } = require('../errors');

function requireFields(...names) {
  return (request, response, next) => {
    const body = request.body ?? {};
    const missing = names.filter((name) => body[name] === undefined || body[name] === '');
    if (missing.length > 0) {
      throw new ValidationError(`missing in the body: ${missing.join(', ')}`);
    }
    next();
  };
}

module.exports = { requireFields };
