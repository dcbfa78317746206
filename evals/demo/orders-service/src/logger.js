'use strict';

const LEVELS = { debug: 10, info: 20, warn: 30, error: 40 };

function describeError(error) {
  return { name: error.name, message: error.message, stack: error.stack };
}

function createLogger({ level = 'info', write = (line) => process.stdout.write(`${line}\n`), fields = {} } = {}) {
  function log(lineLevel, message, extra = {}) {
    if (LEVELS[lineLevel] < LEVELS[level]) {
      return;
    }
    const { error, ...rest } = extra;
    const line = {
      time: new Date().toISOString(),
      level: lineLevel,
      service: 'orders-service',
      message,
      ...fields,
      ...rest,
    };
    if (error) {
      line.error = describeError(error);
    }
    write(JSON.stringify(line));
  }

  return {
    debug: (message, extra) => log('debug', message, extra),
    info: (message, extra) => log('info', message, extra),
    warn: (message, extra) => log('warn', message, extra),
    error: (message, extra) => log('error', message, extra),
    with: (more) => createLogger({ level, write, fields: { ...fields, ...more } }),
  };
}

module.exports = { createLogger };
