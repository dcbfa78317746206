// Run node:test with our reporter: Node 20 does not expand patterns of files itself.
// Usage: node_test_driver.mjs REPORT [node's words ...]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { filesOf } from './test_files.mjs';

const [report, ...words] = process.argv.slice(2);
const reporter = fileURLToPath(new URL('./node_test_reporter.mjs', import.meta.url));
const withValue = new Set(['--import', '-r', '--require', '--loader', '--experimental-loader', '--test-name-pattern', '--test-concurrency', '--env-file']);
const options = [];
const named = [];
words.forEach((word, position) => {
  (word.startsWith('-') || withValue.has(words[position - 1]) ? options : named).push(word);
});
const ended = spawnSync(
  process.execPath,
  [
    ...options,
    `--test-reporter=${reporter}`, `--test-reporter-destination=${report}`,
    '--test-reporter=spec', '--test-reporter-destination=stdout',
    ...filesOf(named),
  ],
  { stdio: 'inherit' },
);
process.exit(ended.status ?? 1);
