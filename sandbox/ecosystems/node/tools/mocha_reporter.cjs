// A reporter for Mocha that names the file of each test and survives a file that cannot be loaded.
const fs = require('fs');
const path = require('path');

const broken = [];
const mocha = path.join(process.cwd(), 'node_modules', 'mocha');

// Mocha ends at the first file that throws while it is loaded, and with it every other test's result.
const loading = require(path.join(mocha, 'lib', 'nodejs', 'esm-utils.js'));
const load = loading.requireOrImport;
loading.requireOrImport = async (file, ...rest) => {
  try {
    return await load(file, ...rest);
  } catch (error) {
    // Hooks and set-up files are not tests: without them nothing that follows would be true.
    if (!isTest(file)) throw error;
    broken.push({ file, name: null, outcome: 'failed', message: String((error && error.stack) || error) });
    return {};
  }
};

const { requires } = { requires: new Set(values(['-r', '--require', '--file'])) };

function values(names) {
  const found = [];
  process.argv.forEach((word, position) => {
    if (names.includes(word)) found.push(path.resolve(process.argv[position + 1] || ''));
  });
  return found;
}

function isTest(file) {
  return path.isAbsolute(String(file)) && !requires.has(String(file)) && !String(file).includes('node_modules');
}

module.exports = class {
  constructor(runner, options) {
    const tests = [];
    const add = (test, outcome, error) => {
      const file = test.file || (test.parent && test.parent.file) || '';
      const message = error ? String(error.stack || error.message || error) : '';
      tests.push({ file, name: test.fullTitle(), outcome, message });
      process.stdout.write(`${outcome} ${test.fullTitle()}\n${message ? `${message}\n` : ''}`);
    };
    runner.on('pass', (test) => add(test, 'passed'));
    runner.on('fail', (test, error) => add(test, 'failed', error));
    runner.on('pending', (test) => add(test, 'skipped'));
    runner.once('end', () => {
      for (const file of broken) process.stdout.write(`cannot be loaded: ${file.file}\n${file.message}\n`);
      fs.writeFileSync(options.reporterOptions.output, JSON.stringify({ tests: [...broken, ...tests] }));
    });
  }
};
