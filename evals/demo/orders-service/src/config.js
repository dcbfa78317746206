'use strict';

function integer(environment, name, fallback) {
  const text = environment[name];
  if (text === undefined || text === '') {
    return fallback;
  }
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) {
    throw new Error(`${name} is ${text}; set it to a whole number`);
  }
  return value;
}

function readConfig(environment = process.env) {
  return {
    port: integer(environment, 'PORT', 8080),
    logLevel: environment.LOG_LEVEL || 'info',
    slowRequestMs: integer(environment, 'SLOW_REQUEST_MS', 1000),
    paymentProvider: {
      url: environment.PAYMENT_PROVIDER_URL || 'http://127.0.0.1:9090',
      timeoutMs: integer(environment, 'PAYMENT_PROVIDER_TIMEOUT_MS', 5000),
    },
  };
}

module.exports = { readConfig };
