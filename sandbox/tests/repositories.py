"""Small repositories whose "jest" is a script of twenty lines, so that a run takes a fraction of a second."""

import json
from collections.abc import Mapping
from pathlib import Path

TEST_COMMAND = "node tools/jest.js"

# Each test file exports {name: function}; `after` runs when the report is written.
JEST = """
const fs = require('fs');
const path = require('path');
const option = process.argv.find((word) => word.startsWith('--outputFile='));
const testResults = [];
let after = () => {};
for (const name of fs.readdirSync('tests').filter((found) => found.endsWith('.test.js')).sort()) {
  const file = path.resolve('tests', name);
  const suite = { name: file, status: 'passed', message: '', assertionResults: [] };
  testResults.push(suite);
  let tests;
  try {
    tests = require(file);
  } catch (error) {
    suite.status = 'failed';
    suite.message = String(error);
    continue;
  }
  for (const [title, body] of Object.entries(tests)) {
    if (title === 'after') { after = body; continue; }
    const test = { ancestorTitles: [], title, fullName: title, status: 'passed', failureMessages: [] };
    try { body(); } catch (error) { test.status = 'failed'; test.failureMessages = [String(error.stack)]; }
    suite.assertionResults.push(test);
  }
}
fs.writeFileSync(option.slice('--outputFile='.length), JSON.stringify({ testResults }));
const failed = testResults.some((suite) => suite.assertionResults.some((test) => test.status === 'failed'));
process.exitCode = failed ? 1 : 0;
after();
"""


def node_repository(directory: Path, files: Mapping[str, str]) -> Path:
    """Write a repository with `files` into `directory` and return it; it installs nothing."""
    package = {"name": "tiny", "version": "1.0.0", "private": True}
    lock = {**package, "lockfileVersion": 3, "requires": True, "packages": {"": package}}
    everything = {
        "package.json": json.dumps(package),
        "package-lock.json": json.dumps(lock),
        "tools/jest.js": JEST,
        **files,
    }
    for path, content in everything.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return directory
