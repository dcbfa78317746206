// Run AVA and listen to the events that it sends to a parent: its TAP does not name the file of a test.
// Usage: ava_driver.mjs REPORT AVA [ava's words ...]
import { fork } from 'node:child_process';
import fs from 'node:fs';

const [report, ava, ...words] = process.argv.slice(2);
const tests = [];
const broken = new Map();
const child = fork(ava, words, {
  // With which AVA's own tests ask for its events: the name of AVA 4 and 5, and that of AVA 6.
  env: {
    ...process.env,
    AVA_EMIT_RUN_STATUS_OVER_IPC: "I'll find a payphone baby / Take some time to talk to you",
    TEST_AVA: '1',
  },
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  serialization: 'advanced',
});

child.on('message', (message) => {
  const event = message?.type === undefined && message?.evt ? message.evt : message;
  const file = event.testFile ?? '';
  if (event.type === 'selected-test' && (event.skip || event.todo)) add(file, event.title, 'skipped');
  if (event.type === 'test-passed') add(file, event.title, 'passed');
  if (event.type === 'test-failed' || event.type === 'hook-failed') add(file, event.title, 'failed', event.err);
  if (['uncaught-exception', 'unhandled-rejection', 'worker-failed', 'missing-ava-import', 'no-tests-in-file'].includes(event.type) || (event.type === 'internal-error' && file)) {
    if (file && !broken.has(file)) broken.set(file, text(event.err) || event.type);
  }
});
child.on('exit', (code) => {
  for (const [file, message] of broken) tests.push({ file, name: null, outcome: 'failed', message });
  fs.writeFileSync(report, JSON.stringify({ tests }));
  process.exitCode = code ?? 1;
});

function add(file, name, outcome, error) {
  tests.push({ file, name, outcome, message: text(error) });
}

function text(error) {
  if (!error) return '';
  const values = (error.values ?? error.formattedDetails ?? []).map((value) => `${value.label} ${value.formatted}`);
  return [error.message ?? error.originalError?.message ?? '', ...values, error.stack ?? error.originalError?.stack ?? '', error.summary ?? ''].join('\n');
}
