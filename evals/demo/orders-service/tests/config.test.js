'use strict';

const { readConfig } = require('../src/config');

test('everything has a default', () => {
  expect(readConfig({})).toMatchObject({ port: 8080, slowRequestMs: 1000, paymentProvider: { timeoutMs: 5000 } });
});

test('a port that is no number is refused by name', () => {
  expect(() => readConfig({ PORT: 'http' })).toThrow('PORT is http');
});
