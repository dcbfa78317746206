// Fail the build when what a first visit loads outgrows its budget; what is loaded later does not count.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 300;

const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const initial = new Set();

function add(name) {
  const chunk = manifest[name];
  if (initial.has(chunk.file)) return;
  initial.add(chunk.file);
  for (const imported of chunk.imports ?? []) add(imported);
}

for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry) add(name);
const bytes = [...initial].reduce((sum, file) => sum + gzipSync(readFileSync(`dist/${file}`)).length, 0);
const size = `${(bytes / 1000).toFixed(0)} kB gzipped of ${BUDGET_KB} kB`;
if (bytes > BUDGET_KB * 1000) {
  console.error(`Initial JavaScript is ${size}. Load something lazily, or leave it out.`);
  process.exit(1);
}
console.log(`Initial JavaScript: ${size}.`);
