'use strict';

const { createApp } = require('./app');
const { readConfig } = require('./config');
const { createContainer } = require('./container');

function main() {
  const config = readConfig();
  const container = createContainer(config);
  const server = createApp(config, container).listen(config.port, () => {
    container.logger.info('service started', { port: server.address().port, version: process.env.npm_package_version });
  });
  process.on('SIGTERM', () => {
    container.logger.info('service stopping');
    server.close(() => process.exit(0));
  });
}

main();
