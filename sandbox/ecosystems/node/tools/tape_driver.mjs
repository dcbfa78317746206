// Run each file of tape tests in a process of its own, so that every test has a file; TAP in, our report out.
// Usage: tape_driver.mjs REPORT [tape's words ...]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { filesOf } from './test_files.mjs';

const [report, ...words] = process.argv.slice(2);
const options = [];
const named = [];
words.forEach((word, position) => {
  if (['-r', '--require', '--import', '--loader'].includes(word)) options.push(word);
  else if (['-r', '--require', '--import', '--loader'].includes(words[position - 1])) options.push(word);
  else if (!word.startsWith('-')) named.push(word);
});
const tests = [];
let worst = 0;
for (const file of filesOf(named.length ? named : ['test/*.js', 'test.js'].filter((word) => word.includes('*') || fs.existsSync(word)))) {
  const ran = spawnSync(process.execPath, [...options, file], { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  const output = String(ran.stdout ?? '');
  process.stdout.write(output);
  worst = Math.max(worst, ran.status ?? 1);
  tests.push(...read(path.resolve(file), output, ran.status));
}
fs.writeFileSync(report, JSON.stringify({ tests }));
process.exit(worst);

function read(file, output, status) {
  const found = [];
  let isWhole = false;
  for (const line of output.split('\n')) {
    const title = /^# (.*)$/.exec(line);
    const result = /^(ok|not ok) \d+ ?-? ?(.*)$/.exec(line);
    if (/^1\.\.\d+$/.test(line)) isWhole = true;
    else if (title && !isWhole) found.push(entry(file, title[1]));
    else if (result && found.length && /# (SKIP|TODO)/.test(line)) found.at(-1).outcome = 'skipped';
    else if (result && found.length && result[1] === 'not ok') {
      found.at(-1).outcome = 'failed';
      found.at(-1).message += `${line}\n`;
    } else if (found.length && found.at(-1).outcome === 'failed') found.at(-1).message += `${line}\n`;
  }
  // Without a plan the process ended before its tests did: what is missing must not look passed.
  if (!isWhole || (status !== 0 && found.every((test) => test.outcome !== 'failed'))) {
    found.push({ file, name: null, outcome: 'failed', message: `ended with ${status}\n${output.slice(-2000)}` });
  }
  return found;
}

function entry(file, title) {
  const skipped = /^SKIP /.test(title);
  return { file, name: title.replace(/^SKIP /, ''), outcome: skipped ? 'skipped' : 'passed', message: '' };
}
