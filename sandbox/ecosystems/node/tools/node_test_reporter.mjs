// A reporter for node:test that names the file of each test; what it yields is the report.
import path from 'node:path';

export default async function* report(source) {
  const tests = [];
  const names = [];
  for await (const event of source) {
    const data = event.data;
    if (event.type === 'test:start') {
      names.length = data.nesting;
      names[data.nesting] = data.name;
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const isSuite = data.details?.type === 'suite';
    const file = data.file ?? '';
    const cause = data.details?.error?.cause ?? data.details?.error;
    const message = event.type === 'test:fail' ? String(cause?.stack ?? cause ?? '') : '';
    const skipped = (data.skip !== undefined && data.skip !== false) || (data.todo !== undefined && data.todo !== false);
    const failed = event.type === 'test:fail' && !skipped;
    // A file is a test of its own that fails if it cannot be run, and says nothing if it can.
    if (data.nesting === 0 && isFile(data.name, file)) {
      if (failed && data.details?.error?.failureType !== 'subtestsFailed') {
        const id = { file: path.resolve(data.name), name: null };
        if (!tests.some((test) => test.file === id.file)) tests.push({ ...id, outcome: 'failed', message });
      }
      continue;
    }
    if (isSuite && (!failed || data.details?.error?.failureType === 'subtestsFailed')) continue;
    const name = [...names.slice(0, data.nesting), data.name].join(' ');
    tests.push({ file, name, outcome: skipped ? 'skipped' : failed ? 'failed' : 'passed', message });
  }
  yield JSON.stringify({ tests });
}

function isFile(name, file) {
  return path.isAbsolute(name) ? true : file !== '' && path.resolve(name) === path.resolve(file);
}
